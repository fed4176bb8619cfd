"""Whatever happens in whatever order, each job of a MemoryStore is in exactly one place."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from hexjobs.adapters.memory import MemoryJobQueue, MemoryJobStore, MemoryStore
from hexjobs.application.blocking import drive
from hexjobs.domain.errors import IllegalTransition
from hexjobs.domain.status import JobStatus
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.delivery import Delivery, Settlement, Subscription
from support.frozen_clock import FrozenClock
from support.messages import message

QUEUES = ("a", "b")
IDS = st.sampled_from([f"job-{letter}" for letter in "stuvwxyz"])
LEVELS = st.sampled_from(["low", "normal", "high", "critical"])
SETTLING = st.sampled_from(
    [event for event in JobEvent if event not in (JobEvent.DUE, JobEvent.DEQUEUED, JobEvent.RETRIED)]
)
KEEPS = st.sampled_from([None, timedelta(0), timedelta(seconds=5), timedelta(hours=1)])
SECONDS = st.sampled_from([0.0, 0.001, 1.0, 10.0, 4000.0])


class MemoryStoreMachine(RuleBasedStateMachine):
    """Random acts on the memory adapters."""

    deliveries: Bundle[Delivery] = Bundle("deliveries")

    def __init__(self) -> None:
        super().__init__()
        self.state, self.clock = MemoryStore(), FrozenClock()
        self.queue = MemoryJobQueue(self.state, self.clock)
        self.store = MemoryJobStore(self.state, self.clock, remembered=timedelta(0))
        self.highest_fence = 0
        self.new_jobs = 0

    @rule(
        ids=st.lists(IDS, min_size=1, max_size=3),
        queue=st.sampled_from(QUEUES),
        level=LEVELS,
        after=st.none() | SECONDS,
        unique=st.sampled_from([None, None, "k", "l"]),
        cap=st.sampled_from([None, 1, 3]),
        atomic=st.booleans(),
    )
    def enqueue(
        self,
        ids: list[str],
        queue: str,
        level: str,
        after: float | None,
        unique: str | None,
        cap: int | None,
        atomic: bool,
    ) -> None:
        due = None if after is None else int((self.clock.now().timestamp() + after) * 1000)
        batch = [message(i, queue=queue, priority=level, due=due, unique=unique) for i in ids]
        held = self._count(queue, JobStatus.PENDING, JobStatus.SCHEDULED)
        results = drive(self.queue.enqueue(batch, {} if cap is None else {queue: cap}, atomic=atomic))
        new = sum(result.is_new for result in results)
        self.new_jobs += new
        assert cap is None or not new or held + new <= cap
        assert not atomic or not new or not any(result.error for result in results)

    @rule(target=deliveries, strict=st.booleans())
    def dequeue(self, strict: bool) -> Any:
        found = drive(self.queue.dequeue(Subscription("w", {"a": 3, "b": 1}, strict), 1, timedelta(0)))
        for delivery in found:
            assert delivery.fence > self.highest_fence
            self.highest_fence = delivery.fence
        return found[0] if found else Delivery("nobody", "a", 1, b"", 1, 0)  # type: ignore[arg-type]  # never settles

    @rule(delivery=deliveries, event=SETTLING, delay=SECONDS, keep=KEEPS)
    def settle(self, delivery: Delivery, event: JobEvent, delay: float, keep: timedelta | None) -> None:
        settlement = Settlement(delivery, event, delay=timedelta(seconds=delay), keep=keep, result=b"1")
        if drive(self.queue.settle([settlement]))[0]:
            assert drive(self.queue.settle([settlement])) == [False]

    @rule(delivery=consumes(deliveries))
    def extend(self, delivery: Delivery) -> None:
        drive(self.queue.extend([delivery]))

    @rule(job_id=IDS, keep=KEEPS)
    def cancel(self, job_id: str, keep: timedelta | None) -> None:
        drive(self.store.cancel(job_id, keep))

    @rule(job_id=IDS, act=st.sampled_from(["retry", "delete"]))
    def retry_or_delete(self, job_id: str, act: str) -> None:
        try:
            drive(getattr(self.store, act)(job_id))
        except IllegalTransition:
            assert job_id in self.state.jobs

    @rule(seconds=SECONDS)
    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule(most=st.integers(0, 3))
    def sweep(self, most: int) -> None:
        drive(self.store.sweep(most))
        assert len(self.state.completed) <= most

    def _count(self, queue: str, *statuses: JobStatus) -> int:
        drive(self.queue.stats(queue))
        return sum(record.queue == queue and record.status in statuses for record in self.state.jobs.values())

    @invariant()
    def each_job_is_in_exactly_one_place(self) -> None:
        state = self.state
        drive(self.store.get([]))
        census = Counter((record.queue, record.status) for record in state.jobs.values())
        assert census == state._census
        lines = [
            job_id for levels in state.lines._queues.values() for line in levels.values() for job_id in line
        ]
        assert sorted(lines) == self._ids(JobStatus.PENDING)
        assert sorted(state._delayed._current) == self._ids(JobStatus.SCHEDULED, JobStatus.RETRYING)
        assert sorted(state.completed) == self._ids(JobStatus.COMPLETED)

    @invariant()
    def unique_keys_are_held_by_unfinished_jobs_alone(self) -> None:
        unfinished = {
            r.unique: r.job_id for r in self.state.jobs.values() if r.unique and not r.status.is_terminal
        }
        assert unfinished == self.state._holders

    @invariant()
    def every_job_was_counted(self) -> None:
        assert sum(drive(self.store.enqueued_counts()).values()) == self.new_jobs

    @invariant()
    def what_runs_has_a_fence_and_what_ended_has_a_reason(self) -> None:
        for record in self.state.jobs.values():
            assert (record.fence > 0) == (record.status is JobStatus.PROCESSING)
            assert record.attempt >= 0
            if record.status.is_terminal:
                assert record.reason
                assert record.finished is not None

    def _ids(self, *statuses: JobStatus) -> list[str]:
        return sorted(job_id for job_id, record in self.state.jobs.items() if record.status in statuses)


MemoryStoreMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestConsistency = MemoryStoreMachine.TestCase
