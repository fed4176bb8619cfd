"""Keys of schedules that are gone: what a check finds, what it repairs, and that no instant makes a second job."""

from __future__ import annotations

import pytest

from hexjobs.ports.schedule_ledger import Claim, FireOutcome
from support.messages import message
from support.plans import HOUR, entry_of, fire, plan
from support.real_store import RealStore, Within

FIRED, SKIPPED, QUEUED = FireOutcome.FIRED, FireOutcome.SKIPPED, FireOutcome.QUEUED


async def a_history(store: RealStore) -> None:
    """Two fires, one instant that was skipped, one that waits, one of the past that was missed."""
    await store.schedules.put(plan(next_due=HOUR, source="cli"))
    assert await store.schedules.pass_over(Claim("hourly", HOUR, 2 * HOUR, 3 * HOUR), 2)
    assert [await fire(store.schedules, number * HOUR) for number in (3, 4)] == [FIRED, FIRED]
    assert await fire(store.schedules, 5 * HOUR, "skip") is SKIPPED
    assert await fire(store.schedules, 6 * HOUR, "queue_one") is QUEUED
    await store.schedules.trigger("hourly", message("by-hand"))


def lose(store: RealStore, *parts: str) -> None:
    """One key is gone."""
    assert store.client.delete(store.key("schedules", *parts))


def test_places(within: Within) -> None:
    """Each has its next due instant again, the first that nothing is known of; paused and ended ones are as they were."""

    async def scenario(store: RealStore) -> None:
        await a_history(store)
        await store.schedules.put(plan("new", next_due=3 * HOUR, anchor=2 * HOUR + 5))
        await store.schedules.put(plan("over", next_due=HOUR, end=2 * HOUR))
        await store.schedules.pass_over(Claim("over", HOUR, 2 * HOUR, None), 2)
        await store.schedules.put(plan("rests", next_due=HOUR))
        await store.schedules.pause("rests")
        before = await store.schedules.list()
        for place, number in (("due", 2), ("paused", 1), ("ended", 1)):
            lose(store, place)
            await store.mended(schedule_without_due=number)
            assert await store.schedules.list() == before
        assert {entry.name: (entry.next_due, entry.paused_by) for entry in before} == {
            "hourly": (7 * HOUR, ""),
            "new": (3 * HOUR, ""),
            "over": (None, ""),
            "rests": (HOUR, "hand"),
        }

    within(scenario)


@pytest.mark.parametrize("by", ["hand", "config"])
def test_a_pause_is_not_made_up(within: Within, by: str) -> None:
    """One that was resumed goes on after that, although its ledger ends long before."""

    async def scenario(store: RealStore) -> None:
        await a_history(store)
        now = await store.schedules.now()
        following = plan(next_due=now - now % HOUR + HOUR, source="config")
        if by == "hand":
            await store.schedules.pause("hourly")
            await store.schedules.resume("hourly", following.next_due)
        else:
            for revision, plans in enumerate([[following], [], [following]]):
                await store.schedules.seed(revision, "x", plans, prune=False)
        before = await entry_of(store.schedules)
        assert before.next_due == following.next_due
        lose(store, "due")
        await store.mended(schedule_without_due=1)
        assert await entry_of(store.schedules) == before

    within(scenario)


@pytest.mark.parametrize(
    ("places", "paused", "expected"),
    [
        ({"due": 7, "paused": 8}, False, 7),
        ({"due": 7, "paused": 8}, True, 8),
        ({"paused": 8}, False, 8),
        ({"due": 7}, True, 7),
        ({"due": 7, "ended": 9}, False, 7),
        ({"paused": 8, "ended": 9}, True, 8),
    ],
)
def test_in_a_wrong_place(within: Within, places: dict[str, int], paused: bool, expected: int) -> None:
    """Its state tells where it belongs; of two due instants that of the right place stays."""

    async def scenario(store: RealStore) -> None:
        await store.schedules.put(plan(next_due=5))
        if paused:
            await store.schedules.pause("hourly")
        for place in ("due", "paused", "ended"):
            store.client.delete(store.key("schedules", place))
        for place, score in places.items():
            store.client.zadd(store.key("schedules", place), {"hourly": score})
        await store.mended(schedule_misplaced=1)
        entry = await entry_of(store.schedules)
        assert (entry.next_due, entry.paused) == (expected, paused)
        kept = [
            place
            for place in ("due", "paused", "ended")
            if store.client.exists(store.key("schedules", place))
        ]
        assert kept == ["paused" if paused else "due"]

    within(scenario)


def test_a_state(within: Within) -> None:
    """The ledger and the place tell what it was; a paused one stays paused, what waits goes on waiting."""

    async def scenario(store: RealStore) -> None:
        await a_history(store)
        before = await entry_of(store.schedules)
        lose(store, "state", "hourly")
        await store.mended(schedule_state_lost=1)
        after = await entry_of(store.schedules)
        assert after.anchor % HOUR == 0
        after.anchor = before.anchor
        assert after == before
        assert (before.fired, before.skipped, before.missed, before.queued) == (2, 1, 2, 6 * HOUR)
        await store.schedules.put(plan(next_due=1, source="cli"))
        assert (await entry_of(store.schedules)).next_due == before.next_due, "its rhythm is known again"
        await store.schedules.pause("hourly")
        lose(store, "state", "hourly")
        await store.mended(schedule_state_lost=1)
        assert (await entry_of(store.schedules)).paused_by == "hand"

    within(scenario)


def test_a_state_and_all_places(within: Within) -> None:
    """Both at once: the state first, for the place is told by it."""

    async def scenario(store: RealStore) -> None:
        await store.schedules.put(plan(next_due=HOUR, every=HOUR))
        await fire(store.schedules, HOUR)
        lose(store, "state", "hourly")
        lose(store, "due")
        await store.mended(schedule_state_lost=1, schedule_without_due=1)
        assert (await entry_of(store.schedules)).next_due == 2 * HOUR

    within(scenario)


def test_what_a_lost_state_had_forgotten(within: Within) -> None:
    """No instant before a full ledger can be claimed."""

    async def scenario(store: RealStore) -> None:
        await store.schedules.put(plan(next_due=HOUR))
        for number in range(1, 1002):
            at = number * HOUR
            assert await store.schedules.pass_over(Claim("hourly", at, at, at + HOUR), 1)
        lose(store, "state", "hourly")
        await store.mended(schedule_state_lost=1)
        await store.schedules.put(plan(next_due=HOUR, jitter=1))
        assert await fire(store.schedules, HOUR) is FireOutcome.REFUSED

    within(scenario)


def test_a_ledger(within: Within) -> None:
    """What has fired does not fire again, although nothing tells what it was."""

    async def scenario(store: RealStore) -> None:
        await a_history(store)
        lose(store, "ledger", "hourly")
        await store.mended(schedule_ledger_lost=1)
        lose(store, "due")
        await store.mended(schedule_without_due=1)
        assert (await entry_of(store.schedules)).next_due == 7 * HOUR, "what waits is settled, too"
        await store.schedules.put(plan(next_due=3 * HOUR, jitter=1))
        assert await fire(store.schedules, 3 * HOUR) is FireOutcome.REFUSED
        assert await fire(store.schedules, 4 * HOUR) is FireOutcome.REFUSED
        assert await fire(store.schedules, 5 * HOUR) is FIRED

    within(scenario)


def test_a_ledger_and_all_places(within: Within) -> None:
    """The next instant is the one after the last that fired."""

    async def scenario(store: RealStore) -> None:
        await store.schedules.put(plan(next_due=HOUR))
        assert [await fire(store.schedules, number * HOUR) for number in (1, 2)] == [FIRED, FIRED]
        lose(store, "ledger", "hourly")
        lose(store, "due")
        await store.mended(schedule_ledger_lost=1, schedule_without_due=1)
        assert (await entry_of(store.schedules)).next_due == 3 * HOUR

    within(scenario)


def test_the_latest_jobs(within: Within) -> None:
    """What is in the way of a further instant is known again, from the ledger."""

    async def scenario(store: RealStore) -> None:
        await a_history(store)
        before = await store.schedules.unended("hourly")
        lose(store, "fires", "hourly")
        await store.mended(schedule_fires_lost=1)
        assert (
            await store.schedules.unended("hourly")
            == before
            == [f"schedule:hourly:{n * HOUR}" for n in (3, 4)]
        )

    within(scenario)


def test_what_waits(within: Within) -> None:
    """An instant whose job is lost was missed, and another one may wait; one that waits untold is told again."""

    async def scenario(store: RealStore) -> None:
        await a_history(store)
        store.client.hdel(store.key("schedules", "state", "hourly"), "queued")
        await store.mended(schedule_queued_untold=1)
        assert (await entry_of(store.schedules)).queued == 6 * HOUR
        lose(store, "queued")
        await store.mended(schedule_queued_lost=1)
        entry = await entry_of(store.schedules)
        assert (entry.queued, entry.missed) == (None, 3)
        outcomes = {each.instant: each.outcome for each in await store.schedules.history("hourly", 99)}
        assert outcomes[6 * HOUR] == "missed"
        assert await fire(store.schedules, 7 * HOUR, "queue_one") is QUEUED

    within(scenario)
