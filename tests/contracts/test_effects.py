"""JobStore.effect and JobStore.record_effect."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts.harness import Adapter
from hexjobs.domain.errors import LeaseLost
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.delivery import Delivery
from support.messages import message

SHORT = timedelta(milliseconds=50)


async def _running(adapter: Adapter, job_id: str = "job") -> Delivery:
    await adapter.queue.enqueue([message(job_id)])
    return await adapter.take_one()


async def _recorded(adapter: Adapter, delivery: Delivery) -> bytes | None:
    return await adapter.store.effect(delivery.job_id, delivery.fence, "charge")


async def _record(adapter: Adapter, delivery: Delivery, value: bytes = b"1") -> bytes:
    return await adapter.store.record_effect(delivery.job_id, delivery.fence, "charge", value)


async def test_what_is_recorded_is_found(adapter: Adapter) -> None:
    """ "The value (JSON) that is recorded for an effect of a running job, None where there is none." """
    delivery = await _running(adapter)
    assert await _recorded(adapter, delivery) is None
    value = '{"id":"ch_1","größe":[1,null]}'.encode()
    assert await _record(adapter, delivery, value) == value
    assert await _recorded(adapter, delivery) == value
    assert await adapter.store.effect("job", delivery.fence, "another") is None
    assert await _recorded(adapter, await _running(adapter, "another job")) is None


async def test_the_first_record_wins(adapter: Adapter) -> None:
    """ "Record the value of an effect of a running job; the first one wins, and is the answer." """
    delivery = await _running(adapter)
    assert await _record(adapter, delivery, b'"first"') == b'"first"'
    assert (
        await (await adapter.two()).store.record_effect("job", delivery.fence, "charge", b"2") == b'"first"'
    )
    assert await _recorded(adapter, delivery) == b'"first"'


@pytest.mark.parametrize("event", [JobEvent.ERRED, JobEvent.SNOOZED, JobEvent.GIVEN_BACK])
async def test_the_next_run_finds_it(adapter: Adapter, event: JobEvent) -> None:
    """ "What is recorded stays as long as the job" """
    delivery = await _running(adapter)
    await _record(adapter, delivery)
    await adapter.settle(delivery, event, delay=timedelta(milliseconds=5))
    await adapter.until_due(10)
    assert await _recorded(adapter, await adapter.take_one()) == b"1"


@pytest.mark.parametrize("event", [JobEvent.SUCCEEDED, JobEvent.ERRED, JobEvent.DIED])
async def test_a_settled_delivery_is_stale(adapter: Adapter, event: JobEvent) -> None:
    """ "LeaseLost when the fence is stale." """
    delivery = await _running(adapter)
    await adapter.settle(delivery, event, delay=timedelta(hours=1))
    with pytest.raises(LeaseLost):
        await _recorded(adapter, delivery)
    with pytest.raises(LeaseLost):
        await _record(adapter, delivery)


async def test_a_stale_delivery_records_nothing(adapter: Adapter) -> None:
    """ "LeaseLost, and nothing changes, when the fence is stale." """
    late = await _running(adapter)
    await adapter.settle(late, JobEvent.GIVEN_BACK)
    current = await adapter.take_one(worker_id="worker-2")
    with pytest.raises(LeaseLost):
        await _record(adapter, late, b'"late"')
    assert await _recorded(adapter, current) is None
    await _record(adapter, current)
    with pytest.raises(LeaseLost):
        await _record(adapter, late, b'"late"')
    with pytest.raises(LeaseLost):
        await _recorded(adapter, late)
    assert await _recorded(adapter, current) == b"1"


async def test_an_unknown_job_has_no_current_delivery(adapter: Adapter) -> None:
    """ "LeaseLost when the fence is stale." """
    with pytest.raises(LeaseLost):
        await adapter.store.effect("nobody", 1, "charge")
    with pytest.raises(LeaseLost):
        await adapter.store.record_effect("nobody", 1, "charge", b"1")


@pytest.mark.parametrize("keep", [SHORT, timedelta(hours=1), None])
async def test_a_retried_job_keeps_it(adapter: Adapter, keep: timedelta | None) -> None:
    """ "What is recorded stays as long as the job, also over `retry`." """
    delivery = await _running(adapter)
    await _record(adapter, delivery)
    await adapter.settle(delivery, JobEvent.DIED, keep=keep)
    assert await adapter.store.retry("job")
    if keep is SHORT:
        await adapter.until_due(60)
    assert await _recorded(adapter, await adapter.take_one()) == b"1"


async def test_a_deleted_job_takes_it_along(adapter: Adapter) -> None:
    """ "Forget a job that does not run, with all that belongs to it." """
    delivery = await _running(adapter)
    await _record(adapter, delivery)
    await adapter.settle(delivery, JobEvent.DIED)
    assert await adapter.store.delete("job")
    assert await _recorded(adapter, await _running(adapter)) is None


@pytest.mark.parametrize("ended_by", ["expiry", "sweep"])
async def test_retention_takes_it_along(adapter: Adapter, ended_by: str) -> None:
    """ "What is recorded stays as long as the job", and no longer."""
    delivery = await _running(adapter)
    await _record(adapter, delivery)
    await adapter.settle(delivery, JobEvent.SUCCEEDED, keep=SHORT if ended_by == "expiry" else None)
    await adapter.until_due(60)
    if ended_by == "sweep":
        assert await adapter.store.sweep(0) == 1
    assert await _recorded(adapter, await _running(adapter)) is None
