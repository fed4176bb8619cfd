"""Schedules that are gone, or that nobody can read: what is left of them, and those of the configuration come back."""

from __future__ import annotations

from typing import Any

import pytest

from hexjobs.ports.schedule_ledger import FireOutcome
from support.plans import HOUR, fire, plan
from support.real_store import RealStore, Within


@pytest.mark.parametrize("kept", ["due", "paused", "ended", "queued", "state", "ledger", "fires"])
def test_what_is_left_of_a_schedule_that_is_gone(within: Within, kept: str) -> None:
    """Each kind of it is found alone, and goes; others stay."""

    async def scenario(store: RealStore) -> None:
        await store.schedules.seed(1, "x", [plan("stays", next_due=HOUR)], prune=False)
        await store.schedules.put(plan("gone", next_due=HOUR))
        await store.schedules.remove("gone")
        if kept in ("due", "paused", "ended"):
            store.client.zadd(store.key("schedules", kept), {"gone": 1})
        elif kept == "queued":
            store.client.hset(store.key("schedules", "queued"), "gone", "1 a default normal report\n{}")
        elif kept == "state":
            store.client.hset(store.key("schedules", "state", "gone"), "fired", 1)
        elif kept == "ledger":
            store.client.zadd(store.key("schedules", "ledger", "gone"), {"1 fired 1 1 a": 1})
        else:
            store.client.lpush(store.key("schedules", "fires", "gone"), "a")
        (finding,) = (await store.mended(schedule_lost=1)).findings
        assert "gone" in finding.text
        assert [entry.name for entry in await store.schedules.list()] == ["stays"]
        assert (await store.schedules.look(9)).revision == 1, "it was none of the configuration"

    within(scenario)


def test_schedules_of_the_configuration_come_back(within: Within) -> None:
    """Where all are gone with their definitions, the next look of a scheduler sees no revision, and seeds them."""

    async def scenario(store: RealStore) -> None:
        await store.schedules.seed(3, "x", [plan(next_due=HOUR)], prune=False)
        await store.schedules.put(plan("by-hand", next_due=HOUR))
        store.client.delete(store.key("schedules"))
        assert (await store.schedules.look(9)).due == []
        assert (await store.schedules.look(9)).next_due is None, "nobody looks again and again"
        report: Any = await store.mended(schedule_lost=2)
        assert report.looked_at["schedules"] == 0
        assert (await store.schedules.look(9)).revision is None
        assert (await store.schedules.seed(3, "x", [plan(next_due=HOUR)], prune=False)).applied

    within(scenario)


def test_a_definition_that_nobody_can_read(within: Within) -> None:
    """It is due at once: so a scheduler pauses it and says so."""

    async def scenario(store: RealStore) -> None:
        await store.schedules.put(plan("broken", next_due=9 * HOUR, anchor=HOUR))
        await store.schedules.put(plan("wrong", next_due=9 * HOUR, anchor=HOUR, timezone="Nowhere"))
        store.client.hset(store.key("schedules"), "broken", "{")
        store.client.delete(store.key("schedules", "due"))
        await store.mended(schedule_without_due=2)
        assert [entry.next_due for entry in await store.schedules.list()] == [HOUR, HOUR]
        looked = await store.schedules.look(9)
        assert [(entry.name, bytes(entry.envelope) == b"null") for entry in looked.due] == [
            ("broken", True),
            ("wrong", False),
        ]

    within(scenario)


def test_a_check_without_repair_changes_nothing(within: Within) -> None:
    """Whatever is wrong."""

    async def scenario(store: RealStore) -> None:
        await store.schedules.put(plan(next_due=HOUR))
        assert await fire(store.schedules, HOUR) is FireOutcome.FIRED
        assert await fire(store.schedules, 2 * HOUR, "queue_one") is FireOutcome.QUEUED
        await store.schedules.put(plan("other", next_due=HOUR))
        for parts in (("due",), ("queued",), ("fires", "hourly"), ("ledger", "hourly"), ("state", "other")):
            assert store.client.delete(store.key("schedules", *parts))
        store.client.zadd(store.key("schedules", "ended"), {"gone": 1})

        def everything() -> dict[bytes, bytes]:
            return {key: store.client.dump(key) for key in store.client.keys(store.key("*"))}

        before = everything()
        report = await store.check()
        assert report.counts == {
            "schedule_without_due": 2,
            "schedule_queued_lost": 1,
            "schedule_ledger_lost": 1,
            "schedule_state_lost": 1,
            "schedule_lost": 1,
        }
        assert everything() == before

    within(scenario)
