"""ActOnDeadLetters: choose dead letters, run them again, delete them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from ..ports.clock import Clock
from ..ports.dead_letter_answer import DeadLetterAnswer
from ..ports.dead_letters import DeadLetterQuery, DeadLetters
from .job_queries import JobQueries
from .messages import to_milliseconds


@dataclass(frozen=True, slots=True)
class ActOnDeadLetters:
    """Choose dead letters, run them again, delete them: many thousands in seconds."""

    dead_letters: DeadLetters
    queries: JobQueries
    clock: Clock

    async def select(
        self, queue: str | None, job_type: str | None, older_than: timedelta | None
    ) -> list[str]:
        """The ids of those that match, per queue the first that died first. None means any."""
        # One that died in this very millisecond is as old as asked for.
        before = None if older_than is None else to_milliseconds(self.clock.now() - older_than) + 1
        query = DeadLetterQuery(queue, job_type, before)
        return await self.dead_letters.select(query, await self.queries.known_queues())

    async def retry(self, job_ids: Sequence[str]) -> list[DeadLetterAnswer]:
        """Run dead letters again, with all their attempts; one answer per id."""
        return await self.dead_letters.retry(job_ids)

    async def delete(self, job_ids: Sequence[str]) -> list[DeadLetterAnswer]:
        """Forget dead letters; one answer per id."""
        return await self.dead_letters.delete(job_ids)
