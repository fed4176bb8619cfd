"""DeadLetters: acting on dead letters by the thousand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from .dead_letter_answer import DeadLetterAnswer


class DeadLetterQuery(msgspec.Struct, frozen=True):
    """Which dead letters are meant. None means any; `died_before` is milliseconds since 1970."""

    queue: str | None = None
    type: str | None = None
    died_before: int | None = None


class DeadLetters(Protocol):
    """Acting on dead letters by the thousand. ServerUnavailable is raised by every method when the server is away."""

    async def select(self, query: DeadLetterQuery, queues: Sequence[str]) -> list[str]:
        """The ids of the dead letters that match, of these queues; within each queue the first that died goes first."""
        ...

    async def retry(self, job_ids: Sequence[str]) -> list[DeadLetterAnswer]:
        """Put dead letters at the tail of their levels with their attempts and crashes at zero; one answer per id, in order.

        A job that is no dead letter, or whose unique key another unfinished job holds by now, stays as it is.
        """
        ...

    async def delete(self, job_ids: Sequence[str]) -> list[DeadLetterAnswer]:
        """Forget dead letters, with all that belongs to them; one answer per id, in order.

        Whatever is no dead letter stays as it is.
        """
        ...
