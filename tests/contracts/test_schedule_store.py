"""ScheduleStore: recurring schedules, and the ledger of what has fired."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import msgspec

from contracts.harness import Adapter
from hexjobs.domain.status import JobStatus
from hexjobs.ports.schedule_store import ScheduleEntry
from support.messages import message

DUE, FOLLOWING = 1_800_000_000_000, 1_800_000_060_000


def _entry(name: str = "nightly", **fields: Any) -> ScheduleEntry:
    known = {
        "name": name,
        "cron": "0 2 * * *",
        "timezone": "Europe/Berlin",
        "envelope": msgspec.Raw(b'{"v":1,"type":"report","payload":{"n": 1}}'),
        "next_due": DUE,
    }
    return ScheduleEntry(**{**known, **fields})


async def test_put_and_get(adapter: Adapter) -> None:
    """ "Add the entry, or replace the one of the same name." "The entry, or None." """
    assert await adapter.schedules.get("nightly") is None
    await adapter.schedules.put(_entry())
    assert await adapter.schedules.get("nightly") == _entry()
    await adapter.schedules.put(_entry(cron="0 3 * * *", next_due=DUE + 1, last_fired=DUE))
    assert await adapter.schedules.get("nightly") == _entry(
        cron="0 3 * * *", next_due=DUE + 1, last_fired=DUE
    )
    assert len(await adapter.schedules.list()) == 1


async def test_an_entry_is_the_stores_own(adapter: Adapter) -> None:
    """ "Add the entry": what the caller does with its object afterwards changes nothing."""
    entry = _entry()
    await adapter.schedules.put(entry)
    entry.paused = True
    found = await adapter.schedules.get("nightly")
    assert found is not None
    found.next_due = 0
    assert await adapter.schedules.get("nightly") == _entry()


async def test_list_is_ordered_by_name(adapter: Adapter) -> None:
    """ "All entries, by name." """
    assert await adapter.schedules.list() == []
    for name in ("b", "a", "c-1"):
        await adapter.schedules.put(_entry(name))
    await adapter.schedules.set_paused("a", True)
    assert [entry.name for entry in await adapter.schedules.list()] == ["a", "b", "c-1"]


async def test_remove(adapter: Adapter) -> None:
    """ "Forget the entry; False when there is none. Jobs that it made stay." """
    await adapter.schedules.put(_entry())
    assert await adapter.schedules.fire("nightly", DUE, FOLLOWING, message("fired"))
    assert await adapter.schedules.remove("nightly")
    assert not await adapter.schedules.remove("nightly")
    assert await adapter.schedules.get("nightly") is None
    assert await adapter.schedules.next_due() is None
    assert await adapter.is_known("fired")


async def test_a_paused_entry_does_not_fire(adapter: Adapter) -> None:
    """ "Pause or resume; False when there is no such entry. A paused entry does not fire." """
    await adapter.schedules.put(_entry())
    assert await adapter.schedules.set_paused("nightly", True)
    assert not await adapter.schedules.fire("nightly", DUE, FOLLOWING, message("fired"))
    assert await adapter.schedules.get("nightly") == _entry(paused=True)
    assert await adapter.schedules.set_paused("nightly", False)
    assert await adapter.schedules.fire("nightly", DUE, FOLLOWING, message("fired"))
    assert not await adapter.schedules.set_paused("nobody", True)
    assert await adapter.schedules.get("nobody") is None


async def test_pausing_keeps_the_ledger(adapter: Adapter) -> None:
    """ "Pause or resume" """
    await adapter.schedules.put(_entry())
    await adapter.schedules.fire("nightly", DUE, FOLLOWING, message())
    for paused in (True, True, False, False):
        await adapter.schedules.set_paused("nightly", paused)
        assert await adapter.schedules.get("nightly") == _entry(
            next_due=FOLLOWING, last_fired=DUE, paused=paused
        )


async def test_an_entry_put_as_paused_does_not_fire(adapter: Adapter) -> None:
    """ "A paused entry does not fire." """
    await adapter.schedules.put(_entry(paused=True))
    assert await adapter.schedules.next_due() is None
    assert not await adapter.schedules.fire("nightly", DUE, FOLLOWING, message())


async def test_the_next_due_instant(adapter: Adapter) -> None:
    """ "The earliest due instant of an entry that is not paused, or None." """
    assert await adapter.schedules.next_due() is None
    await adapter.schedules.put(_entry("late", next_due=DUE + 9))
    await adapter.schedules.put(_entry("early", next_due=DUE))
    await adapter.schedules.put(_entry("middle", next_due=DUE + 5))
    assert await adapter.schedules.next_due() == DUE
    await adapter.schedules.set_paused("early", True)
    assert await adapter.schedules.next_due() == DUE + 5
    await adapter.schedules.remove("middle")
    assert await adapter.schedules.next_due() == DUE + 9


async def test_fire_enqueues_the_job_and_moves_on(adapter: Adapter) -> None:
    """ "Claim the instant `due` of an entry and enqueue its job, in one step" and "then `following` becomes its
    `next_due`." """
    await adapter.schedules.put(_entry())
    fired = message("schedule:nightly:1", queue="reports", priority="high", payload={"n": 1})
    assert await adapter.schedules.fire("nightly", DUE, FOLLOWING, fired)
    assert await adapter.schedules.get("nightly") == _entry(next_due=FOLLOWING, last_fired=DUE)
    assert await adapter.schedules.next_due() == FOLLOWING
    job = await adapter.job("schedule:nightly:1")
    assert (job.status, job.data) == (JobStatus.PENDING, fired.data)
    assert await adapter.store.enqueued_counts() == {("report", "high", "reports"): 1}
    assert await adapter.take_all(queue="reports") == ["schedule:nightly:1"]


async def test_an_instant_is_claimed_once(adapter: Adapter) -> None:
    """ "False when it is not claimable." "It is claimable when the entry exists, is not paused, and its `next_due` is
    `due`" """
    await adapter.schedules.put(_entry())
    assert not await adapter.schedules.fire("nightly", DUE - 1, FOLLOWING, message("too-early"))
    assert not await adapter.schedules.fire("nobody", DUE, FOLLOWING, message("nobody"))
    assert await adapter.schedules.fire("nightly", DUE, FOLLOWING, message("first"))
    assert not await adapter.schedules.fire("nightly", DUE, FOLLOWING, message("second"))
    assert await adapter.take_all() == ["first"]
    assert await adapter.schedules.get("nightly") == _entry(next_due=FOLLOWING, last_fired=DUE)


async def test_many_schedulers_make_one_job(adapter: Adapter) -> None:
    """ "So an instant makes one job, however many schedulers try." """
    other = await adapter.two()
    await adapter.schedules.put(_entry())
    attempts = [
        client.schedules.fire("nightly", DUE, FOLLOWING, message())
        for client in (adapter, other)
        for _ in range(10)
    ]
    assert sum(await asyncio.gather(*attempts)) == 1
    assert (await adapter.queue.stats("default")).waiting == 1


async def test_an_instant_whose_job_exists_is_claimed_all_the_same(adapter: Adapter) -> None:
    """ "So an instant makes one job": after a restore from a backup its job may be there already."""
    await adapter.schedules.put(_entry())
    await adapter.queue.enqueue([message("fired")])
    assert await adapter.schedules.fire("nightly", DUE, FOLLOWING, message("fired"))
    assert await adapter.take_all() == ["fired"]
    assert await adapter.schedules.next_due() == FOLLOWING


async def test_a_fire_ends_the_wait_of_a_worker(adapter: Adapter) -> None:
    """ "enqueue its job, in one step" """
    await adapter.schedules.put(_entry())
    task = asyncio.create_task(_wait_for_one(adapter))
    await asyncio.sleep(0.03)
    await adapter.schedules.fire("nightly", DUE, FOLLOWING, message("fired"))
    assert await asyncio.wait_for(task, 5) == "fired"


async def _wait_for_one(adapter: Adapter) -> str:
    while True:
        deliveries = await adapter.take(wait=timedelta(seconds=20))
        if deliveries:
            return deliveries[0].job_id
