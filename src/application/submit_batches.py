"""SubmitBatches: many submits, a batch of them in each call of the queue."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from ..domain.errors import JobError
from ..ports.delivery import EnqueueResult
from ..ports.envelope import Message
from .intake import Intake
from .twin_error import twin_of

BATCH = 1000
Answer = str | JobError
Build = Callable[[Sequence[Any]], "list[Message | JobError]"]


class SubmitBatches:
    """Sends the items of one `submit_jobs`. Where the intake allows it, a batch is built while the one before is stored."""

    def __init__(self, intake: Intake, caps: Mapping[str, int], build: Build) -> None:
        self._intake = intake
        self._caps = caps
        self._build = build
        self._is_answered = False
        self._error: JobError | None = None

    async def all_or_none(self, items: Iterable[Any]) -> list[Answer]:
        """The ids, once all are stored by one call; else the first error is raised, which says that nothing was."""
        batch = _Batch(self._build(list(items)))
        for place, answer in enumerate(batch.answers):
            if isinstance(answer, JobError):
                answer.add_note(f"item {place} of an atomic batch: nothing was submitted")
                raise answer
        if batch.messages:
            batch.take_in(await self._intake.enqueue(batch.messages, self._caps, atomic=True))
        for answer in batch.answers:
            if isinstance(answer, JobError):
                answer.add_note("the batch is atomic: nothing was submitted")
                raise answer
        return batch.answers

    async def each(self, items: Iterable[Any]) -> list[Answer]:
        """Per item its id or the error that kept it out.

        An error of a whole call answers for its items and those after them; it is raised where no call was answered.
        """
        batches: list[_Batch] = []
        under_way: _Batch | None = None
        remaining = iter(items)
        try:
            while taken := list(islice(remaining, BATCH)):
                batch = _Batch(self._build(taken))
                batches.append(batch)
                if under_way is not None:
                    await self._finish(under_way)
                await self._begin(batch, is_last=len(taken) < BATCH)
                under_way = batch
        finally:
            if under_way is not None:
                await self._finish(under_way)
        if self._error is not None and not self._is_answered:
            raise self._error
        return [answer for batch in batches for answer in batch.answers]

    async def _begin(self, batch: _Batch, *, is_last: bool) -> None:
        if self._error is not None:
            batch.keep_out(self._error)
        elif is_last:
            batch.call = self._intake.enqueue(batch.messages, self._caps) if batch.messages else None
        elif batch.messages:
            batch.call = await self._intake.begin(batch.messages, self._caps)

    async def _finish(self, batch: _Batch) -> None:
        call, batch.call = batch.call, None
        if call is None:
            return
        try:
            batch.take_in(await call)
        except JobError as error:
            self._error = error
            batch.keep_out(error)
        else:
            self._is_answered = True


class _Batch:
    """Some of the items: the messages that they became, and the answers, at first of those that became none."""

    def __init__(self, built: Sequence[Message | JobError]) -> None:
        self.messages = [item for item in built if isinstance(item, Message)]
        self.answers: list[Answer] = [item if isinstance(item, JobError) else "" for item in built]
        self.call: Awaitable[list[EnqueueResult]] | None = None

    def take_in(self, results: Sequence[EnqueueResult]) -> None:
        """Give each message its answer."""
        self._fill([result.error or result.job_id for result in results])

    def keep_out(self, error: JobError) -> None:
        """Give each message this error, in an instance of its own."""
        self._fill([twin_of(error) for _ in self.messages])

    def _fill(self, found: Sequence[Answer]) -> None:
        following = iter(found)
        self.answers = [answer or next(following) for answer in self.answers]
