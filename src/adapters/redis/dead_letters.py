"""RedisDeadLetters: DeadLetters on Redis or Valkey."""

from __future__ import annotations

from collections.abc import Sequence

from ...ports.dead_letter_answer import DeadLetterAnswer
from ...ports.dead_letters import DeadLetterQuery
from .keys import Keys
from .scripts import script
from .transport import Argument, Transport

PART = 500
_ANSWERS = {
    b"retried": DeadLetterAnswer.DONE,
    b"deleted": DeadLetterAnswer.DONE,
    b"not_found": DeadLetterAnswer.NOT_FOUND,
    b"lost": DeadLetterAnswer.NOT_FOUND,
    b"held": DeadLetterAnswer.UNIQUE_KEY_HELD,
}


class RedisDeadLetters:
    """DeadLetters on Redis or Valkey, one partition. Each call of a script looks at 500 at most."""

    def __init__(self, transport: Transport, keys: Keys) -> None:
        self._transport = transport
        self._keys = keys

    async def select(self, query: DeadLetterQuery, queues: Sequence[str]) -> list[str]:
        """See `DeadLetters.select`."""
        found: list[str] = []
        latest = "+inf" if query.died_before is None else f"({query.died_before}"
        for queue in queues:
            if query.queue in (None, queue):
                found += await self._select(queue, query.type or "", latest)
        return found

    async def _select(self, queue: str, job_type: str, latest: str) -> list[str]:
        found: list[str] = []
        first, seen = 0, PART
        while seen == PART:
            arguments: list[Argument] = [self._keys.prefix, queue, job_type, latest, first, PART]
            seen, *ids = await self._transport.run(script("dead_letters"), arguments, repeatable=True)
            found += [job_id.decode() for job_id in ids]
            first += PART
        return found

    async def retry(self, job_ids: Sequence[str]) -> list[DeadLetterAnswer]:
        """See `DeadLetters.retry`."""
        return await self._in_parts("retry", job_ids)

    async def delete(self, job_ids: Sequence[str]) -> list[DeadLetterAnswer]:
        """See `DeadLetters.delete`."""
        return await self._in_parts("delete", job_ids)

    async def _in_parts(self, name: str, job_ids: Sequence[str]) -> list[DeadLetterAnswer]:
        answers: list[DeadLetterAnswer] = []
        for first in range(0, len(job_ids), PART):
            part = job_ids[first : first + PART]
            words = await self._transport.run(script(name), [self._keys.prefix, "failed", *part])
            answers += [_ANSWERS.get(word, DeadLetterAnswer.NOT_DEAD) for word in words]
        return answers
