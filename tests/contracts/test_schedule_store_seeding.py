"""ScheduleStore: the schedules of a configuration, applied by revision."""

from __future__ import annotations

import asyncio
from typing import Any

from contracts.harness import HOUR, Adapter
from contracts.schedule_acts import SECOND, entry_of, fire, look, names, planned, put_due
from hexjobs.ports.schedule_entry import Planned
from hexjobs.ports.schedule_ledger import FireOutcome, Seeding


def _plans(*wanted: str, next_due: int = HOUR, **fields: Any) -> list[Planned]:
    return [planned(name, next_due=next_due, source="config", **fields) for name in wanted]


async def _names(adapter: Adapter) -> dict[str, str]:
    return {entry.name: entry.paused_by for entry in await adapter.schedules.list()}


async def test_the_first_configuration_is_applied(adapter: Adapter) -> None:
    """ "Apply the schedules of a configuration, all in one step, where its revision is higher than that of the one before, or
    none was." "`revision` is that of the configuration that was applied last, None where there was none." """
    assert (await look(adapter)).revision is None
    seeding = await adapter.schedules.seed(0, "abc", _plans("a", "b"), prune=False)
    assert seeding == Seeding(applied=True, revision=0, digest="abc")
    assert await _names(adapter) == {"a": "", "b": ""}
    entry = await entry_of(adapter, "a")
    assert (entry.next_due, entry.anchor, entry.source) == (HOUR, 7, "config")
    assert (await look(adapter)).revision == 0
    assert (await adapter.checker.check()).findings == []


async def test_a_lower_or_equal_revision_writes_nothing(adapter: Adapter) -> None:
    """ "`applied` is whether it was; else `revision` and `digest` are of the one that is there." """
    await adapter.schedules.seed(5, "five", _plans("a", every=5000), prune=False)
    for revision in (4, 5, 0):
        for prune in (False, True):
            seeding = await adapter.schedules.seed(revision, "other", _plans("b"), prune=prune)
            assert seeding == Seeding(applied=False, revision=5, digest="five")
    assert await _names(adapter) == {"a": ""}
    assert ((await entry_of(adapter, "a")).every, (await look(adapter)).revision) == (5000, 5)


async def test_a_higher_revision_is_put(adapter: Adapter) -> None:
    """ "Each is put as by `put`." """
    due = await put_due(adapter, "a", source="config", overlap="skip")
    await fire(adapter, due, "a")
    await adapter.schedules.seed(9, "nine", _plans("a", "b"), prune=False)
    entry = await entry_of(adapter, "a")
    assert (entry.next_due, entry.fired, entry.last_fired, entry.overlap) == (due + SECOND, 1, due, "allow")
    assert (await adapter.schedules.seed(10, "ten", _plans("a", "b", every=5000), prune=False)).applied
    entry = await entry_of(adapter, "a")
    assert (entry.next_due, entry.every, entry.fired, entry.last_fired) == (HOUR, 5000, 1, due)
    assert ((await look(adapter)).revision, len(await adapter.schedules.history("a", 9))) == (10, 1)


async def test_an_edit_holds_until_the_revision_rises(adapter: Adapter) -> None:
    """ "where its revision is higher than that of the one before" """
    await adapter.schedules.seed(1, "x", _plans("a"), prune=False)
    await adapter.schedules.put(planned("a", next_due=9, every=9000, source="config"))
    await adapter.schedules.seed(1, "x", _plans("a"), prune=False)
    assert (await entry_of(adapter, "a")).every == 9000
    await adapter.schedules.seed(2, "x", _plans("a"), prune=False)
    assert (await entry_of(adapter, "a")).every == 60_000


async def test_what_is_gone_from_it_is_paused(adapter: Adapter) -> None:
    """ "Schedules of an earlier configuration that are not among them are paused by `config`," """
    await adapter.schedules.put(planned("mine", next_due=HOUR))
    await adapter.schedules.put(planned("theirs", next_due=HOUR, source="cli"))
    await adapter.schedules.seed(1, "x", _plans("a", "b", "c"), prune=False)
    seeding = await adapter.schedules.seed(2, "y", _plans("b"), prune=False)
    assert (seeding.applied, sorted(seeding.paused), seeding.removed) == (True, ["a", "c"], [])
    assert await _names(adapter) == {"a": "config", "b": "", "c": "config", "mine": "", "theirs": ""}
    assert (await adapter.checker.check()).findings == []


async def test_pruned(adapter: Adapter) -> None:
    """ "or with `prune` forgotten;" "`paused` and `removed` are the names of schedules that the configuration has no more." """
    await adapter.schedules.put(planned("mine", next_due=HOUR))
    await adapter.schedules.seed(1, "x", _plans("a", "b", "c"), prune=False)
    await adapter.schedules.seed(2, "y", _plans("a", "b"), prune=False)
    seeding = await adapter.schedules.seed(3, "z", _plans("b"), prune=True)
    assert (seeding.applied, seeding.paused, sorted(seeding.removed)) == (True, [], ["a", "c"])
    assert await _names(adapter) == {"b": "", "mine": ""}
    assert await adapter.schedules.history("a", 9) == []
    assert (await adapter.checker.check()).findings == []


async def test_one_that_comes_back_goes_on(adapter: Adapter) -> None:
    """ "one that was paused so and is there again goes on from the `next_due` of its plan, unless it has ended." """
    due = await put_due(adapter, "a", source="config")
    await fire(adapter, due, "a")
    await adapter.schedules.seed(1, "x", [], prune=False)
    assert (names(await look(adapter)), await fire(adapter, due + SECOND, "a")) == ([], FireOutcome.REFUSED)
    later = due + 5 * SECOND
    await adapter.schedules.seed(2, "y", _plans("a", next_due=later), prune=False)
    entry = await entry_of(adapter, "a")
    assert (entry.paused, entry.next_due, entry.fired, entry.anchor) == (False, later, 1, 7)
    assert names(await look(adapter)) == ["a"]
    assert (await adapter.checker.check()).findings == []


async def test_one_that_has_ended_comes_back_as_ended(adapter: Adapter) -> None:
    """ "unless it has ended." "One with the same rhythm keeps" "its next due instant;" """
    await adapter.schedules.seed(1, "x", _plans("a"), prune=False)
    await adapter.schedules.pause("a")
    await adapter.schedules.resume("a", None)
    await adapter.schedules.seed(2, "y", [], prune=False)
    assert (await entry_of(adapter, "a")).paused_by == "config"
    await adapter.schedules.seed(3, "z", _plans("a"), prune=False)
    entry = await entry_of(adapter, "a")
    assert (entry.paused, entry.next_due) == (False, None)
    await adapter.schedules.seed(4, "z", _plans("a", limit=9), prune=False)
    assert (await entry_of(adapter, "a")).next_due == HOUR
    assert (await adapter.checker.check()).findings == []


async def test_what_was_paused_by_hand_stays_so(adapter: Adapter) -> None:
    """ "one that was paused so": by the configuration, not by hand. "its counts, its ledger and whether it is paused stay in any
    case." """
    await adapter.schedules.seed(1, "x", _plans("a", "b"), prune=False)
    await adapter.schedules.pause("a")
    await adapter.schedules.seed(2, "x", _plans("a"), prune=False)
    assert await _names(adapter) == {"a": "hand", "b": "config"}
    await adapter.schedules.pause("b")
    await adapter.schedules.seed(3, "x", [], prune=False)
    assert await _names(adapter) == {"a": "hand", "b": "hand"}
    await adapter.schedules.seed(4, "x", _plans("a", "b"), prune=False)
    assert await _names(adapter) == {"a": "hand", "b": "hand"}


async def test_one_is_resumed_by_hand(adapter: Adapter) -> None:
    """ "Go on, with the given next due instant": also what the configuration has paused."""
    await adapter.schedules.seed(1, "x", _plans("a"), prune=False)
    await adapter.schedules.seed(2, "x", [], prune=False)
    assert await adapter.schedules.resume("a", 5)
    assert ((await entry_of(adapter, "a")).next_due, await _names(adapter)) == (5, {"a": ""})


async def test_it_takes_over_what_others_keep(adapter: Adapter) -> None:
    """ "Schedules of an earlier configuration": a schedule is of whom it was put by last."""
    await adapter.schedules.put(planned("a", next_due=9))
    await adapter.schedules.seed(1, "x", _plans("a", "b"), prune=False)
    await adapter.schedules.put(planned("b", next_due=9))
    seeding = await adapter.schedules.seed(2, "x", [], prune=True)
    assert (seeding.removed, await _names(adapter)) == (["a"], {"b": ""})


async def test_one_of_all_applies_a_revision(adapter: Adapter) -> None:
    """ "all in one step, where its revision is higher than that of the one before" """
    other = await adapter.two()
    found = await asyncio.gather(
        *[
            client.schedules.seed(1, f"{number}", _plans(f"a-{number}", f"b-{number}"), prune=True)
            for number in range(10)
            for client in (adapter, other)
        ]
    )
    [applied] = [seeding for seeding in found if seeding.applied]
    assert {seeding.digest for seeding in found} == {applied.digest}
    assert sorted(await _names(adapter)) == [f"a-{applied.digest}", f"b-{applied.digest}"]
