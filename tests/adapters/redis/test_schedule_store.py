"""What the schedule store does on a server beyond its contract: rare things stay right."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hexjobs.ports.schedule_ledger import FireOutcome
from support.messages import message
from support.plans import HOUR, entry_of, fire, plan
from support.real_store import RealStore, Within

SOON = timedelta(seconds=20)
FIRED, SKIPPED, QUEUED = FireOutcome.FIRED, FireOutcome.SKIPPED, FireOutcome.QUEUED


async def end_next(store: RealStore) -> None:
    """Run the next job to its end."""
    [delivery] = await store.take()
    assert await store.settle(delivery)


def test_skipped_instants_do_not_hide_the_job_they_wait_for(within: Within) -> None:
    """A job that runs for longer than the ledger reaches back is still in the way."""

    async def scenario(store: RealStore) -> None:
        await store.schedules.put(plan(next_due=HOUR))
        assert await fire(store.schedules, HOUR) is FIRED
        for number in range(1, 1003):
            assert await fire(store.schedules, HOUR + number * HOUR, "skip") is SKIPPED
        history = await store.schedules.history("hourly", 2000)
        assert len(history) == 1000
        assert {entry.outcome for entry in history} == {"skipped"}
        assert await store.schedules.unended("hourly") == [f"schedule:hourly:{HOUR}"]

    within(scenario)


def test_triggers_push_out_no_instants(within: Within) -> None:
    """A thousand of them during an outage: the instants of that time can still be claimed."""

    async def scenario(store: RealStore) -> None:
        await store.schedules.put(plan(next_due=HOUR))
        for number in range(1001):
            await store.schedules.trigger("hourly", message(f"by-hand-{number}"))
        assert len(await store.schedules.history("hourly", 2000)) == 1000
        assert await fire(store.schedules, HOUR) is FIRED

    within(scenario)


def test_a_trigger_that_is_repeated_is_noted_once(within: Within) -> None:
    """As after a connection that broke: the id makes it one."""

    async def scenario(store: RealStore) -> None:
        await store.schedules.put(plan(next_due=HOUR))
        sent = message("schedule:hourly:manual:1")
        assert [await store.schedules.trigger("hourly", sent) for _ in range(2)] == [sent.job_id] * 2
        [noted] = await store.schedules.history("hourly", 9)
        assert (noted.outcome, noted.job_id) == ("triggered", sent.job_id)
        assert (await store.queue.stats("default")).waiting == 1

    within(scenario)


def test_what_waits_is_kept_to_the_byte(within: Within) -> None:
    """Its queue, level, unique key and payload, line feeds and all."""

    async def scenario(store: RealStore) -> None:
        await store.schedules.put(plan(next_due=HOUR))
        fields: dict[str, Any] = {
            "payload": {"text": 'ü \n " \\ \x00 \u2028 😀' * 100},
            "queue": "mail",
            "priority": "critical",
            "unique": "a b\nc",
            "tags": ["x"],
        }
        assert await fire(store.schedules, HOUR) is FIRED
        assert await fire(store.schedules, HOUR + HOUR, "queue_one", **fields) is QUEUED
        await end_next(store)
        assert len((await store.schedules.look(9)).released) == 1
        sent = message(f"schedule:hourly:{HOUR + HOUR}", **fields)
        [delivery] = await store.take(worker="worker-2", mail=1)
        assert (delivery.data, delivery.priority.word) == (sent.data, "critical")
        [result] = await store.queue.enqueue([message("other", unique="a b\nc")])
        assert result.job_id == sent.job_id

    within(scenario)


def test_a_definition_that_cannot_be_read(within: Within) -> None:
    """It stays a schedule: listed, due, to be paused and removed; the others do not suffer from it."""

    async def scenario(store: RealStore) -> None:
        for name in ("broken", "hourly", "torn"):
            await store.schedules.put(plan(name, next_due=HOUR))
        store.client.hset(store.key("schedules"), mapping={"broken": b"\xff{", "torn": b'{"name":"torn"}'})
        looked = await store.schedules.look(9)
        assert [entry.name for entry in looked.due] == ["broken", "hourly", "torn"]
        assert bytes(looked.due[0].envelope) == b"null"
        assert await store.schedules.pause("broken")
        assert await store.schedules.remove("torn")
        assert [entry.name for entry in (await store.schedules.look(9)).due] == ["hourly"]
        assert [(entry.name, entry.paused_by) for entry in await store.schedules.list()] == [
            ("broken", "hand"),
            ("hourly", ""),
        ]

    within(scenario)


def test_an_entry_as_a_definition(within: Within) -> None:
    """What an edit puts back may be the entry itself: nothing of its state is taken for the definition."""

    async def scenario(store: RealStore) -> None:
        await store.schedules.put(plan(next_due=HOUR))
        entry = await store.schedules.get("hourly")
        assert entry is not None
        entry.fired, entry.grace = 9, 5
        again = plan(next_due=2 * HOUR)
        again.definition = entry
        await store.schedules.put(again)
        found = await store.schedules.get("hourly")
        assert found is not None
        assert (found.fired, found.grace, found.next_due) == (0, 5, HOUR)
        assert b"fired" not in store.client.hget(store.key("schedules"), "hourly")

    within(scenario)


def test_an_instant_whose_job_is_there_is_not_in_its_own_way(within: Within) -> None:
    """After a restore of the schedules alone: it counts as fired, whatever the policy; no second job."""

    async def scenario(store: RealStore) -> None:
        for number, overlap in enumerate(("allow", "skip", "queue_one")):
            await store.schedules.remove("hourly")
            await store.schedules.put(plan(next_due=HOUR))
            assert await fire(store.schedules, HOUR) is FIRED
            store.client.delete(store.key("schedules", "ledger", "hourly"))
            await store.schedules.put(plan(next_due=HOUR, jitter=number + 1))
            assert await fire(store.schedules, HOUR, overlap) is FIRED
        assert (await store.queue.stats("default")).waiting == 1

    within(scenario)


def test_a_place_without_a_schedule_fires_nothing(within: Within) -> None:
    """A definition that a fault took away, and the schedule put anew while its place is lost."""

    async def scenario(store: RealStore) -> None:
        await store.schedules.put(plan(next_due=HOUR))
        store.client.delete(store.key("schedules"))
        assert await fire(store.schedules, HOUR) is FireOutcome.REFUSED
        store.client.delete(store.key("schedules", "due"))
        await store.schedules.put(plan(next_due=2 * HOUR))
        assert (await entry_of(store.schedules)).next_due == 2 * HOUR

    within(scenario)


def test_a_paused_one_without_a_state_is_paused(within: Within) -> None:
    """Its place tells it, until a check has made its state anew; and it can be resumed."""

    async def scenario(store: RealStore) -> None:
        await store.schedules.put(plan(next_due=HOUR))
        await store.schedules.pause("hourly")
        store.client.delete(store.key("schedules", "state", "hourly"))
        assert (await entry_of(store.schedules)).paused_by == "hand"
        assert await store.schedules.resume("hourly", 2 * HOUR)
        entry = await entry_of(store.schedules)
        assert (entry.paused, entry.next_due) == (False, 2 * HOUR)

    within(scenario)


def test_one_that_lost_its_place_is_paused_and_not_ended(within: Within) -> None:
    """So that a check finds that it has none, and puts it among the paused."""

    async def scenario(store: RealStore) -> None:
        await store.schedules.put(plan(next_due=HOUR))
        store.client.delete(store.key("schedules", "due"))
        await store.schedules.pause("hourly")
        await store.mended(schedule_without_due=1)
        entry = await entry_of(store.schedules)
        assert (entry.paused_by, entry.next_due) == ("hand", HOUR)

    within(scenario)


def test_what_waits_for_a_schedule_that_is_gone_does_not_fire(within: Within) -> None:
    """A fault took its definition away: nobody asked for that job any more."""

    async def scenario(store: RealStore) -> None:
        await store.schedules.put(plan(next_due=HOUR))
        await fire(store.schedules, HOUR)
        await fire(store.schedules, 2 * HOUR, "queue_one")
        store.client.delete(store.key("schedules"))
        await end_next(store)
        looked = await store.schedules.look(9)
        assert (looked.released, await store.take()) == ([], [])

    within(scenario)
