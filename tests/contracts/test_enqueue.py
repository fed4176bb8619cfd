"""JobQueue.enqueue: taking messages in."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.harness import HOUR, Adapter
from hexjobs.domain.errors import JobIdConflict, QueueFull
from hexjobs.domain.status import JobStatus
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.envelope import Message
from support.messages import message, messages


async def test_answers_each_message_in_order(adapter: Adapter) -> None:
    """ "Take messages in; one answer per message, in order, in one round trip." """
    batch = messages(5)
    results = await adapter.queue.enqueue(batch)
    assert [result.job_id for result in results] == [m.job_id for m in batch]
    assert all(result.is_new and result.error is None for result in results)
    assert await adapter.queue.enqueue([]) == []


async def test_takes_thousands_at_once(adapter: Adapter) -> None:
    """ "one answer per message, in order, in one round trip." """
    batch = messages(9000)
    results = await adapter.queue.enqueue(batch)
    assert [result.job_id for result in results] == [m.job_id for m in batch]
    assert (await adapter.queue.stats("default")).waiting == 9000
    taken = await adapter.take(limit=9000)
    assert [delivery.job_id for delivery in taken] == [m.job_id for m in batch]


async def test_due_at_once_or_later(adapter: Adapter) -> None:
    """ "A message is due at once, or at `envelope.due`." """
    due = adapter.now() + HOUR
    await adapter.queue.enqueue([message("now"), message("later", due=due)])
    assert (await adapter.job("now")).status is JobStatus.PENDING
    later = await adapter.job("later")
    assert (later.status, later.due) == (JobStatus.SCHEDULED, due)
    assert await adapter.take_all() == ["now"]


async def test_due_in_the_past_is_due_at_once(adapter: Adapter) -> None:
    """ "A message is due at once, or at `envelope.due`." """
    await adapter.queue.enqueue([message("late", due=adapter.now() - HOUR)])
    assert await adapter.take_all() == ["late"]


async def test_waits_in_the_order_of_enqueueing(adapter: Adapter) -> None:
    """ "Within one queue and level, jobs wait in the order of their enqueueing." """
    batch = messages(6)
    await adapter.queue.enqueue(batch[:2])
    await adapter.queue.enqueue(batch[2:3])
    await adapter.queue.enqueue(batch[3:])
    assert await adapter.take_all() == [m.job_id for m in batch]


async def test_an_existing_id_answers_the_existing_job(adapter: Adapter) -> None:
    """ "A `job_id` that exists answers the existing job and writes nothing" """
    first = message("same", payload={"a": 1, "b": 2}, tags=["first"])
    again = message("same", payload={"b": 2, "a": 1}, tags=["second"], queue="other", priority="high")
    await adapter.queue.enqueue([first])
    before = await adapter.job("same")
    [result] = await adapter.queue.enqueue([again])
    assert (result.job_id, result.is_new, result.error) == ("same", False, None)
    assert await adapter.job("same") == before
    assert (await adapter.queue.stats("default")).waiting == 1
    assert (await adapter.queue.stats("other")).waiting == 0


async def test_an_existing_id_answers_in_every_state(adapter: Adapter) -> None:
    """ "A `job_id` that exists answers the existing job and writes nothing" """
    once = message("same")
    await adapter.queue.enqueue([once])
    delivery = await adapter.take_one()
    [while_running] = await adapter.queue.enqueue([once])
    await adapter.settle(delivery, JobEvent.SUCCEEDED, result=b"7")
    [after_its_end] = await adapter.queue.enqueue([once])
    assert (while_running.is_new, after_its_end.is_new) == (False, False)
    assert (await adapter.job("same")).status is JobStatus.COMPLETED
    assert await adapter.take_all() == []


async def test_an_id_twice_in_one_batch_is_one_job(adapter: Adapter) -> None:
    """ "A `job_id` that exists answers the existing job and writes nothing" """
    once = message("same")
    results = await adapter.queue.enqueue([once, once])
    assert [result.is_new for result in results] == [True, False]
    assert await adapter.take_all() == ["same"]


@pytest.mark.parametrize(
    "other",
    [{"type": "other"}, {"payload": {"a": 2}}, {"payload": {"a": True}}, {"payload": {"a": 1, "b": None}}],
    ids=["type", "value", "kind", "field"],
)
async def test_an_existing_id_with_another_job_is_a_conflict(adapter: Adapter, other: dict[str, Any]) -> None:
    """ "JobIdConflict where its type or payload differ." """
    await adapter.queue.enqueue([message("same", payload={"a": 1})])
    before = await adapter.job("same")
    [result] = await adapter.queue.enqueue([message("same", **{"payload": {"a": 1}, **other})])
    assert isinstance(result.error, JobIdConflict)
    assert await adapter.job("same") == before


async def test_a_refused_message_does_not_stop_the_others(adapter: Adapter) -> None:
    """ "Take messages in; one answer per message" """
    await adapter.queue.enqueue([message("same")])
    batch = [message("before"), message("same", type="other"), message("after")]
    results = await adapter.queue.enqueue(batch)
    assert [type(result.error) for result in results] == [type(None), JobIdConflict, type(None)]
    assert await adapter.take_all() == ["same", "before", "after"]


@pytest.mark.parametrize("error", [QueueFull, JobIdConflict])
async def test_atomic_keeps_all_out(adapter: Adapter, error: type[Exception]) -> None:
    """ "With `atomic`, one refused message keeps all out." "Its error then answers for all that are new." """
    await adapter.queue.enqueue([message("same", queue="small")])
    refused = message("full", queue="small") if error is QueueFull else message("same", type="other")
    batch = [message("before", unique="key"), refused, message("after", due=adapter.now() + HOUR)]
    results = await adapter.queue.enqueue(batch, {"small": 1}, atomic=True)
    assert isinstance(results[1].error, error)
    assert not any(result.is_new for result in results)
    assert all(result.error is not None for result in results), "no job stands for any of them"
    assert await adapter.store.get(["before", "after", "full"]) == [None, None, None]
    assert (await adapter.queue.stats("default")).waiting == 0
    assert sum((await adapter.store.enqueued_counts()).values()) == 1
    [freed] = await adapter.queue.enqueue([message(unique="key")])
    assert freed.is_new, "a message that was kept out holds no unique key"


async def test_atomic_counts_the_batch_itself(adapter: Adapter) -> None:
    """ "With `atomic`, one refused message keeps all out." """
    results = await adapter.queue.enqueue(messages(3), {"default": 2}, atomic=True)
    assert any(isinstance(result.error, QueueFull) for result in results)
    assert (await adapter.queue.stats("default")).waiting == 0
    results = await adapter.queue.enqueue(messages(2), {"default": 2}, atomic=True)
    assert all(result.is_new for result in results)


async def test_atomic_with_a_repeated_submit(adapter: Adapter) -> None:
    """ "A `job_id` that exists answers the existing job": the same job again, made later, refuses nothing."""
    await adapter.queue.enqueue([message("same", at=1)])
    results = await adapter.queue.enqueue([message("same", at=2), message("new")], atomic=True)
    assert [(result.job_id, result.is_new, result.error) for result in results] == [
        ("same", False, None),
        ("new", True, None),
    ]
    assert await adapter.is_known("new")


async def test_an_answered_message_is_stored(adapter: Adapter) -> None:
    """ "An answered message is stored: a worker can take it, a look-up finds it." """
    other = await adapter.two()
    sent = message("here", payload={"n": 1})
    await adapter.queue.enqueue([sent])
    assert (await other.job("here")).data == sent.data
    delivery = await other.take_one()
    assert (delivery.job_id, delivery.data, delivery.queue) == ("here", sent.data, "default")


async def test_fields_of_a_newer_release_survive(adapter: Adapter) -> None:
    """ "written once and never rewritten, so that fields a newer version adds survive." """
    sent = message("newer")
    data = sent.data[:-1] + b',"added_later":{"x":[1,2]}}'
    await adapter.queue.enqueue([Message("newer", sent.envelope, data)])
    assert (await adapter.take_one()).data == data
    assert (await adapter.job("newer")).data == data
