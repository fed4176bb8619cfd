"""ScheduleStore keeps schedules: put, replaced, listed, paused, resumed and removed."""

from __future__ import annotations

from msgspec.structs import asdict

from contracts.harness import HOUR, Adapter
from contracts.schedule_acts import SECOND, entry_of, fire, look, names, outcomes, pass_over, planned, put_due
from hexjobs.ports.schedule_entry import ScheduleEntry


async def test_the_stores_clock(adapter: Adapter) -> None:
    """ "The store's clock, in milliseconds since 1970." """
    before = await adapter.schedules.now()
    assert abs(before - adapter.now()) < HOUR
    await adapter.until_due(20)
    assert await adapter.schedules.now() >= before + 20


async def test_put_and_get(adapter: Adapter) -> None:
    """ "Add the entry, or replace the one of the same name." "The entry, or None." "used where its rhythm is a new one" """
    assert await adapter.schedules.get("nightly") is None
    plan = planned(next_due=HOUR, anchor=5)
    await adapter.schedules.put(plan)
    assert await entry_of(adapter) == ScheduleEntry(**asdict(plan.definition), anchor=5, next_due=HOUR)
    await adapter.schedules.put(planned(cron="0 3 * * *", next_due=9, anchor=8))
    entry = await entry_of(adapter)
    assert (entry.cron, entry.every, entry.next_due, entry.anchor) == ("0 3 * * *", None, 9, 8)
    assert len(await adapter.schedules.list()) == 1


async def test_a_definition_is_kept_whole(adapter: Adapter) -> None:
    """ "What a schedule is: when it is due, and what its jobs are." """
    plan = planned(
        next_due=HOUR,
        cron="30 2 * * *",
        timezone="Europe/Berlin",
        start=1,
        end=1 << 42,
        limit=3,
        exclude=["2026-12-25", "* * * 8 *"],
        jitter=500,
        misfire="run_all",
        grace=0,
        backlog=7,
        overlap="queue_one",
        source="config",
    )
    await adapter.schedules.put(plan)
    assert await entry_of(adapter) == ScheduleEntry(**asdict(plan.definition), anchor=7, next_due=HOUR)


async def test_an_entry_is_the_stores_own(adapter: Adapter) -> None:
    """ "Add the entry": what the caller does with its objects afterwards changes nothing."""
    plan = planned(next_due=HOUR, exclude=["2026-12-25"])
    await adapter.schedules.put(plan)
    kept = await entry_of(adapter)
    plan.definition.exclude.append("2026-12-26")
    plan.definition.every = 5
    found = await entry_of(adapter)
    found.next_due, found.paused_by = 0, "hand"
    found.exclude.append("2026-12-27")
    [listed] = await adapter.schedules.list()
    listed.fired = 9
    again = await entry_of(adapter)
    assert (again, again.exclude, again.next_due, again.fired) == (kept, ["2026-12-25"], HOUR, 0)


async def test_the_same_rhythm_goes_on(adapter: Adapter) -> None:
    """ "One with the same rhythm keeps its anchor and its next due instant;" """
    await adapter.schedules.put(planned(next_due=HOUR, anchor=5))
    await adapter.schedules.put(planned(next_due=2 * HOUR, anchor=6, overlap="skip", grace=1))
    entry = await entry_of(adapter)
    assert (entry.next_due, entry.anchor, entry.overlap, entry.grace) == (HOUR, 5, "skip", 1)
    await adapter.schedules.put(planned(next_due=3 * HOUR, anchor=6, overlap="skip", jitter=1))
    entry = await entry_of(adapter)
    assert (entry.next_due, entry.anchor, entry.jitter, entry.grace) == (3 * HOUR, 6, 1, 60_000)


async def test_a_replaced_entry_keeps_what_became_of_it(adapter: Adapter) -> None:
    """ "its counts, its ledger and whether it is paused stay in any case." """
    due = await put_due(adapter)
    await fire(adapter, due)
    await fire(adapter, due + SECOND, overlap="skip")
    await pass_over(adapter, due + 2 * SECOND, 5)
    await adapter.schedules.pause("nightly")
    before, noted = await entry_of(adapter), await outcomes(adapter)
    for every in (60_000, 61_000):
        await adapter.schedules.put(planned(next_due=due, every=every))
        after = await entry_of(adapter)
        for field in ("fired", "skipped", "missed", "last_fired", "paused_by"):
            assert getattr(after, field) == getattr(before, field), field
        assert await outcomes(adapter) == noted
    entry = await entry_of(adapter)
    assert (entry.fired, entry.skipped, entry.missed, entry.last_fired) == (1, 1, 5, due)
    assert (entry.every, entry.next_due, names(await look(adapter))) == (61_000, due, [])


async def test_an_ended_one_begins_anew_with_another_rhythm_alone(adapter: Adapter) -> None:
    """ "One with the same rhythm keeps" "its next due instant;" "None: it has ended" """
    due = await put_due(adapter)
    await adapter.schedules.pause("nightly")
    await adapter.schedules.resume("nightly", None)
    await adapter.schedules.put(planned(next_due=due))
    assert (await entry_of(adapter)).next_due is None
    assert (names(await look(adapter)), (await look(adapter)).next_due) == ([], None)
    await adapter.schedules.put(planned(next_due=due, limit=9))
    assert names(await look(adapter)) == ["nightly"]


async def test_list_is_ordered_by_name(adapter: Adapter) -> None:
    """ "All entries, by name." """
    assert await adapter.schedules.list() == []
    for name in ("b", "a", "c-1", "ended"):
        await adapter.schedules.put(planned(name, next_due=HOUR))
    for name in ("a", "ended"):
        await adapter.schedules.pause(name)
    await adapter.schedules.resume("ended", None)
    assert [entry.name for entry in await adapter.schedules.list()] == ["a", "b", "c-1", "ended"]


async def test_remove(adapter: Adapter) -> None:
    """ "Forget the entry with its ledger; False when there is none. Jobs that it made stay." """
    assert not await adapter.schedules.remove("nightly")
    due = await put_due(adapter)
    await fire(adapter, due)
    assert await adapter.schedules.remove("nightly")
    assert not await adapter.schedules.remove("nightly")
    assert await adapter.schedules.get("nightly") is None
    assert (await adapter.schedules.list(), await outcomes(adapter)) == ([], [])
    assert (names(await look(adapter)), await adapter.schedules.unended("nightly")) == ([], [])
    await adapter.schedules.put(planned(next_due=due))
    entry = await entry_of(adapter)
    assert (entry.fired, entry.last_fired, entry.next_due) == (0, None, due)
    assert await adapter.take_all() == [f"schedule:nightly:{due}"]
    assert (await adapter.checker.check()).findings == []


async def test_a_paused_entry_is_not_due(adapter: Adapter) -> None:
    """ "Pause by `hand`; False when there is no such entry. A paused entry is not due, and can be triggered." """
    due = await put_due(adapter)
    assert await adapter.schedules.pause("nightly")
    assert await adapter.schedules.pause("nightly")
    entry, looked = await entry_of(adapter), await look(adapter)
    assert (entry.paused, entry.paused_by, entry.next_due) == (True, "hand", due)
    assert (looked.due, looked.next_due) == ([], None)
    assert not await adapter.schedules.pause("nobody")
    assert await adapter.schedules.get("nobody") is None


async def test_resume(adapter: Adapter) -> None:
    """ "Go on, with the given next due instant; False when there is no such entry." """
    due = await put_due(adapter)
    await adapter.schedules.pause("nightly")
    assert await adapter.schedules.resume("nightly", due + SECOND)
    entry, looked = await entry_of(adapter), await look(adapter)
    assert (entry.paused, entry.paused_by, entry.next_due) == (False, "", due + SECOND)
    assert (names(looked), looked.next_due) == (["nightly"], due + SECOND)
    assert not await adapter.schedules.resume("nobody", due)
    assert await adapter.schedules.get("nobody") is None


async def test_resuming_to_nothing_ends_it(adapter: Adapter) -> None:
    """ "with the given next due instant": none, where it has ended meanwhile."""
    await put_due(adapter)
    await adapter.schedules.pause("nightly")
    assert await adapter.schedules.resume("nightly", None)
    entry, looked = await entry_of(adapter), await look(adapter)
    assert (entry.paused, entry.next_due, looked.due, looked.next_due) == (False, None, [], None)
    assert (await adapter.checker.check()).findings == []


async def test_resuming_one_that_runs_changes_nothing(adapter: Adapter) -> None:
    """ "One that is not paused stays as it is." """
    due = await put_due(adapter)
    assert await adapter.schedules.resume("nightly", due + HOUR)
    assert await adapter.schedules.resume("nightly", None)
    assert (await entry_of(adapter)).next_due == due


async def test_what_is_due(adapter: Adapter) -> None:
    """ "What is due now, `most` entries at most." "The store's own clock decides what is due: no clock of a scheduler does." """
    looked = await look(adapter)
    assert (looked.due, looked.next_due, looked.revision, looked.released, looked.waits) == (
        [],
        None,
        None,
        [],
        False,
    )
    now = await adapter.schedules.now()
    for name, due in (("b", now - 1), ("c", now), ("a", now - HOUR), ("later", now + HOUR)):
        await adapter.schedules.put(planned(name, next_due=due))
    looked = await look(adapter)
    assert (names(looked), looked.next_due) == (["a", "b", "c"], now - HOUR)
    assert looked.due[0] == await entry_of(adapter, "a")
    assert now <= looked.now <= await adapter.schedules.now()
    assert names(await look(adapter, 2)) == ["a", "b"]
    for name in ("a", "b", "c"):
        await adapter.schedules.remove(name)
    looked = await look(adapter)
    assert (looked.due, looked.next_due) == ([], now + HOUR)


async def test_an_instant_comes_by_the_stores_time(adapter: Adapter) -> None:
    """ "The store's own clock decides what is due" """
    due = await adapter.schedules.now() + 100
    await adapter.schedules.put(planned(next_due=due))
    looked = await look(adapter)
    assert (looked.due == []) == (looked.now < due)
    assert looked.next_due == due
    await adapter.until_due(100)
    assert names(await look(adapter)) == ["nightly"]
