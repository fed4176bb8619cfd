"""A model check: random commands to the Redis adapter and to a small reference model, the whole state compared after each.

A real server; workers die, acknowledgements come late and twice, and time passes without waiting for it: everything that
waits for a time becomes due at once, by moving its due time into the past.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from adapters.redis.reference_model import ENDED, LEVELS, Job, ReferenceModel
from hexjobs.adapters.redis.address import Address
from hexjobs.adapters.redis.blocking_transport import BlockingTransport
from hexjobs.adapters.redis.job_queue import RedisJobQueue
from hexjobs.adapters.redis.job_store import RedisJobStore
from hexjobs.adapters.redis.keys import Keys
from hexjobs.adapters.redis.leases import RedisLeases
from hexjobs.application.blocking import drive
from hexjobs.domain.errors import IllegalTransition, LeaseLost
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.delivery import Delivery, Settlement, Subscription
from hexjobs.ports.envelope import decode_envelope
from support.messages import message
from support.valkey_process import ValkeyProcess

QUEUES = ("mail", "reports")
HOUR = 3_600_000
FAR = timedelta(hours=1)
FAR_FUTURE = HOUR * 24 * 365 * 100
ids = st.integers(0, 11).map(lambda number: f"job-{number}")
workers = st.sampled_from(["ann", "bob"])
EVENTS = ("given_back", "erred", "given_back", "snoozed", "succeeded", "died", "cancelled", "discarded")


class Comparison(RuleBasedStateMachine):
    """Does the same to both, and compares what they answer and what they hold."""

    transport: ClassVar[BlockingTransport]
    client: ClassVar[Any]  # of its two types of answers, those of RESP2
    keys = Keys("model")

    def __init__(self) -> None:
        super().__init__()
        self.client.flushdb()
        self.queue = RedisJobQueue(self.transport, self.keys)
        self.store = RedisJobStore(self.transport, self.keys, remembered=timedelta(0))
        self.leases = RedisLeases(self.transport, self.keys)
        self.model = ReferenceModel()
        self.deliveries: list[Delivery] = []
        self.lives = {"ann": 1, "bob": 1}

    def worker_id(self, name: str) -> str:
        """The id of this life of a worker."""
        return f"{name}-{self.lives[name]}"

    @initialize(number=st.integers(3, 8))
    def begin(self, number: int) -> None:
        """Some jobs to work with: most that goes wrong needs several of one level."""
        for job in range(number):
            self.enqueue(f"job-{job}", "mail", "normal", None, delayed=False)

    @rule(
        job_id=ids,
        queue=st.sampled_from(QUEUES),
        level=st.sampled_from(["high", "normal"]),
        unique=st.sampled_from([None, None, "key"]),
        delayed=st.booleans(),
    )
    def enqueue(self, job_id: str, queue: str, level: str, unique: str | None, *, delayed: bool) -> None:
        """One job, at once or in an hour."""
        due = FAR_FUTURE if delayed else None
        sent = message(job_id, queue=queue, priority=level, unique=unique, due=due)
        [result] = drive(self.queue.enqueue([sent]))
        assert result.job_id == self.model.enqueue(job_id, Job(queue, level, unique), delayed=delayed)

    @rule(name=workers, queue=st.sampled_from(QUEUES), limit=st.integers(1, 4))
    def dequeue(self, name: str, queue: str, limit: int) -> None:
        """Up to four jobs of one queue."""
        subscription = Subscription(self.worker_id(name), {queue: 1})
        found = drive(self.queue.dequeue(subscription, limit, timedelta(0)))
        assert [each.job_id for each in found] == self.model.dequeue(subscription.worker_id, queue, limit)
        for delivery in found:
            job = self.model.jobs[delivery.job_id]
            assert (delivery.attempt, delivery.crashes) == (job.attempt, job.crashes)
            assert all(delivery.fence > old.fence for old in self.deliveries)
            job.fence = delivery.fence
        self.deliveries += found

    @precondition(lambda self: self.deliveries)
    @rule(which=st.integers(0, 10_000), event=st.sampled_from(EVENTS))
    def settle(self, which: int, event: str) -> None:
        """Any delivery that ever was, the current one of its job or a stale one."""
        # The latest ones are the likeliest to be current.
        self.settle_one(self.deliveries[-1 - which % min(len(self.deliveries), 8)], event)

    @rule(name=workers, queue=st.sampled_from(QUEUES), event=st.sampled_from(EVENTS), again=st.booleans())
    def run(self, name: str, queue: str, event: str, *, again: bool) -> None:
        """A job from its hand-out to its end; then the worker takes the next one, which may be the same."""
        before = len(self.deliveries)
        self.dequeue(name=name, queue=queue, limit=1)
        for delivery in self.deliveries[before:]:
            self.settle_one(delivery, event)
        if again:
            self.dequeue(name=name, queue=queue, limit=1)

    def settle_one(self, delivery: Delivery, event: str) -> None:
        """What both say to an outcome."""
        unique = decode_envelope(delivery.data).unique
        settlement = Settlement(delivery, JobEvent(event), delay=FAR, reason=event, unique=unique)
        [accepted] = drive(self.queue.settle([settlement]))
        assert accepted == self.model.settle(delivery.job_id, delivery.fence, event)

    @rule(job_id=ids)
    def cancel(self, job_id: str) -> None:
        """From outside."""
        assert drive(self.store.cancel(job_id, None)).value == self.model.cancel(job_id)

    @rule(job_id=ids)
    def retry(self, job_id: str) -> None:
        """By hand."""
        assert _allowed(lambda: drive(self.store.retry(job_id))) == self.model.retry(job_id)

    @precondition(lambda self: self.model.delayed())
    @rule(which=st.integers(0, 10_000), due=st.sampled_from([None, 1000, FAR_FUTURE, FAR_FUTURE + HOUR]))
    def reschedule(self, which: int, due: int | None) -> None:
        """By hand: now, as an instant that has passed is, or some time. A job that waits for a time, or now and then any."""
        waiting = self.model.delayed()
        job_id = waiting[-1 - which % len(waiting)] if which % 4 else f"job-{which % 12}"
        answer = _allowed(lambda: drive(self.store.reschedule(job_id, due)))
        assert answer == self.model.reschedule(job_id, now=due in (None, 1000))
        if answer:
            [stored] = drive(self.store.get([job_id]))
            assert stored is not None
            assert stored.due == due or (due is None and stored.due is not None)

    @rule(job_id=ids)
    def delete(self, job_id: str) -> None:
        """By hand."""
        assert _allowed(lambda: drive(self.store.delete(job_id))) == self.model.delete(job_id)

    @rule(name=workers)
    def die(self, name: str) -> None:
        """A worker dies, and others take its jobs over; it goes on under a new id."""
        recovered = drive(self.leases.take_over(self.worker_id(name), None))
        assert recovered is not None
        assert [each.job_id for each in recovered] == self.model.give_back_all(
            self.worker_id(name), crashed=True
        )
        if drive(self.queue.dequeue(Subscription("nobody", {"none": 1}), 1, timedelta(0))):
            raise AssertionError("nothing waits in a queue that does not exist")
        self.lives[name] += 1

    @rule(name=workers)
    def leave(self, name: str) -> None:
        """A worker ends by itself."""
        subscription = Subscription(self.worker_id(name), dict.fromkeys(QUEUES, 1))
        given_back = drive(self.queue.leave(subscription))
        assert given_back == len(self.model.give_back_all(subscription.worker_id, crashed=False))

    @rule(name=workers)
    def beat(self, name: str) -> None:
        """A beat changes nothing but itself; a worker that never joined, left or died has none."""
        try:
            beats = drive(self.leases.beat(self.worker_id(name)))
        except LeaseLost:
            assert not [j for j in self.model.jobs.values() if j.worker == self.worker_id(name)]
        else:
            assert self.worker_id(name) in beats

    @rule()
    def time_passes(self) -> None:
        """Whatever waits for a time is due; the next dequeue puts it in line."""
        client = self.client
        delayed = f"{self.keys.prefix}:delayed"
        in_order = [job_id.decode() for job_id in client.zrange(delayed, 0, -1)]
        for position, job_id in enumerate(in_order):
            client.zadd(delayed, {job_id: 1000 + position})
        self.model.promote(in_order)
        drive(self.queue.dequeue(Subscription("nobody", {"none": 1}), 1, timedelta(0)))

    @invariant()
    def all_is_the_same(self) -> None:
        """Each job's state, each line's order, each count, and each unique key."""
        client = self.client
        prefix = self.keys.prefix
        known = sorted(self.model.jobs)
        for job_id, stored in zip(known, drive(self.store.get(known)), strict=True):
            job = self.model.jobs[job_id]
            assert stored is not None, job_id
            assert (stored.status.value, stored.attempt, stored.crashes) == (
                job.status,
                job.attempt,
                job.crashes,
            ), job_id
        gone = [job_id for job_id in (f"job-{n}" for n in range(12)) if job_id not in self.model.jobs]
        assert drive(self.store.get(gone)) == [None] * len(gone)
        for queue in QUEUES:
            jobs = [job for job in self.model.jobs.values() if job.queue == queue]
            for level in LEVELS:
                line = [each.decode() for each in client.lrange(f"{prefix}:queue:{queue}:{level}", 0, -1)]
                assert line[::-1] == self.model.lines.get((queue, level), [])
            stats = drive(self.queue.stats(queue))
            counted = {
                status: sum(job.status == status for job in jobs)
                for status in ("pending", "scheduled", "retrying", "processing", "failed")
            }
            assert counted == {
                "pending": stats.waiting,
                "scheduled": stats.scheduled,
                "retrying": stats.retrying,
                "processing": stats.processing,
                "failed": stats.failed,
            }
        for status in ("completed", "cancelled"):
            ended = [each.decode() for each in client.lrange(f"{prefix}:{status}", 0, -1)]
            assert sorted(ended) == sorted(i for i, j in self.model.jobs.items() if j.status == status)
        holder = client.get(f"{prefix}:unique:key")
        expected = self.model.holder("key")
        assert (holder.decode() if holder else None) == expected
        owned = {
            job_id.decode(): key.rpartition(b":")[2].decode()
            for key in client.keys(f"{prefix}:processing:*")
            for job_id in client.hkeys(key)
        }
        assert owned == {i: j.worker for i, j in self.model.jobs.items() if j.worker is not None}
        assert all(self.model.jobs[job_id].status not in ENDED for job_id in owned)


def _allowed(call: Any) -> bool | None:
    try:
        return bool(call())
    except IllegalTransition:
        return None


@contextmanager
def _compared(folder: Path) -> Iterator[type[Comparison]]:
    with ValkeyProcess(folder, durable=False) as server:
        Comparison.client = server.client()
        Comparison.transport = BlockingTransport(Address(socket_path=server.socket_path))
        try:
            yield Comparison
        finally:
            drive(Comparison.transport.close())
            Comparison.client.close()


def _budget(examples: int, steps: int) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )


@pytest.mark.timeout(120)
def test_the_adapter_does_what_the_model_does(tmp_path: Path) -> None:
    """Forty histories of up to forty commands."""
    with _compared(tmp_path) as machine:
        run_state_machine_as_test(machine, settings=_budget(40, 40))


@pytest.mark.parametrize(
    ("script", "old", "new"),
    [
        ("include/holding", "return token == fence,", "return true,"),
        ("include/giving_back", "(tonumber(state.crashes) or 0) + 1", "(tonumber(state.crashes) or 0)"),
        ("include/giving_back", "{id}, true)", "{id}, false)"),
        ("reschedule", "= 'pending', nil", "= status, nil"),
    ],
)
def test_the_comparison_finds_a_broken_script(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, old: str, new: str
) -> None:
    """The control: with one guard taken out of a script, the two differ."""
    from hexjobs.adapters.redis import scripts

    read = scripts._read
    assert old in read(f"{script}.lua"), "the script says it in other words by now"

    def broken(path: str) -> str:
        text = read(path)
        return text.replace(old, new) if path == f"{script}.lua" else text

    monkeypatch.setattr(scripts, "_read", broken)
    scripts.script.cache_clear()
    try:
        with _compared(tmp_path) as machine, pytest.raises(AssertionError):
            run_state_machine_as_test(
                machine,
                settings=settings(
                    _budget(400, 40), phases=(Phase.generate,), print_blob=False, derandomize=True
                ),
            )
    finally:
        scripts.script.cache_clear()
