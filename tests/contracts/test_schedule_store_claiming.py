"""ScheduleStore: an instant of a schedule makes one job, whoever claims it and how often."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from contracts.harness import HOUR, Adapter
from contracts.schedule_acts import (
    SECOND,
    entry_of,
    fire,
    job_of,
    look,
    names,
    outcomes,
    pass_over,
    planned,
    put_due,
)
from hexjobs.domain.status import JobStatus
from hexjobs.ports.schedule_ledger import Claim, FireOutcome
from support.messages import message

FIRED, SKIPPED, REFUSED = FireOutcome.FIRED, FireOutcome.SKIPPED, FireOutcome.REFUSED


async def test_a_fire_enqueues_notes_and_moves_on(adapter: Adapter) -> None:
    """ "Claim a due instant, enqueue its job and note it in the ledger, in one step." "`following` becomes the entry's next due
    instant;" "`last_fired` is the latest instant that fired, before jitter;" """
    due = await put_due(adapter)
    instant, following = due - 7, await adapter.schedules.now() + HOUR
    sent = job_of(instant, queue="reports", priority="high", payload={"n": 1})
    assert await adapter.schedules.fire(Claim("nightly", due, instant, following), sent, "allow") is FIRED
    entry, looked = await entry_of(adapter), await look(adapter)
    assert (entry.next_due, entry.last_fired, entry.fired) == (following, instant, 1)
    assert (entry.skipped, entry.missed, entry.queued) == (0, 0, None)
    assert (looked.due, looked.next_due) == ([], following)
    job = await adapter.job(sent.job_id)
    assert (job.status, job.data) == (JobStatus.PENDING, sent.data)
    assert await adapter.store.enqueued_counts() == {("report", "high", "reports"): 1}
    assert await adapter.take_all(queue="reports") == [sent.job_id]
    assert await outcomes(adapter) == [(instant, "fired", sent.job_id)]


async def test_the_last_instant_ends_the_schedule(adapter: Adapter) -> None:
    """ "None: it has ended." """
    due = await put_due(adapter)
    assert await adapter.schedules.fire(Claim("nightly", due, due, None), job_of(due), "allow") is FIRED
    entry, looked = await entry_of(adapter), await look(adapter)
    assert (entry.next_due, entry.fired, looked.due, looked.next_due) == (None, 1, [], None)
    assert await fire(adapter, due) is REFUSED
    assert (await adapter.checker.check()).findings == []


async def test_what_is_refused(adapter: Adapter) -> None:
    """ "It is refused when there is no such entry," "when its next due instant is not the claim's," "then nothing changes." """
    assert await fire(adapter, HOUR) is REFUSED
    assert not await pass_over(adapter, HOUR)
    due = await put_due(adapter)
    for wrong in (due - 1, due + 1):
        assert await fire(adapter, wrong) is REFUSED
        assert not await pass_over(adapter, wrong)
    entry = await entry_of(adapter)
    assert (entry.next_due, entry.fired, entry.missed, entry.last_fired) == (due, 0, 0, None)
    assert (await adapter.take_all(), await outcomes(adapter)) == ([], [])
    assert await adapter.schedules.get("nobody") is None


async def test_a_paused_entry_is_refused(adapter: Adapter) -> None:
    """ "when it is paused," "then nothing changes." "Go on, with the given next due instant" """
    due = await put_due(adapter)
    await adapter.schedules.pause("nightly")
    assert await fire(adapter, due) is REFUSED
    assert not await pass_over(adapter, due)
    assert ((await entry_of(adapter)).next_due, await adapter.take_all()) == (due, [])
    await adapter.schedules.resume("nightly", due)
    assert await fire(adapter, due) is FIRED


async def test_an_instant_of_the_future_is_refused(adapter: Adapter) -> None:
    """ "and when that is after the store's clock: then nothing changes." """
    due = await adapter.schedules.now() + HOUR
    await adapter.schedules.put(planned(next_due=due))
    assert await fire(adapter, due) is REFUSED
    assert not await pass_over(adapter, due)
    assert ((await entry_of(adapter)).next_due, await outcomes(adapter)) == (due, [])
    assert await adapter.take_all() == []
    soon = await adapter.schedules.now() + 50
    await adapter.schedules.put(planned(next_due=soon, every=5000))
    await adapter.until_due(50)
    assert await fire(adapter, soon) is FIRED


async def test_an_instant_is_claimed_once(adapter: Adapter) -> None:
    """ "So an instant makes one job, however many schedulers try." """
    due = await put_due(adapter)
    assert await fire(adapter, due) is FIRED
    assert await fire(adapter, due) is REFUSED
    assert not await pass_over(adapter, due)
    assert await fire(adapter, due + SECOND) is FIRED
    assert (await entry_of(adapter)).fired == 2
    assert len(await adapter.take_all()) == 2


async def test_many_schedulers_make_one_job(adapter: Adapter) -> None:
    """ "however many schedulers try": each with a job id of its own, so that only the claim can keep them apart."""
    other = await adapter.two()
    due = await put_due(adapter)
    for at in range(due, due + 5 * SECOND, SECOND):
        claim = Claim("nightly", at, at, at + SECOND)
        tries = [
            client.schedules.fire(claim, message(), "allow") for client in (adapter, other) for _ in range(10)
        ]
        found = await asyncio.gather(*tries)
        assert (found.count(FIRED), found.count(REFUSED)) == (1, 19)
    assert (await adapter.queue.stats("default")).waiting == 5
    assert ((await entry_of(adapter)).fired, len(await outcomes(adapter))) == (5, 5)


async def test_what_the_ledger_has_is_refused(adapter: Adapter) -> None:
    """ "It is refused as well when the ledger has the instant," "then the entry goes on with `following`, and nothing else
    changes." So one that was moved back does not stand still."""
    due = await put_due(adapter)
    await fire(adapter, due)
    await pass_over(adapter, due + SECOND, 3)
    await adapter.take_all()
    before = await outcomes(adapter)
    await adapter.schedules.put(planned(next_due=due, jitter=5))
    claim = Claim("nightly", due, due, due + SECOND)
    assert await adapter.schedules.fire(claim, message(), "allow") is REFUSED
    assert await adapter.schedules.fire(claim, message(), "allow") is REFUSED
    entry = await entry_of(adapter)
    assert (entry.next_due, entry.fired, entry.missed) == (due + SECOND, 1, 3)
    assert not await pass_over(adapter, due + SECOND)
    assert (await entry_of(adapter)).next_due == due + 2 * SECOND
    assert (await outcomes(adapter), await adapter.take_all()) == (before, [])
    assert await fire(adapter, due + 2 * SECOND) is FIRED


async def test_a_resumed_entry_does_not_repeat(adapter: Adapter) -> None:
    """ "It is refused as well when the ledger has the instant," also after a resume."""
    due = await put_due(adapter)
    await fire(adapter, due)
    await adapter.schedules.pause("nightly")
    await adapter.schedules.resume("nightly", due)
    assert await fire(adapter, due) is REFUSED
    assert (await entry_of(adapter)).next_due == due + SECOND
    assert len(await adapter.take_all()) == 1


async def test_an_instant_that_is_claimed_for_nothing_may_end_the_schedule(adapter: Adapter) -> None:
    """ "then the entry goes on with `following`, and nothing else changes." """
    due = await put_due(adapter)
    await fire(adapter, due)
    await adapter.schedules.put(planned(next_due=due, limit=5))
    claim = Claim("nightly", due, due, None)
    assert await adapter.schedules.fire(claim, message(), "allow") is REFUSED
    assert ((await entry_of(adapter)).next_due, (await look(adapter)).next_due) == (None, None)
    assert (await adapter.checker.check()).findings == []


async def test_an_instant_whose_job_exists_is_claimed_all_the_same(adapter: Adapter) -> None:
    """ "So an instant makes one job": after a restore from a backup its job may be there already."""
    due = await put_due(adapter)
    await adapter.queue.enqueue([job_of(due)])
    assert await fire(adapter, due) is FIRED
    assert len(await adapter.take_all()) == 1
    assert (await entry_of(adapter)).next_due == due + SECOND


async def test_a_unique_key_that_is_held_skips_the_instant(adapter: Adapter) -> None:
    """ "It is skipped as well where another job holds the message's unique key." """
    due = await put_due(adapter)
    await adapter.queue.enqueue([message("other", unique="key")])
    assert await fire(adapter, due, unique="key") is SKIPPED
    entry = await entry_of(adapter)
    assert (entry.fired, entry.skipped, entry.last_fired, entry.next_due) == (0, 1, None, due + SECOND)
    assert await outcomes(adapter) == [(due, "skipped", "other")]
    assert await adapter.take_all() == ["other"]
    assert await fire(adapter, due) is REFUSED


async def test_missed_instants(adapter: Adapter) -> None:
    """ "Note `count` instants, the claim's being the latest, as missed;" "False where the claim is refused, as by `fire`." """
    due = await put_due(adapter)
    latest = due + 9 * SECOND
    claim = Claim("nightly", due, latest, latest + SECOND)
    assert await adapter.schedules.pass_over(claim, 10)
    assert not await adapter.schedules.pass_over(claim, 10)
    entry = await entry_of(adapter)
    assert (entry.missed, entry.fired, entry.skipped, entry.last_fired) == (10, 0, 0, None)
    assert (entry.next_due, await adapter.take_all()) == (latest + SECOND, [])
    [noted] = await adapter.schedules.history("nightly", 9)
    assert (noted.instant, noted.outcome, noted.count, noted.job_id) == (latest, "missed", 10, "")
    claim = Claim("nightly", latest + SECOND, latest + SECOND, None)
    assert await adapter.schedules.pass_over(claim, 1)
    entry = await entry_of(adapter)
    assert (entry.missed, entry.next_due, names(await look(adapter))) == (11, None, [])


async def test_one_passes_over_or_fires(adapter: Adapter) -> None:
    """ "So an instant makes one job, however many schedulers try": and is not missed as well."""
    other = await adapter.two()
    due = await put_due(adapter)
    fires = [fire(client, due) for client in (adapter, other) for _ in range(5)]
    passes = [pass_over(client, due) for client in (other, adapter) for _ in range(5)]
    found = await asyncio.gather(*fires, *passes)
    assert found.count(FIRED) + found.count(True) == 1
    entry = await entry_of(adapter)
    assert (entry.fired + entry.missed, len(await outcomes(adapter))) == (1, 1)


async def test_a_fire_ends_the_wait_of_a_worker(adapter: Adapter) -> None:
    """ "enqueue its job" """
    due = await put_due(adapter)
    waiting = asyncio.create_task(adapter.take(wait=timedelta(seconds=20)))
    await adapter.until_due(10)
    await fire(adapter, due)
    [delivery] = await asyncio.wait_for(waiting, 5)
    assert delivery.job_id == f"schedule:nightly:{due}"
