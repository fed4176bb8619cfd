"""ExplainJob: why a job is not running."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from ..domain.errors import JobNotFound
from ..domain.factory import JobFactory
from ..domain.jobs.base import BaseJob
from ..domain.status import JobStatus
from ..ports.clock import Clock
from ..ports.envelope import MalformedEnvelope, NewerEnvelope, decode_envelope
from ..ports.job_queue import JobQueue
from ..ports.job_store import JobStore, StoredJob
from ..ports.leases import Leases
from .messages import to_instant, to_job
from .reason import Reason, span
from .waiting_reasons import MOST_AHEAD, waiting_reasons


@dataclass(frozen=True, slots=True)
class Explanation:
    """A job as it is, and why it is not running: the gravest reason first, never none."""

    job: BaseJob
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class ExplainJob:
    """Says why a job is not running; changes nothing. `lease` is how long a worker's silence is borne."""

    store: JobStore
    queue: JobQueue
    leases: Leases
    clock: Clock
    factory: JobFactory
    lease: timedelta
    default_max_retries: int | None = None

    async def __call__(self, job_id: str) -> Explanation:
        """The job and the reasons; JobNotFound."""
        (stored,) = await self.store.get([job_id])
        if stored is None:
            raise JobNotFound(job_id)
        job = to_job(stored, self.factory, self.default_max_retries)
        now = self.clock.milliseconds()
        if job.is_finished:
            reasons = [_ended(job)]
        elif job.status is JobStatus.PROCESSING:
            reasons = [await self._running(stored, now)]
        else:
            reasons = await self._waiting(stored, job, now)
        return Explanation(job, tuple(reasons))

    async def _running(self, stored: StoredJob, now: int) -> Reason:
        since = "" if stored.started is None else f" for {span(now - stored.started)}"
        worker = next(
            (each for each in await self.leases.workers() if each.worker_id == stored.worker_id), None
        )
        if worker is None or worker.beat is None or worker.seen is None:
            message = f"Its worker {stored.worker_id} is gone; another takes the job over."
            return Reason("worker_gone", message)
        silent = now - worker.seen
        if silent > self.lease.total_seconds() * 1000:
            message = f"Its worker {worker.worker_id} has been silent for {span(silent)}: dead, or cut off from the server."
            return Reason("worker_silent", f"{message} Another live worker takes the job over.")
        where = "" if worker.facts is None else f" (process {worker.facts.pid} on {worker.facts.host})"
        message = (
            f"It has been running{since} on worker {worker.worker_id}{where}, last seen {span(silent)} ago."
        )
        return Reason("running", message)

    async def _waiting(self, stored: StoredJob, job: BaseJob, now: int) -> list[Reason]:
        reasons = _put_off(stored, job, now)
        try:
            envelope = decode_envelope(stored.data)
        except NewerEnvelope as error:
            message = f"{_sentence(error)}: only a worker of a newer release can run it."
            return [*reasons, Reason("newer_version", message)]
        except MalformedEnvelope as error:
            message = f"{_sentence(error)}; the worker that takes it dead-letters it as malformed."
            return [*reasons, Reason("malformed", message)]
        ahead = None if reasons else await self.store.ahead(stored.job_id, MOST_AHEAD)
        stats = await self.queue.stats(job.queue)
        workers = await self.leases.workers()
        reasons += waiting_reasons(job, paused=stats.paused, workers=workers, ahead=ahead)
        for limit, name, applies in (
            (envelope.expires, "expires_at", job.attempt == 0),
            (envelope.deadline, "deadline", True),
        ):
            if limit is not None and applies:
                reasons.append(_limited(name, limit, now))
        return reasons or [Reason("ready", "Nothing is in its way: the next free slot takes it.")]


def _ended(job: BaseJob) -> Reason:
    error = f": {job.error.strip().rpartition(chr(10))[2]}" if job.error else "."
    match job.status:
        case JobStatus.COMPLETED:
            return Reason("completed", "It is done.")
        case JobStatus.CANCELLED:
            return Reason(
                "cancelled",
                f"It was cancelled ({job.reason}); `hexjobs jobs retry {job.job_id}` runs it again.",
            )
        case _:
            again = f"`hexjobs dead retry {job.job_id}` runs it again"
            return Reason("failed", f"It is a dead letter ({job.reason}); {again}{error}")


def _put_off(stored: StoredJob, job: BaseJob, now: int) -> list[Reason]:
    """Until when a job waits for a time, where that lies ahead."""
    if job.status is JobStatus.PENDING or stored.due is None or stored.due <= now:
        return []
    until = f"until {to_instant(stored.due):%Y-%m-%d %H:%M:%S} UTC, {span(stored.due - now)} from now"
    error = f": {job.error.strip().rpartition(chr(10))[2]}" if job.error else "."
    if job.status is JobStatus.RETRYING:
        runs = f"run {job.attempt}" + ("" if job.max_retries is None else f" of {job.max_retries + 1}")
        return [Reason("retrying", f"After {runs} failed it waits {until}{error}")]
    if job.reason is None:
        return [Reason("scheduled", f"It is scheduled: it waits {until}.")]
    if job.reason == "circuit_open":
        return [
            Reason("circuit_open", f"A service that it calls is failing, so it was put off {until}{error}")
        ]
    return [Reason("snoozed", f"It was put off ({job.reason}) {until}{error}")]


def _sentence(error: Exception) -> str:
    text = str(error)
    return text[:1].upper() + text[1:]


def _limited(name: str, limit: int, now: int) -> Reason:
    code = "expired" if limit <= now else "expires"
    if limit <= now:
        return Reason(
            code, f"Its {name} passed {span(now - limit)} ago: the worker that takes it cancels it."
        )
    consequence = "not started" if name == "expires_at" else "not done"
    return Reason(
        code, f"Its {name} is {span(limit - now)} from now: {consequence} by then, it is cancelled."
    )
