"""Whether a call costs more where the store holds more: backlogs, queues, delayed jobs, dead letters.

Each situation is measured between two stores with a small backlog alone, which is what it is compared with. The three of them
have servers and workers of their own, new ones in each round, and take turns of a sixth of a second; nothing else runs
meanwhile, for servers beside each other take the processor's cache from each other, the more the larger they are. On a machine
that is shared the same slice takes up to twice as long as it did a moment before, so a figure is the mean of many.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Iterator
from contextlib import AsyncExitStack

from ..catalogue import SITUATIONS
from ..gate import Gate
from ..marks import Marks
from ..processors import servers_apart
from ..rounds import every_round
from ..server import Server, valkey
from ..services import service
from ..situation import PATIENCE_SECONDS, SLOTS, Queues, Situation, Slices
from ..sizes import Sizes
from ..worker_process import hexjobs_worker

BASE = "base"


@every_round
async def growth(sizes: Sizes) -> dict[str, float]:
    """Every situation, one after the other, each in many turns with its two bases."""
    figures: dict[str, float] = {}
    for name in SITUATIONS:
        async with AsyncExitStack() as stack:
            place = stack.enter_context(servers_apart())
            stores = [await _prepared(each, sizes, place, stack) for each in (BASE, name, BASE)]
            turns = [[await each.turn() for each in stores] for _ in range(sizes.turns)]
        figures.update(_figures(name, *zip(*turns, strict=True)))
    return figures


def _figures(
    name: str, base: Iterable[Slices], grown: Iterable[Slices], other: Iterable[Slices]
) -> Iterator[tuple[str, float]]:
    """Each figure of a situation, and the mean of its two bases."""
    bases = [dict(_means(turns)) for turns in (base, other)]
    for figure, value in _means(grown):
        yield f"growth.{name}.{figure}", value
        yield f"growth.{name}.{BASE}.{figure}", statistics.mean(each[figure] for each in bases)


def _means(turns: Iterable[Slices]) -> Iterator[tuple[str, float]]:
    """The mean of all slices of each figure, without the highest and the lowest tenth of them."""
    every = list(turns)
    for figure in every[0]:
        slices = sorted(each for turn in every for each in turn[figure])
        beyond = len(slices) // 10
        yield figure, statistics.mean(slices[beyond : len(slices) - beyond])


async def _prepared(
    name: str, sizes: Sizes, place: Callable[[Server], None], stack: AsyncExitStack
) -> Situation:
    """A situation whose worker stands at its gate."""
    server, marks = stack.enter_context(valkey()), stack.enter_context(Marks())
    place(server)
    queues = Queues.of(name, sizes.queues)
    jobs = await stack.enter_async_context(service(server, queues.own + queues.others))
    gate = Gate(SLOTS)
    situation = Situation(name, sizes, server, jobs, marks, gate, queues)
    await situation.prepare()
    stack.enter_context(hexjobs_worker(server, SLOTS, queues=queues.own))
    stack.enter_context(gate)  # after its worker: one that stands at it could not stop
    gate.wait(PATIENCE_SECONDS)
    return situation
