"""RecordingQueue: notes each enqueue, and answers when the test says so."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from hexjobs.ports.delivery import EnqueueResult
from hexjobs.ports.envelope import Message

Hold = Callable[[list[str]], Awaitable[None]]


async def hold_nothing(_: list[str]) -> None:
    """Answer at once."""


class RecordingQueue:
    """The `enqueue` of a JobQueue: `calls` are the ids of each, `caps` what came with them.

    `hold` is awaited with the ids before the answer, and may raise; `refused` maps ids to the errors that keep them out.
    """

    def __init__(self, hold: Hold = hold_nothing) -> None:
        self.hold = hold
        self.calls: list[list[str]] = []
        self.caps: list[Mapping[str, int]] = []
        self.atomic: list[bool] = []
        self.refused: dict[str, Exception] = {}

    async def enqueue(
        self, messages: Sequence[Message], caps: Mapping[str, int] = {}, *, atomic: bool = False
    ) -> list[EnqueueResult]:
        """See `JobQueue.enqueue`."""
        ids = [message.job_id for message in messages]
        self.calls.append(ids)
        self.caps.append(caps)
        self.atomic.append(atomic)
        await self.hold(ids)
        return [
            EnqueueResult(job_id, job_id not in self.refused, self.refused.get(job_id))  # type: ignore[arg-type]  # a JobError
            for job_id in ids
        ]
