"""ReferenceModel: what the Redis adapter should do, as plainly as it can be said, for a comparison after each step."""

from __future__ import annotations

from dataclasses import dataclass, field

LEVELS = ("critical", "high", "normal", "low")
ENDED = ("completed", "failed", "cancelled")


@dataclass
class Job:
    """One job."""

    queue: str
    level: str
    unique: str | None
    status: str = "pending"
    attempt: int = 0
    crashes: int = 0
    fence: int = 0
    worker: str | None = None
    asked_to_cancel: bool = False


@dataclass
class ReferenceModel:
    """Jobs by id, and who waits in which order, the next one first. Time passes only where `promote` says so."""

    jobs: dict[str, Job] = field(default_factory=dict)
    lines: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def line(self, job: Job) -> list[str]:
        """The waiting line of a job's level."""
        return self.lines.setdefault((job.queue, job.level), [])

    def holder(self, unique: str | None) -> str | None:
        """The unfinished job that has the unique key."""
        if unique is None:
            return None
        return next((i for i, j in self.jobs.items() if j.unique == unique and j.status not in ENDED), None)

    def enqueue(self, job_id: str, job: Job, *, delayed: bool) -> str:
        """The id of the job that stands for it."""
        if job_id in self.jobs:
            return job_id
        holder = self.holder(job.unique)
        if holder is not None:
            return holder
        self.jobs[job_id] = job
        if delayed:
            job.status = "scheduled"
        else:
            self.line(job).append(job_id)
        return job_id

    def delayed(self) -> list[str]:
        """What waits for a time."""
        return [i for i, j in self.jobs.items() if j.status in ("scheduled", "retrying")]

    def promote(self, in_order: list[str]) -> None:
        """All that waits for a time is due; the store says in which order."""
        assert set(in_order) == set(self.delayed())
        for job_id in in_order:
            job = self.jobs[job_id]
            job.status = "pending"
            self.line(job).append(job_id)

    def dequeue(self, worker: str, queue: str, limit: int) -> list[str]:
        """The ids that are handed out."""
        taken: list[str] = []
        for level in LEVELS:
            line = self.lines.get((queue, level), [])
            while line and len(taken) < limit:
                taken.append(line.pop(0))
        for job_id in taken:
            job = self.jobs[job_id]
            job.status, job.worker, job.asked_to_cancel = "processing", worker, False
            job.attempt += 1
        return taken

    def settle(self, job_id: str, fence: int, event: str) -> bool:
        """Whether the outcome is accepted."""
        job = self.jobs.get(job_id)
        if job is None or job.status != "processing" or job.fence != fence:
            return False
        if job.asked_to_cancel and event in ("erred", "snoozed", "given_back"):
            event = "cancelled"
        if event in ("snoozed", "given_back"):
            job.attempt -= 1
        job.worker = None
        job.status = {
            "succeeded": "completed",
            "died": "failed",
            "cancelled": "cancelled",
            "discarded": "cancelled",
            "erred": "retrying",
            "snoozed": "scheduled",
            "given_back": "pending",
        }[event]
        if event == "given_back":
            self.line(job).insert(0, job_id)
        return True

    def give_back_all(self, worker: str, *, crashed: bool) -> list[str]:
        """What a worker had, the latest taken first: it left, or died."""
        had = [i for i, j in self.jobs.items() if j.status == "processing" and j.worker == worker]
        had.sort(key=lambda job_id: -self.jobs[job_id].fence)
        for job_id in had:
            job = self.jobs[job_id]
            job.worker = None
            job.crashes += crashed
            if job.asked_to_cancel:
                job.status = "cancelled"
            else:
                job.status = "pending"
                job.attempt -= 1
                self.line(job).insert(0, job_id)
        return had

    def cancel(self, job_id: str) -> str:
        """The answer of a cancel."""
        job = self.jobs.get(job_id)
        if job is None:
            return "not_found"
        if job.status in ENDED:
            return "finished"
        if job.status == "processing":
            job.asked_to_cancel = True
            return "requested"
        self._out_of_line(job_id)
        job.status = "cancelled"
        return "cancelled"

    def retry(self, job_id: str) -> bool | None:
        """True: retried; False: there is none; None: not allowed."""
        job = self.jobs.get(job_id)
        if job is None:
            return False
        if job.status not in ("failed", "cancelled") or self.holder(job.unique) is not None:
            return None
        job.status, job.attempt, job.crashes, job.asked_to_cancel = "pending", 0, 0, False
        self.line(job).append(job_id)
        return True

    def reschedule(self, job_id: str, *, now: bool) -> bool | None:
        """True: moved, or in line; False: there is none; None: not allowed."""
        job = self.jobs.get(job_id)
        if job is None:
            return False
        if job.status not in ("scheduled", "retrying"):
            return None
        if now:
            job.status = "pending"
            self.line(job).append(job_id)
        return True

    def delete(self, job_id: str) -> bool | None:
        """True: gone; False: there is none; None: not allowed."""
        job = self.jobs.get(job_id)
        if job is None:
            return False
        if job.status == "processing":
            return None
        self._out_of_line(job_id)
        del self.jobs[job_id]
        return True

    def _out_of_line(self, job_id: str) -> None:
        line = self.line(self.jobs[job_id])
        if job_id in line:
            line.remove(job_id)
