"""Intake: the way from a service into its queue."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Generator, Mapping, Sequence
from typing import Any, Generic, TypeVar

from ..ports.delivery import EnqueueResult
from ..ports.envelope import Message
from ..ports.job_queue import JobQueue

T = TypeVar("T")
Begin = Callable[[Coroutine[Any, Any, T]], Coroutine[Any, Any, Awaitable[T]]]


class Ended(Generic[T]):
    """An operation that has ended: to await it gives what it came to, and suspends nobody."""

    __slots__ = ("_error", "_value")

    def __init__(self, value: T | None = None, error: Exception | None = None) -> None:
        self._value = value
        self._error = error

    def __await__(self) -> Generator[None, None, T]:
        yield from ()
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]  # there is a value where there is no error


async def run_to_end(operation: Coroutine[Any, Any, T]) -> Ended[T]:
    """Begin an operation where there is nobody else to go on with meanwhile: it has ended then."""
    try:
        return Ended(await operation)
    except Exception as error:  # noqa: BLE001  # it is raised where the operation is awaited
        return Ended(error=error)


class Intake:
    """The way from a service into its queue: here each call goes straight in, by itself."""

    def __init__(self, queue: JobQueue) -> None:
        self._queue = queue

    async def enqueue(
        self, messages: Sequence[Message], caps: Mapping[str, int] = {}, *, atomic: bool = False
    ) -> list[EnqueueResult]:
        """See `JobQueue.enqueue`."""
        return await self._queue.enqueue(messages, caps, atomic=atomic)

    async def begin(
        self, messages: Sequence[Message], caps: Mapping[str, int] = {}
    ) -> Awaitable[list[EnqueueResult]]:
        """Begin an `enqueue`; awaiting what is returned gives its answers, or raises what it raised."""
        return await run_to_end(self.enqueue(messages, caps))
