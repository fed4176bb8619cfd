"""MemoryStoreCheck: each place broken by hand is found, put right, and then nothing is found."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hexjobs.adapters.memory import MemoryJobQueue, MemoryLeases, MemoryStore, MemoryStoreCheck
from hexjobs.application.blocking import drive
from hexjobs.domain.status import JobStatus
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.delivery import Delivery, Settlement, Subscription
from support.frozen_clock import FrozenClock
from support.messages import message

FAR = 1 << 42


class Broken:
    """A store with a job in every place: `waits`, `later`, `runs` and `done`."""

    def __init__(self) -> None:
        self.state, self.clock = MemoryStore(), FrozenClock()
        self.queue = MemoryJobQueue(self.state, self.clock)
        self.check = MemoryStoreCheck(self.state, self.clock)
        drive(self.queue.enqueue([message("done"), message("runs")]))
        done, _ = self.take(2)
        drive(self.queue.settle([Settlement(done, JobEvent.SUCCEEDED)]))
        drive(self.queue.enqueue([message("waits", unique="u"), message("later", due=FAR)]))

    def take(self, limit: int) -> list[Delivery]:
        return drive(self.queue.dequeue(Subscription("w", {"default": 1}), limit, timedelta(0)))

    def break_line(self) -> None:
        self.state.lines.remove(self.state.jobs["waits"])

    def break_delayed(self) -> None:
        self.state._delayed.remove("later")

    def break_completed(self) -> None:
        self.state.completed.clear()

    def break_census(self) -> None:
        self.state._census.clear()

    def break_holders(self) -> None:
        self.state._holders.clear()

    def break_holders_of_others(self) -> None:
        self.state._holders["v"] = "done"

    def break_places(self) -> None:
        self.state.lines.put(self.state.jobs["done"])
        self.state._delayed.add("waits", FAR)
        self.state.completed["runs"] = self.state.jobs["runs"]

    def break_worker(self) -> None:
        self.state.leases.clear()


@pytest.mark.parametrize(
    ("place", "counts"),
    [
        ("line", {"not_queued": 1}),
        ("delayed", {"not_delayed": 1}),
        ("completed", {"not_indexed": 1}),
        ("census", {"count_wrong": 4}),
        ("holders", {"unique_missing": 1}),
        ("holders_of_others", {"unique_stale": 1}),
        ("places", {"misplaced": 3}),
        ("worker", {"worker_unknown": 1}),
    ],
)
def test_what_is_broken_is_found_and_put_right(place: str, counts: dict[str, int]) -> None:
    """And every job goes on."""
    broken = Broken()
    assert drive(broken.check.check(repair=True)).findings == []
    getattr(broken, f"break_{place}")()
    found = drive(broken.check.check())
    assert (found.counts, found.left) == (counts, sum(counts.values()))
    assert drive(broken.check.check()) == found, "a check alone changes nothing"
    report = drive(broken.check.check(repair=True))
    assert (report.counts, report.left) == (counts, 0)
    assert all(finding.repaired for finding in report.findings)
    assert drive(broken.check.check()).findings == []
    drive(MemoryLeases(broken.state, broken.clock).take_over("w", None))
    broken.queue = MemoryJobQueue(broken.state, broken.clock)
    subscription = Subscription("w2", {"default": 1})
    taken = drive(broken.queue.dequeue(subscription, 5, timedelta(0)))
    assert sorted(delivery.job_id for delivery in taken) == ["runs", "waits"]
    broken.clock.advance(FAR / 1000)
    assert [delivery.job_id for delivery in drive(broken.queue.dequeue(subscription, 5, timedelta(0)))] == [
        "later"
    ]


def test_a_cancelled_job_of_an_unknown_worker_ends() -> None:
    """As it would where its worker gave it back."""
    broken = Broken()
    broken.state.jobs["runs"].cancel_requested = True
    broken.break_worker()
    drive(broken.check.check(repair=True))
    assert broken.state.jobs["runs"].status is JobStatus.CANCELLED
