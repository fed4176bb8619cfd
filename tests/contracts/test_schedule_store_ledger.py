"""ScheduleStore: the ledger says what became of each instant, and remembers what it has forgotten."""

from __future__ import annotations

from contracts.harness import HOUR, Adapter
from contracts.schedule_acts import SECOND, entry_of, fire, job_of, outcomes, pass_over, planned, put_due
from hexjobs.domain.status import JobStatus
from hexjobs.ports.schedule_ledger import Claim, FireOutcome
from support.messages import message

MANUAL = "schedule:nightly:manual:1"


async def test_history(adapter: Adapter) -> None:
    """ "The latest entries of the ledger, the latest first; none for an unknown name." "`outcome` is `fired`, `skipped`, `queued`,
    `missed` or `triggered`." """
    assert await adapter.schedules.history("nobody", 9) == []
    due = await put_due(adapter)
    assert await adapter.schedules.history("nightly", 9) == []
    before = await adapter.schedules.now()
    await pass_over(adapter, due, 4)
    await fire(adapter, due + SECOND)
    await fire(adapter, due + 2 * SECOND, overlap="skip")
    await fire(adapter, due + 3 * SECOND, overlap="queue_one")
    await adapter.schedules.trigger("nightly", message(MANUAL))
    after = await adapter.schedules.now()
    history = await adapter.schedules.history("nightly", 9)
    assert [entry.outcome for entry in history] == ["triggered", "queued", "skipped", "fired", "missed"]
    assert [entry.instant for entry in history[1:]] == [due + at * SECOND for at in (3, 2, 1, 0)]
    first = f"schedule:nightly:{due + SECOND}"
    assert [entry.job_id for entry in history] == [MANUAL, first, first, first, ""]
    assert [entry.count for entry in history] == [1, 1, 1, 1, 4]
    assert all(before <= entry.at <= after for entry in history)
    assert [entry.outcome for entry in await adapter.schedules.history("nightly", 2)] == [
        "triggered",
        "queued",
    ]
    assert await adapter.schedules.history("nightly", 0) == []
    history[0].outcome = "fired"
    assert (await outcomes(adapter))[0][1] == "triggered", (
        "what the caller does with its objects changes nothing"
    )


async def test_each_schedule_has_its_own(adapter: Adapter) -> None:
    """ "when the ledger has the instant": that of the schedule."""
    due = await put_due(adapter, "a")
    await adapter.schedules.put(planned("b", next_due=due))
    assert await fire(adapter, due, "a") is FireOutcome.FIRED
    assert await fire(adapter, due, "b") is FireOutcome.FIRED
    assert [len(await outcomes(adapter, name)) for name in ("a", "b", "c")] == [1, 1, 0]


async def test_trigger(adapter: Adapter) -> None:
    """ "Enqueue the job at once, beside the timetable, and note it in the ledger; None when there is no such entry." """
    assert await adapter.schedules.trigger("nobody", message("x")) is None
    assert not await adapter.is_known("x")
    due = await put_due(adapter)
    entry = await entry_of(adapter)
    before = await adapter.schedules.now()
    sent = message(MANUAL, queue="reports", priority="high")
    assert await adapter.schedules.trigger("nightly", sent) == MANUAL
    job = await adapter.job(MANUAL)
    assert (job.status, job.queue, job.data) == (JobStatus.PENDING, "reports", sent.data)
    assert await entry_of(adapter) == entry
    [noted] = await adapter.schedules.history("nightly", 9)
    assert (noted.outcome, noted.job_id, noted.count) == ("triggered", MANUAL, 1)
    assert before <= noted.at == noted.instant <= await adapter.schedules.now()
    assert await fire(adapter, due) is FireOutcome.FIRED


async def test_a_trigger_beside_a_unique_key(adapter: Adapter) -> None:
    """ "The answer is the job's id: that of the job which holds the message's unique key, where one does." """
    await put_due(adapter)
    assert await adapter.schedules.trigger("nightly", message(MANUAL, unique="key")) == MANUAL
    assert await adapter.schedules.trigger("nightly", message("another", unique="key")) == MANUAL
    assert not await adapter.is_known("another")
    assert {noted.job_id for noted in await adapter.schedules.history("nightly", 9)} == {MANUAL}


async def test_a_paused_or_ended_entry_can_be_triggered(adapter: Adapter) -> None:
    """ "A paused entry is not due, and can be triggered." """
    await put_due(adapter)
    await adapter.schedules.pause("nightly")
    assert await adapter.schedules.trigger("nightly", message("first"))
    entry = await entry_of(adapter)
    assert (entry.paused_by, entry.fired, entry.last_fired) == ("hand", 0, None)
    await adapter.schedules.resume("nightly", None)
    assert await adapter.schedules.trigger("nightly", message("second"))
    assert await adapter.take_all() == ["first", "second"]
    assert {job for _, _, job in await outcomes(adapter)} == {"first", "second"}
    assert (await entry_of(adapter)).next_due is None


async def test_a_trigger_claims_no_instant(adapter: Adapter) -> None:
    """ "beside the timetable": an instant of the same millisecond still fires."""
    await put_due(adapter)
    await adapter.schedules.trigger("nightly", message(MANUAL))
    [noted] = await adapter.schedules.history("nightly", 9)
    await adapter.schedules.put(planned(next_due=noted.instant, every=5000))
    assert await fire(adapter, noted.instant) is FireOutcome.FIRED
    assert sorted(outcome for _, outcome, _ in await outcomes(adapter)) == ["fired", "triggered"]


async def test_what_the_ledger_has_forgotten_is_refused(adapter: Adapter) -> None:
    """ "The ledger keeps the latest 1000 entries of a schedule at least, and no instant up to the latest that it has forgotten can be
    claimed." "It is refused as well" "has forgotten that far: then the entry goes on with `following`" """
    first = await put_due(adapter, ago=2 * HOUR)
    assert await fire(adapter, first) is FireOutcome.FIRED
    for number in range(1, 1300):
        assert await pass_over(adapter, first + number * SECOND)
    history = await adapter.schedules.history("nightly", 2000)
    assert len(history) >= 1000
    instants = [entry.instant for entry in history]
    assert instants == [first + number * SECOND for number in range(1299, 1299 - len(history), -1)]
    for wrong in (first, first + SECOND, instants[-1] - SECOND, instants[-1], instants[0]):
        await adapter.schedules.put(planned(next_due=wrong, start=wrong))
        claim = Claim("nightly", wrong, wrong, wrong + SECOND)
        assert await adapter.schedules.fire(claim, message(), "allow") is FireOutcome.REFUSED
        assert (await entry_of(adapter)).next_due == wrong + SECOND
    if instants[-1] > first:
        await adapter.schedules.put(planned(next_due=first - 5, start=5))
        assert await fire(adapter, first - 5) is FireOutcome.REFUSED
    assert [entry.instant for entry in await adapter.schedules.history("nightly", 2000)] == instants
    assert await adapter.take_all() == [f"schedule:nightly:{first}"]
    assert (await entry_of(adapter)).missed == 1299
    assert await pass_over(adapter, first + 1300 * SECOND) is False, "the entry goes on elsewhere"
    assert (await adapter.checker.check()).findings == []


async def test_a_late_instant_is_claimable_until_forgotten(adapter: Adapter) -> None:
    """ "when the ledger has the instant": one before it that it never had can be claimed."""
    due = await put_due(adapter)
    await fire(adapter, due)
    await adapter.schedules.put(planned(next_due=due - HOUR, every=5000))
    assert await fire(adapter, due - HOUR) is FireOutcome.FIRED
    entry = await entry_of(adapter)
    assert (entry.fired, entry.last_fired) == (2, due)
    assert [instant for instant, _, _ in await outcomes(adapter)] == [due, due - HOUR]


async def test_the_instant_counts_not_when_it_was_due(adapter: Adapter) -> None:
    """ "`due` is the entry's `next_due`, `instant` what it was before jitter." "So an instant makes one job" """
    due = await put_due(adapter)
    assert (
        await adapter.schedules.fire(
            Claim("nightly", due + 0, due - 9, due + SECOND), job_of(due - 9), "allow"
        )
        is FireOutcome.FIRED
    )
    claim = Claim("nightly", due + SECOND, due - 9, due + 2 * SECOND)
    assert await adapter.schedules.fire(claim, message(), "allow") is FireOutcome.REFUSED
    assert await fire(adapter, due + 2 * SECOND) is FireOutcome.FIRED
    assert len(await adapter.take_all()) == 2
