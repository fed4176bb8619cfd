"""No operation in memory waits for an event loop, so a thread without one runs it to its end by hand."""

from __future__ import annotations

import inspect
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, TypeVar

import msgspec
import pytest

from hexjobs.adapters.memory import (
    MemoryCircuits,
    MemoryDeadLetters,
    MemoryJobQueue,
    MemoryJobStore,
    MemoryQueueControl,
    MemoryScheduleStore,
    MemoryStore,
)
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.circuits import CircuitRules
from hexjobs.ports.dead_letters import DeadLetterQuery
from hexjobs.ports.delivery import Settlement, Subscription
from hexjobs.ports.job_store import JobQuery
from hexjobs.ports.schedule_entry import Planned, ScheduleDefinition
from hexjobs.ports.schedule_ledger import Claim
from support.frozen_clock import FrozenClock
from support.messages import message, messages

T = TypeVar("T")
NO_WAIT = timedelta(0)
SUBSCRIPTION = Subscription("worker-1", {"default": 1, "other": 2})


def by_hand(coroutine: Coroutine[Any, Any, T]) -> T:
    """What the coroutine returns at its first step."""
    with pytest.raises(StopIteration) as finished:
        coroutine.send(None)
    result: T = finished.value.value
    return result


class Ports:
    """The adapters on one store; every method runs by hand, and the names of those that ran are kept."""

    def __init__(self) -> None:
        state, clock = MemoryStore(), FrozenClock()
        self.clock = clock
        self.adapters: dict[str, Any] = {
            "queue": MemoryJobQueue(state, clock),
            "store": MemoryJobStore(state, clock),
            "schedules": MemoryScheduleStore(state, clock),
            "circuits": MemoryCircuits(state, clock),
            "control": MemoryQueueControl(state, clock),
            "dead_letters": MemoryDeadLetters(state, clock),
        }
        self.ran: set[str] = set()

    def __call__(self, port: str, method: str, *args: Any, **kwargs: Any) -> Any:
        self.ran.add(f"{port}.{method}")
        return by_hand(getattr(self.adapters[port], method)(*args, **kwargs))


def test_every_operation_ends_at_its_first_step() -> None:
    """Every method of the adapters, with and without something to do."""
    call = Ports()
    call("queue", "ping")
    call("queue", "enqueue", messages(6), {"default": 100}, atomic=True)
    call("queue", "enqueue", [message("later", due=1_900_000_000_000, unique="key")])
    first, second, third, fourth, *_ = call("queue", "dequeue", SUBSCRIPTION, 5, NO_WAIT)
    assert call("queue", "extend", [first]) == ["held"]
    assert call("store", "save_progress", first.job_id, first.fence, b"1")
    assert call("store", "record_effect", first.job_id, first.fence, "charge", b"1") == b"1"
    assert call("store", "effect", first.job_id, first.fence, "charge") == b"1"
    assert call("queue", "ack", first, b"1")
    assert call("queue", "nack", second, timedelta(seconds=5), "boom")
    assert call(
        "queue", "settle", [Settlement(third, JobEvent.DIED), Settlement(fourth, JobEvent.GIVEN_BACK)]
    )
    call("queue", "wake", "worker-1")
    assert call("queue", "leave", SUBSCRIPTION) == 1
    assert call("queue", "stats", "default").failed == 1
    assert [stats.failed for stats in call("queue", "stats_of", ["default", "mail"])] == [1, 0]
    assert call("store", "get", [first.job_id])[0].status == "completed"
    assert call("store", "find", JobQuery(), ["default"])
    assert call("store", "retry", third.job_id)
    assert call("store", "ahead", third.job_id, 9) == 3
    assert call("store", "cancel", third.job_id, None) == "cancelled"
    assert call("store", "delete", third.job_id)
    assert call("store", "reschedule", "later", 1_900_000_000_001)
    assert call("store", "enqueued_counts")
    call("store", "sweep", 0)
    assert call("control", "pause", "default")
    assert call("control", "resume", "default")
    assert call("control", "purge", "default") == 5
    assert call("dead_letters", "select", DeadLetterQuery(), ["default"]) == []
    assert call("dead_letters", "retry", ["nobody"]) == ["not_found"]
    assert call("dead_letters", "delete", ["nobody"]) == ["not_found"]
    rules = CircuitRules(failures=1, open_for=NO_WAIT)
    assert call("circuits", "enter", "stripe", rules, "run").is_allowed
    assert call("circuits", "fail", "stripe", rules, "run") == NO_WAIT
    assert call("circuits", "enter", "stripe", rules, "probe").is_probe
    assert call("circuits", "keep_probing", "stripe", rules, "probe")
    call("circuits", "abandon", "stripe", "probe")
    assert call("circuits", "states", ["stripe"]) == ["open"]
    assert not call("circuits", "succeed", "stripe", "probe")
    assert call("queue", "risks")
    _schedules_end_at_their_first_step(call)

    public = {
        f"{port}.{name}"
        for port, adapter in call.adapters.items()
        for name, member in inspect.getmembers(adapter, inspect.iscoroutinefunction)
        if not name.startswith("_")
    }
    assert call.ran == public, "a method that is added is shown here"


def _schedules_end_at_their_first_step(call: Ports) -> None:
    now = call("schedules", "now")
    plan = Planned(ScheduleDefinition(name="s", envelope=msgspec.Raw(b"{}"), every=1), 0, now)
    call("schedules", "put", plan)
    call("schedules", "wait", timedelta(hours=1))
    call("schedules", "wait", NO_WAIT)
    assert call("schedules", "seed", 1, "digest", [plan], prune=False).applied
    assert call("schedules", "get", "s")
    assert call("schedules", "list")
    assert call("schedules", "fire", Claim("s", now, now, now), message("schedule:s:1"), "allow") == "fired"
    assert call("schedules", "unended", "s") == ["schedule:s:1"]
    assert call("schedules", "pause", "s")
    assert call("schedules", "resume", "s", now - 1)
    assert call("schedules", "pass_over", Claim("s", now - 1, now - 1, now), 1)
    assert call("schedules", "trigger", "s", message())
    assert len(call("schedules", "history", "s", 9)) == 3
    assert call("schedules", "look", 9).next_due == now
    assert call("schedules", "remove", "s")


def test_a_waiting_dequeue_with_something_there_ends_at_its_first_step() -> None:
    """Only a dequeue that finds nothing and may wait suspends."""
    call = Ports()
    call("queue", "enqueue", messages(2))
    assert len(call("queue", "dequeue", SUBSCRIPTION, 5, timedelta(hours=1))) == 2
    assert call("queue", "dequeue", SUBSCRIPTION, 0, timedelta(hours=1)) == [], "nobody waits for no job"
    assert call("queue", "dequeue", SUBSCRIPTION, 5, timedelta(seconds=-1)) == []
