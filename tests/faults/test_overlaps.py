"""Schedules whose jobs are still there at the next instant, on workers that are killed meanwhile: fault 32."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from faults.harness.schedule_rules import instant_of
from faults.harness.stage import Stage
from faults.harness.worker_process import WorkerProcess


class Overlapping:
    """A schedule at a second's cadence whose jobs run until `let_go`; its name is its policy, with `-`."""

    def __init__(self, stage: Stage, overlap: str) -> None:
        self._stage, self.name = stage, overlap.replace("_", "-")
        stage.service.schedule_recurring(self.name, "gated", {}, every="1s", overlap=overlap)

    def jobs(self, at_least: int = 1) -> list[str]:
        """Its jobs that have started, in the order of their instants, where there are so many; else none."""
        starts = {entry["job"]: instant_of(entry["job"]) for entry in self._stage.entries("start")}
        found = sorted((told[1], job) for job, told in starts.items() if told and told[0] == self.name)
        return [job for _, job in found] if len(found) >= at_least else []

    def settled(self, outcome: str, at_least: int = 1) -> list[int]:
        """The instants with this outcome, where there are so many; else none."""
        rows = self._stage.snapshot().ledgers.get(self.name, [])
        instants = sorted(row["instant"] for row in rows if row["outcome"] == outcome)
        return instants if len(instants) >= at_least else []

    def let_go(self, job: str) -> None:
        """The job may end."""
        (self._stage.journals / f"go-{job}").touch()

    def end(self) -> None:
        """No further fires; what runs may end."""
        self._stage.service.pause_schedule(self.name)
        for job in self._stage.snapshot().live:
            self.let_go(job)


def runs_it(worker: WorkerProcess, stage: Stage, job: str) -> bool:
    """Whether the latest run of the job is in this worker."""
    return stage.entries("start", job)[-1]["pid"] in {process.pid for process in worker.runners()}


def test_overlap_policies_hold_over_a_kill(tmp_path: Path) -> None:
    """A worker dies under jobs that must not overlap: each runs again, and no other of its schedule before it has ended.

    `queue_one`: then the instant that waited fires, and it is the second. `skip`: then the next one that comes fires.
    `cancel_running`: the earlier jobs are cancelled, also those that nobody runs; the last one alone completes.
    """
    with Stage(tmp_path, worker_pool={"worker_count": 10}) as stage:
        workers = [stage.start_worker(address=stage.server.url) for _ in range(2)]
        queues, skips, cancels = (
            Overlapping(stage, word) for word in ("queue_one", "skip", "cancel_running")
        )
        stage.alone |= {queues.name, skips.name}
        firsts = [stage.until(each.jobs, f"{each.name} runs")[0] for each in (queues, skips)]
        for each in (queues, skips):
            stage.until(partial(each.settled, "skipped"), f"{each.name} passes an instant over")
        [waiting] = queues.settled("queued")
        victims = [worker for worker in workers if any(runs_it(worker, stage, job) for job in firsts)]
        for victim in victims:
            stage.kill(victim, only_runners=True)
        for first in firsts:
            stage.until_started(first, 2)
        assert [each.jobs() for each in (queues, skips)] == [[first] for first in firsts]
        for each, first in zip((queues, skips), firsts, strict=True):
            stage.until(partial(each.settled, "skipped", len(each.settled("skipped")) + 1), "a further one")
            each.let_go(first)
        second = stage.until(partial(queues.jobs, 2), "the one that waited runs")[1]
        assert instant_of(second) == (queues.name, waiting)
        passed = skips.settled("skipped")
        second = stage.until(partial(skips.jobs, 2), "one that comes later runs")[1]
        assert instant_of(second)[1] > passed[0]  # type: ignore[index]  # it is of that schedule

        stage.until(partial(cancels.settled, "fired", 3), "each is followed by the next")
        stage.service.pause_schedule(cancels.name)
        ids = {row["instant"]: row["job_id"] for row in stage.snapshot().ledgers[cancels.name]}
        *earlier, last = (ids[instant] for instant in cancels.settled("fired"))
        assert set(stage.until_ended(*earlier)) == {"cancelled"}
        cancels.let_go(last)
        assert stage.until_ended(last) == ["completed"]
        for each in (queues, skips):
            each.end()
        stage.drain()
        assert stage.judge() == []
