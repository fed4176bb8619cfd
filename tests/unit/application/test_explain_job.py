"""ExplainJob: each reason why a job is not running, with its code and its sentence."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hexjobs.adapters.memory import (
    MemoryJobQueue,
    MemoryJobStore,
    MemoryLeases,
    MemoryQueueControl,
    MemoryStore,
)
from hexjobs.application.blocking import drive
from hexjobs.application.explain_job import ExplainJob, Explanation
from hexjobs.application.waiting_reasons import waiting_reasons
from hexjobs.domain.errors import JobNotFound
from hexjobs.domain.factory import JobFactory
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.delivery import Delivery, Settlement, Subscription
from hexjobs.ports.envelope import Message
from hexjobs.ports.leases import WorkerFacts, WorkerStatus
from support.frozen_clock import FrozenClock
from support.messages import message, messages

NO_WAIT = timedelta(0)
LEASE = timedelta(seconds=6)
FACTS = WorkerFacts(host="web-1", pid=42, queues=("default",), slots=1, job_types=("report",))


class Place:
    """A store in memory on a clock that stands still, and who explains its jobs."""

    def __init__(self) -> None:
        state = MemoryStore()
        self.clock = FrozenClock()
        self.queue, self.store = MemoryJobQueue(state, self.clock), MemoryJobStore(state, self.clock)
        self.leases, self.control = MemoryLeases(state, self.clock), MemoryQueueControl(state, self.clock)
        self.explain = ExplainJob(self.store, self.queue, self.leases, self.clock, JobFactory(), LEASE, 3)

    def enqueue(self, *sent: Message) -> None:
        """Take messages in."""
        drive(self.queue.enqueue(sent))

    def worker(self, worker_id: str = "worker-1", facts: WorkerFacts | None = FACTS) -> None:
        """A live worker."""
        if facts is None:
            self.take(worker_id, queue="nowhere")
        else:
            drive(self.leases.beat(worker_id, facts))

    def take(self, worker_id: str = "worker-1", *, queue: str = "default") -> list[Delivery]:
        """Hand one job to a worker."""
        return drive(self.queue.dequeue(Subscription(worker_id, {queue: 1}), 1, NO_WAIT))

    def settle(self, event: JobEvent, **how: Any) -> None:
        """Hand one job out and end its run."""
        (delivery,) = self.take()
        drive(self.queue.settle([Settlement(delivery, event, **how)]))

    def milliseconds(self, seconds: float) -> int:
        """The millisecond so many seconds from now."""
        return round((self.clock.now().timestamp() + seconds) * 1000)

    def why(self, job_id: str = "job") -> Explanation:
        """The explanation."""
        return drive(self.explain(job_id))

    def codes(self, job_id: str = "job") -> list[str]:
        """The codes of the reasons."""
        return [reason.code for reason in self.why(job_id).reasons]

    def says(self, job_id: str = "job") -> str:
        """The sentences, one line each."""
        return "\n".join(reason.sentence for reason in self.why(job_id).reasons)


@pytest.fixture
def place() -> Place:
    return Place()


def test_an_unknown_job(place: Place) -> None:
    """Is not found."""
    with pytest.raises(JobNotFound):
        place.why("nobody")


def test_a_job_that_nothing_holds_up(place: Place) -> None:
    """There is always a reason."""
    place.enqueue(message("job"))
    place.worker()
    assert place.codes() == ["ready"]


def test_a_paused_queue(place: Place) -> None:
    """And how to let it go on."""
    place.enqueue(message("job"))
    place.worker()
    drive(place.control.pause("default"))
    assert place.codes() == ["queue_paused"]
    assert "`hexjobs queues resume default`" in place.says()


def test_no_worker_is_alive(place: Place) -> None:
    """Neither one that never was nor one that died."""
    place.enqueue(message("job"))
    assert place.codes() == ["no_worker"]
    place.worker()
    drive(place.leases.take_over("worker-1", None))
    assert place.codes() == ["no_worker"]
    dead = WorkerStatus("worker-1", FACTS, beat=None)
    found = waiting_reasons(place.why().job, paused=False, workers=[dead], ahead=0)
    assert [reason.code for reason in found] == ["no_worker"]


def test_no_worker_takes_from_its_queue(place: Place) -> None:
    """And where they take from."""
    place.enqueue(message("job", queue="mail"))
    place.worker()
    assert place.codes() == ["no_worker_for_queue"]
    assert place.says() == "The live worker does not take jobs from queue 'mail', only from default."
    place.worker("worker-2", WorkerFacts(queues=tuple(f"q{number}" for number in range(20))))
    assert "None of the 2 live workers takes jobs from queue 'mail', only from default, q0, " in place.says()
    assert place.says().endswith(", ....")


def test_no_worker_knows_its_type(place: Place) -> None:
    """A worker that has not told its facts may know it."""
    place.enqueue(message("job", type="unheard"))
    place.worker()
    assert place.codes() == ["no_worker_for_type"]
    assert "dead-letters it as unknown_type" in place.says()
    place.worker("worker-2", None)
    assert place.codes() == ["ready"]


def test_all_slots_are_busy(place: Place) -> None:
    """Those of the workers that could run it."""
    place.worker()
    place.enqueue(message("runs"), message("job"))
    place.take()
    assert place.codes() == ["all_slots_busy"]
    assert place.says() == "All 1 slot of the 1 worker that could run it are busy."
    place.worker("worker-2", WorkerFacts(queues=("default",), slots=2, job_types=("report",)))
    assert place.codes() == ["ready"]


def test_jobs_ahead(place: Place) -> None:
    """In its level and in those above."""
    place.worker()
    place.enqueue(message("first"), message("job"), message("low", priority="low"), message(priority="high"))
    assert place.says() == "In its queue 2 jobs go before it."
    assert place.says("first") == "In its queue 1 job goes before it."
    place.enqueue(*messages(10_001, priority="critical"))
    assert place.codes() == ["jobs_ahead"]
    assert place.says() == "In its queue more than 10000 jobs go before it."


def test_a_scheduled_job(place: Place) -> None:
    """Until when; and what holds it up then."""
    place.enqueue(message("job", due=place.milliseconds(90)))
    assert place.codes() == ["scheduled", "no_worker"]
    assert "It is scheduled: it waits until 2026-03-01 12:01:30 UTC, 1m30s from now." in place.says()
    place.worker()
    assert place.codes() == ["scheduled"]


def test_a_retrying_job(place: Place) -> None:
    """Which run failed, of how many, and how."""
    place.worker()
    place.enqueue(message("job"))
    place.settle(
        JobEvent.ERRED, delay=timedelta(seconds=5), error="Traceback\n\nValueError: boom", reason="retry"
    )
    assert place.codes() == ["retrying"]
    assert place.says() == (
        "After run 1 of 4 failed it waits until 2026-03-01 12:00:05 UTC, 5s from now: ValueError: boom"
    )


@pytest.mark.parametrize(("reason", "code"), [("retry_later", "snoozed"), ("circuit_open", "circuit_open")])
def test_a_job_that_was_put_off(place: Place, reason: str, code: str) -> None:
    """By its handler, or by the failing service that it calls."""
    place.worker()
    place.enqueue(message("job"))
    place.settle(JobEvent.SNOOZED, delay=timedelta(seconds=30), reason=reason)
    assert place.codes() == [code]
    assert "30s from now" in place.says()


def test_a_running_job(place: Place) -> None:
    """On which worker, since when, and when that was last seen; or that it is silent, or gone."""
    place.worker()
    place.enqueue(message("job"))
    place.take()
    place.clock.advance(4)
    drive(place.leases.beat("worker-1"))
    place.clock.advance(2)
    assert place.codes() == ["running"]
    assert place.says() == (
        "It has been running for 6s on worker worker-1 (process 42 on web-1), last seen 2s ago."
    )
    place.clock.advance(10)
    assert place.codes() == ["worker_silent"]
    assert "has been silent for 12s" in place.says()


def test_a_job_whose_worker_is_gone(place: Place) -> None:
    """The store knows the worker no more."""
    place.enqueue(message("job"))
    place.take()
    place.explain.leases.workers = _nobody  # type: ignore[method-assign]  # a fault that memory cannot have
    assert place.codes() == ["worker_gone"]


async def _nobody() -> list[Any]:
    return []


@pytest.mark.parametrize(
    ("event", "how", "code", "says"),
    [
        (JobEvent.SUCCEEDED, {}, "completed", "It is done."),
        (
            JobEvent.DIED,
            {"error": "x\nValueError: boom", "reason": "attempts_exhausted"},
            "failed",
            "ValueError: boom",
        ),
        (JobEvent.DISCARDED, {"reason": "not_needed"}, "cancelled", "(not_needed); `hexjobs jobs retry job`"),
    ],
)
def test_a_job_that_has_ended(
    place: Place, event: JobEvent, how: dict[str, Any], code: str, says: str
) -> None:
    """How, and how it could run again."""
    place.enqueue(message("job"))
    place.settle(event, **how)
    assert place.codes() == [code]
    assert says in place.says()


@pytest.mark.parametrize("field", ["expires", "deadline"])
def test_a_job_whose_time_runs_out(place: Place, field: str) -> None:
    """Before, and after."""
    place.worker()
    limits: dict[str, Any] = {field: place.milliseconds(60)}
    place.enqueue(message("job", **limits))
    assert place.codes() == ["expires"]
    assert "1m from now" in place.says()
    place.clock.advance(61)
    assert place.codes() == ["expired"]
    assert "passed 1s ago: the worker that takes it cancels it." in place.says()


@pytest.mark.parametrize(
    ("data", "code", "says"),
    [
        (
            b'{"v":2,"type":"report","payload":{}}',
            "newer_version",
            "Envelope version 2 is newer than 1: only a worker",
        ),
        (b"not an envelope", "malformed", "The stored bytes are not an envelope"),
    ],
)
def test_a_job_that_cannot_be_read(place: Place, data: bytes, code: str, says: str) -> None:
    """Not by this release, or by none."""
    place.enqueue(Message("job", message().envelope, data))
    assert place.codes() == [code]
    assert place.says().startswith(says)
