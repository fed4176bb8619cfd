"""ScheduleStore: what an instant does while a job of an earlier one has not ended."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts.harness import Adapter
from contracts.schedule_acts import (
    ENDS,
    SECOND,
    end_by,
    entry_of,
    fire,
    id_of,
    job_of,
    outcomes,
    put_due,
)
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.schedule_ledger import FireOutcome
from support.messages import message

FIRED, SKIPPED = FireOutcome.FIRED, FireOutcome.SKIPPED


@pytest.mark.parametrize("overlap", ["allow", "cancel_running"])
async def test_overlapping_jobs(adapter: Adapter, overlap: str) -> None:
    """ "With the overlap policies `skip` and `queue_one` the jobs of the latest 100 fires are looked at": with others not."""
    due = await put_due(adapter)
    assert await fire(adapter, due, overlap=overlap) is FIRED
    assert await fire(adapter, due + SECOND, overlap=overlap) is FIRED
    assert (await adapter.queue.stats("default")).waiting == 2


async def test_skip(adapter: Adapter) -> None:
    """ "where one has not ended, the instant is skipped, or queued." "or the one that was in the way." """
    due = await put_due(adapter)
    assert await fire(adapter, due, overlap="skip") is FIRED
    assert await fire(adapter, due + SECOND, overlap="skip") is SKIPPED
    delivery = await adapter.take_one()
    assert await fire(adapter, due + 2 * SECOND, overlap="skip") is SKIPPED
    await adapter.settle(delivery, JobEvent.ERRED, delay=timedelta(hours=1))
    assert await fire(adapter, due + 3 * SECOND, overlap="skip") is SKIPPED
    entry = await entry_of(adapter)
    assert (entry.fired, entry.skipped, entry.last_fired, entry.queued) == (1, 3, due, None)
    assert entry.next_due == due + 4 * SECOND
    skipped = [(due + number * SECOND, "skipped", id_of(due)) for number in (3, 2, 1)]
    assert await outcomes(adapter) == [*skipped, (due, "fired", id_of(due))]
    await adapter.store.cancel(id_of(due), None)
    assert await fire(adapter, due + 4 * SECOND, overlap="skip") is FIRED
    assert await adapter.take_all() == [id_of(due + 4 * SECOND)]


@pytest.mark.parametrize("end", ENDS)
async def test_what_has_ended_is_not_in_the_way(adapter: Adapter, end: str) -> None:
    """ "where one has not ended, the instant is skipped, or queued": a dead letter and a job that is gone have."""
    due = await put_due(adapter)
    assert await fire(adapter, due, overlap="skip") is FIRED
    await end_by(adapter, end)
    assert await fire(adapter, due + SECOND, overlap="skip") is FIRED
    assert (await entry_of(adapter)).skipped == 0


@pytest.mark.parametrize("overlap", ["skip", "queue_one"])
async def test_an_instant_whose_job_exists_is_not_skipped(adapter: Adapter, overlap: str) -> None:
    """ "So an instant makes one job": after a restore from a backup its job may be there already, and is noted as its own."""
    due = await put_due(adapter)
    await fire(adapter, due)
    await adapter.queue.enqueue([job_of(due + SECOND)])
    assert await fire(adapter, due + SECOND, overlap=overlap) is FIRED
    assert await adapter.schedules.unended("nightly") == [id_of(due), id_of(due + SECOND)]


async def test_another_schedule_is_not_in_the_way(adapter: Adapter) -> None:
    """ "the jobs of the latest 100 fires are looked at": of this schedule's."""
    for name in ("a", "a-b"):
        due = await put_due(adapter, name)
        assert await fire(adapter, due, name, overlap="skip") is FIRED


async def test_a_triggered_job_is_not_in_the_way(adapter: Adapter) -> None:
    """ "beside the timetable" """
    due = await put_due(adapter)
    await adapter.schedules.trigger("nightly", message("schedule:nightly:manual:1"))
    assert await adapter.schedules.unended("nightly") == []
    assert await fire(adapter, due, overlap="skip") is FIRED


async def test_the_latest_hundred_fires(adapter: Adapter) -> None:
    """ "The jobs of the latest 100 fires that have not ended, the earliest first." "the jobs of the latest 100 fires are looked at" """
    assert await adapter.schedules.unended("nobody") == []
    due = await put_due(adapter)
    instants = [due + number * SECOND for number in range(101)]
    for instant in instants:
        assert await fire(adapter, instant) is FIRED
    ids = [id_of(instant) for instant in instants]
    assert await adapter.schedules.unended("nightly") == ids[1:]
    deliveries = await adapter.take(101)
    assert [delivery.job_id for delivery in deliveries] == ids
    assert await adapter.schedules.unended("nightly") == ids[1:]
    for delivery in deliveries[2:]:
        await adapter.settle(delivery, JobEvent.SUCCEEDED)
    assert await fire(adapter, due + 101 * SECOND, overlap="skip") is SKIPPED
    assert await adapter.schedules.unended("nightly") == [ids[1]]
    await adapter.settle(deliveries[1], JobEvent.DIED)
    assert await adapter.schedules.unended("nightly") == []
    assert await fire(adapter, due + 102 * SECOND, overlap="skip") is FIRED
