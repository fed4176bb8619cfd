"""What the memory adapters promise beyond the ports."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hexjobs.adapters.memory import MemoryJobQueue, MemoryJobStore, MemoryStore
from hexjobs.adapters.memory.timetable import Timetable
from hexjobs.adapters.memory.turns import Turns
from hexjobs.application.blocking import drive
from hexjobs.domain.errors import IllegalTransition
from hexjobs.domain.status import JobStatus
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.delivery import Delivery, Settlement, Subscription
from hexjobs.ports.envelope import Message
from hexjobs.ports.job_store import JobQuery
from support.frozen_clock import FrozenClock
from support.messages import message, messages

SUBSCRIPTION = Subscription("worker-1", {"default": 1})


class Memory:
    """A queue and a store on a frozen clock, run by hand."""

    def __init__(self) -> None:
        self.state, self.clock = MemoryStore(), FrozenClock()
        self.queue = MemoryJobQueue(self.state, self.clock)
        self.store = MemoryJobStore(self.state, self.clock)

    def take(self, limit: int = 1) -> list[Delivery]:
        return drive(self.queue.dequeue(SUBSCRIPTION, limit, timedelta(0)))


@pytest.fixture
def memory() -> Memory:
    """An empty memory."""
    return Memory()


def test_it_is_not_durable(memory: Memory) -> None:
    """The one thing that memory cannot do."""
    assert not memory.queue.capabilities.durable


def test_the_list_is_newest_first(memory: Memory) -> None:
    """Whatever their states."""
    batch = messages(5)
    drive(memory.queue.enqueue(batch))
    drive(memory.queue.ack(memory.take()[0]))
    found = drive(memory.store.find(JobQuery(limit=3, offset=1), ["default"]))
    assert [job.job_id for job in found] == [m.job_id for m in reversed(batch)][1:4]


def test_an_id_is_remembered_for_ten_minutes(memory: Memory) -> None:
    """Also beyond the number of completed jobs to keep."""
    drive(memory.queue.enqueue([message("job")]))
    drive(memory.queue.ack(memory.take()[0]))
    memory.clock.advance(599)
    assert drive(memory.store.sweep(0)) == 0
    memory.clock.advance(1)
    assert drive(memory.store.sweep(0)) == 1
    assert drive(memory.store.get(["job"])) == [None]


def test_a_fence_follows_the_clock_and_never_falls(memory: Memory) -> None:
    """`max(last + 1, now in microseconds)`."""
    microseconds = (memory.clock.now() - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    drive(memory.queue.enqueue(messages(4)))
    first, second = memory.take(2)
    assert (first.fence, second.fence) == (microseconds, microseconds + 1)
    memory.clock.advance(1)
    [later] = memory.take()
    assert later.fence == microseconds + 1_000_000
    memory.clock.advance(-3600)
    assert memory.take()[0].fence == later.fence + 1


def test_an_event_that_ends_no_run_is_refused_whole(memory: Memory) -> None:
    """A wrong call changes nothing, also for the right ones of its batch."""
    drive(memory.queue.enqueue([message("job"), message("other")]))
    job, other = memory.take(2)
    with pytest.raises(IllegalTransition):
        drive(memory.queue.settle([Settlement(job, JobEvent.SUCCEEDED), Settlement(other, JobEvent.RETRIED)]))
    assert [j and j.status for j in drive(memory.store.get(["job", "other"]))] == [JobStatus.PROCESSING] * 2


def test_a_refused_retry_says_why(memory: Memory) -> None:
    """The job's own state, or the job that holds its key."""
    drive(memory.queue.enqueue([message("job", unique="key")]))
    with pytest.raises(IllegalTransition, match="a pending job cannot be retried; only: cancelled, failed"):
        drive(memory.store.retry("job"))
    drive(memory.store.cancel("job", None))
    drive(memory.queue.enqueue([message("follower", unique="key")]))
    with pytest.raises(IllegalTransition, match="job 'follower' holds the unique key 'key' by now"):
        drive(memory.store.retry("job"))


def test_a_crash_spends_no_attempt_and_is_counted(memory: Memory) -> None:
    """LEASE_EXPIRED puts the job at the head."""
    drive(memory.queue.enqueue([message("job"), message("next")]))
    drive(memory.queue.settle([Settlement(memory.take()[0], JobEvent.LEASE_EXPIRED)]))
    [again] = memory.take()
    assert (again.job_id, again.attempt, again.crashes) == ("job", 1, 1)


def test_a_repeated_submit_of_a_job_whose_bytes_are_broken(memory: Memory) -> None:
    """Payloads that are no JSON are the same when their bytes are."""
    sent = message("job")
    sent.envelope.payload = type(sent.envelope.payload)(b'{"cut')
    other = message("job")
    other.envelope.payload = type(other.envelope.payload)(b'{"cut off')
    broken = Message("job", sent.envelope, b"\xff\x00")
    drive(memory.queue.enqueue([broken]))
    same, different = drive(memory.queue.enqueue([broken, other]))
    assert (same.error, type(different.error).__name__) == (None, "JobIdConflict")
    assert memory.take()[0].data == b"\xff\x00"


def test_the_oldest_waiting_job_is_found_behind_one_given_back(memory: Memory) -> None:
    """A job given back has waited since it first joined the line."""
    drive(memory.queue.enqueue([message()]))
    memory.clock.advance(5)
    drive(memory.queue.enqueue([message()]))
    memory.clock.advance(5)
    drive(memory.queue.settle([Settlement(memory.take()[0], JobEvent.GIVEN_BACK)]))
    assert drive(memory.queue.stats("default")).oldest_waiting_seconds == 10


def test_a_timetable_does_not_grow_with_what_was_removed() -> None:
    """A job that is cancelled years before its time leaves no trace for long."""
    table = Timetable()
    table.add("first", 5)
    for number in range(10_000):
        table.add(f"job-{number}", 1_000_000 + number)
        table.remove(f"job-{number}")
    assert len(table._heap) < 200
    assert (table.next(), table.pop_due(4), table.pop_due(5), table.next()) == (5, [], ["first"], None)


def test_a_timetable_keeps_the_order_of_equal_instants() -> None:
    """And the latest instant of a job counts."""
    table = Timetable()
    for job_id, instant in (("b", 5), ("a", 5), ("c", 1), ("b", 5), ("a", 9)):
        table.add(job_id, instant)
    assert table.pop_due(5) == ["c", "b"]
    assert table.pop_due(9) == ["a"]


def test_turns_are_spread_evenly() -> None:
    """The light queue does not wait for the last turn of the heavy one."""
    turns = Turns()
    assert "".join(turns.next({"a": 5, "b": 1, "c": 1}) for _ in range(14)) == "aabacaaaabacaa"
