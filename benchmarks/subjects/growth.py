"""Whether anything costs more where the store holds more: backlogs, queues, delayed jobs, dead letters.

Each situation has a server and a worker of its own for all rounds. They take turns of a fifth of a second: what disturbs
the machine disturbs them all alike, and the median of a round's turns leaves out what disturbed one of them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

from ..gate import Gate
from ..marks import Marks
from ..processors import servers_apart
from ..server import valkey
from ..services import service
from ..situation import PATIENCE_SECONDS, SLOTS, Situation
from ..sizes import Sizes
from ..worker_process import hexjobs_worker

SITUATIONS = ("base", "backlog", "queues", "delayed", "dead")


async def growth(sizes: Sizes) -> AsyncIterator[dict[str, float]]:
    """Every situation in its turn, many times in a round."""
    async with AsyncExitStack() as stack:
        place, situations = stack.enter_context(servers_apart()), []
        for name in SITUATIONS:
            server, marks = stack.enter_context(valkey()), stack.enter_context(Marks())
            place(server)
            queues = tuple(f"queue-{number:03}" for number in range(sizes.queues)) if name == "queues" else ()
            jobs = await stack.enter_async_context(service(server, queues))
            gate = Gate(SLOTS)
            situation = Situation(name, sizes, server, jobs, marks, gate, queues)
            await situation.prepare()
            stack.enter_context(hexjobs_worker(server, SLOTS, queues=queues))
            stack.enter_context(gate)  # after its worker: one that stands at it could not stop
            gate.wait(PATIENCE_SECONDS)
            situations.append(situation)
        while True:
            for _ in range(sizes.turns):
                for situation in situations:
                    await situation.turn()
            figures: dict[str, float] = {}
            for situation in situations:
                figures |= situation.figures()
            yield figures
