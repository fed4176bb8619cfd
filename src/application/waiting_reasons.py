"""`waiting_reasons`: what keeps a job whose time has come from being handed out."""

from __future__ import annotations

from collections.abc import Sequence

from ..domain.jobs.base import BaseJob
from ..ports.leases import WorkerStatus
from .reason import Reason, counted

MOST_AHEAD = 10_000
SHOWN_NAMES = 8


def waiting_reasons(
    job: BaseJob, *, paused: bool, workers: Sequence[WorkerStatus], ahead: int | None
) -> list[Reason]:
    """What stands between the job and a slot: its queue, the live workers, the jobs before it; empty when nothing does.

    A worker that has not told its facts yet may take anything. `ahead` is None where nobody knows.
    """
    reasons = []
    if paused:
        resume = f"`hexjobs queues resume {job.queue}` lets it go on"
        reasons.append(Reason("queue_paused", f"Its queue {job.queue!r} is paused; {resume}."))
    shortage = _shortage(job, [worker for worker in workers if worker.beat is not None])
    if shortage is not None:
        reasons.append(shortage)
    if ahead:
        number = f"more than {MOST_AHEAD} jobs" if ahead > MOST_AHEAD else counted(ahead, "job")
        verb = "goes" if ahead == 1 else "go"
        reasons.append(Reason("jobs_ahead", f"In its queue {number} {verb} before it."))
    return reasons


def _shortage(job: BaseJob, alive: Sequence[WorkerStatus]) -> Reason | None:
    """What is amiss with the workers, the gravest alone."""
    if not alive:
        return Reason("no_worker", "No worker is alive; `hexjobs worker` starts one.")
    taking = [worker for worker in alive if worker.facts is None or job.queue in worker.facts.queues]
    if not taking:
        queues = {queue for worker in alive if worker.facts for queue in worker.facts.queues}
        who = (
            "The live worker does not take"
            if len(alive) == 1
            else f"None of the {len(alive)} live workers takes"
        )
        theirs = _names(queues)
        return Reason("no_worker_for_queue", f"{who} jobs from queue {job.queue!r}, only from {theirs}.")
    if not any(worker.facts is None or job.type in worker.facts.job_types for worker in taking):
        outcome = "the first that takes it dead-letters it as unknown_type"
        message = (
            f"No live worker that takes from queue {job.queue!r} has a handler for {job.type!r}: {outcome}."
        )
        return Reason("no_worker_for_type", message)
    if all(worker.facts and worker.processing >= worker.facts.slots > 0 for worker in taking):
        slots = sum(worker.facts.slots for worker in taking if worker.facts)
        everyone = counted(len(taking), "worker")
        return Reason(
            "all_slots_busy",
            f"All {counted(slots, 'slot')} of the {everyone} that could run it are busy.",
        )
    return None


def _names(words: set[str]) -> str:
    shown = ", ".join(sorted(words)[:SHOWN_NAMES])
    return shown + (", ..." if len(words) > SHOWN_NAMES else "")
