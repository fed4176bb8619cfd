"""RedisJobStore: JobStore on Redis or Valkey."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta

from ...domain.errors import IllegalTransition, LeaseLost
from ...domain.priority import HIGHEST_FIRST
from ...domain.status import JobStatus
from ...ports.envelope import Envelope, MalformedEnvelope, decode_envelope
from ...ports.job_store import CancelResult, JobQuery, StoredJob
from .keys import Keys
from .replies import milliseconds, stored_job
from .scripts import script
from .transport import Argument, Transport

REMEMBERED = timedelta(minutes=10)
PAGE = 200
SWEEP_PART = 200
STALE = "this delivery of job {!r} is no longer the current one"


class RedisJobStore:
    """JobStore on Redis or Valkey, one partition. An ended job's id is known for `remembered` at least."""

    def __init__(self, transport: Transport, keys: Keys, *, remembered: timedelta = REMEMBERED) -> None:
        self._transport = transport
        self._keys = keys
        self._remembered = remembered

    async def get(self, job_ids: Sequence[str]) -> list[StoredJob | None]:
        """See `JobStore.get`."""
        if not job_ids:
            return []
        answers = await self._transport.run(script("get"), [self._keys.prefix, *job_ids], repeatable=True)
        return [stored_job(job_id, answer) for job_id, answer in zip(job_ids, answers, strict=True)]

    async def find(self, query: JobQuery, queues: Sequence[str]) -> list[StoredJob]:
        """See `JobStore.find`. A job that moves meanwhile may be missed or seen where it was."""
        found: list[StoredJob] = []
        seen: set[str] = set()
        skipped = 0
        queues = [queue for queue in queues if query.queue in (None, queue)]
        async for queue, page in self._pages(query.status, queues):
            for job in await self.get([job_id for job_id in page if job_id not in seen]):
                if job is None:
                    continue
                job.queue = job.queue or queue
                if job.queue not in queues or not _matches(job, query):
                    continue
                if skipped < query.offset:
                    skipped += 1
                    continue
                found.append(job)
                if len(found) == query.limit:
                    return found
            seen.update(page)
        return found

    async def cancel(self, job_id: str, keep: timedelta | None) -> CancelResult:
        """See `JobStore.cancel`."""
        arguments = await self._located(job_id)
        if arguments is None:
            return CancelResult.NOT_FOUND
        answer = await self._transport.run(
            script("cancel"), [*arguments, milliseconds(keep)], repeatable=True
        )
        return CancelResult(answer.decode())

    async def retry(self, job_id: str) -> bool:
        """See `JobStore.retry`."""
        arguments: list[Argument] = [self._keys.prefix, "ended", job_id]
        answer = (await self._transport.run(script("retry"), arguments))[0].decode()
        if answer == "held":
            raise IllegalTransition(
                f"job {job_id!r} cannot be retried: another unfinished job has its unique_key"
            )
        if answer == "lost":
            raise IllegalTransition(f"job {job_id!r} cannot be retried: its data are lost")
        if answer not in ("retried", "not_found"):
            raise IllegalTransition(f"a {answer} job cannot be retried; only: cancelled, failed")
        return bool(answer == "retried")

    async def reschedule(self, job_id: str, due: int | None) -> bool:
        """See `JobStore.reschedule`."""
        arguments: list[Argument] = [self._keys.prefix, job_id, "" if due is None else due]
        answer = (await self._transport.run(script("reschedule"), arguments)).decode()
        if answer == "lost":
            raise IllegalTransition(f"job {job_id!r} cannot be moved or run now: its data are lost")
        if answer not in ("rescheduled", "not_found"):
            raise IllegalTransition(f"a {answer} job cannot be moved or run now; only: retrying, scheduled")
        return bool(answer == "rescheduled")

    async def delete(self, job_id: str) -> bool:
        """See `JobStore.delete`."""
        arguments: list[Argument] = [self._keys.prefix, "any", job_id]
        answer = (await self._transport.run(script("delete"), arguments))[0].decode()
        if answer == "processing":
            raise IllegalTransition(
                f"job {job_id!r} is processing: cancel it, or let it end, before it is deleted"
            )
        return bool(answer == "deleted")

    async def ahead(self, job_id: str, most: int) -> int | None:
        """See `JobStore.ahead`."""
        arguments = await self._located(job_id)
        if arguments is None:
            return None
        arguments[-1] = most  # in place of the unique key
        before = int(await self._transport.run(script("ahead"), arguments, repeatable=True))
        return None if before < 0 else before

    async def save_progress(self, job_id: str, fence: int, progress: bytes) -> bool:
        """See `JobStore.save_progress`."""
        arguments: list[Argument] = [self._keys.prefix, job_id, fence, progress]
        return bool(await self._transport.run(script("progress"), arguments))

    async def effect(self, job_id: str, fence: int, key: str) -> bytes | None:
        """See `JobStore.effect`."""
        arguments: list[Argument] = [self._keys.prefix, job_id, fence, key]
        is_current, value = await self._transport.run(script("effect"), arguments, repeatable=True)
        if not is_current:
            raise LeaseLost(STALE.format(job_id))
        return None if value is None else bytes(value)

    async def record_effect(self, job_id: str, fence: int, key: str, value: bytes) -> bytes:
        """See `JobStore.record_effect`."""
        arguments: list[Argument] = [self._keys.prefix, job_id, fence, key, value]
        recorded = await self._transport.run(script("record_effect"), arguments, repeatable=True)
        if recorded is None:
            raise LeaseLost(STALE.format(job_id))
        return bytes(recorded)

    async def enqueued_counts(self) -> dict[tuple[str, str, str], int]:
        """See `JobStore.enqueued_counts`."""
        reply = await self._transport.execute("HGETALL", self._keys.enqueued)
        pairs = reply.items() if isinstance(reply, dict) else zip(reply[::2], reply[1::2], strict=True)
        counts = {}
        for label, count in pairs:
            job_type, priority, queue = label.decode().split("|")
            counts[job_type, priority, queue] = int(count)
        return counts

    async def sweep(self, max_completed: int) -> int:
        """See `JobStore.sweep`."""
        removed, more = 0, 1
        while more:
            arguments: list[Argument] = [
                self._keys.prefix,
                max_completed,
                milliseconds(self._remembered),
                SWEEP_PART,
            ]
            gone, more = await self._transport.run(script("sweep"), arguments)
            removed += gone
        return removed

    async def _located(self, job_id: str) -> list[Argument] | None:
        """Prefix, id, queue, level and unique key: what never changes about a job, as the scripts take it."""
        data = await self._transport.execute("GET", f"{self._keys.prefix}:data:{job_id}")
        if data is None:
            return None
        try:
            envelope = decode_envelope(data)
        except MalformedEnvelope:
            envelope = Envelope(1, "")
        return [self._keys.prefix, job_id, envelope.queue, envelope.priority, envelope.unique or ""]

    async def _pages(
        self, status: JobStatus | None, queues: Sequence[str]
    ) -> AsyncIterator[tuple[str, list[str]]]:
        if status in (None, JobStatus.PROCESSING):
            for worker in sorted(await self._transport.execute("HKEYS", self._keys.workers)):
                yield (
                    "",
                    _texts(await self._transport.execute("HKEYS", self._keys.processing(worker.decode()))),
                )
        for command, key, queue in self._places(status, queues):
            first = 0
            while page := _texts(await self._transport.execute(command, key, first, first + PAGE - 1)):
                yield queue, page
                first += PAGE

    def _places(self, status: JobStatus | None, queues: Sequence[str]) -> Iterator[tuple[str, str, str]]:
        """Where jobs of a status are: the command that reads a part, the key, and its queue where it has one."""
        if status in (None, JobStatus.PENDING):
            for queue in queues:
                yield from (("LRANGE", self._keys.queue(queue, level.word), queue) for level in HIGHEST_FIRST)
        if status in (None, JobStatus.SCHEDULED, JobStatus.RETRYING):
            yield "ZRANGE", self._keys.delayed, ""
        if status in (None, JobStatus.FAILED):
            yield from (("ZREVRANGE", self._keys.failed(queue), queue) for queue in queues)
        for ended in (JobStatus.COMPLETED, JobStatus.CANCELLED):
            if status in (None, ended):
                yield "LRANGE", self._keys.ended(ended.value), ""


def _matches(job: StoredJob, query: JobQuery) -> bool:
    if query.status not in (None, job.status):
        return False
    if query.type is None:
        return True
    try:
        return decode_envelope(job.data).type == query.type
    except MalformedEnvelope:
        return False


def _texts(values: Sequence[bytes]) -> list[str]:
    return [value.decode() for value in values]
