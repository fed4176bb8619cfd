"""StoreCheck on stores that are whole. What is broken by hand is the business of each adapter's own tests."""

from __future__ import annotations

from datetime import timedelta

from contracts.harness import HOUR, Adapter
from hexjobs.domain.transitions import JobEvent
from support.messages import message, messages

ENDS = (JobEvent.SUCCEEDED, JobEvent.DIED, JobEvent.CANCELLED, JobEvent.ERRED, JobEvent.SNOOZED)


async def _every_state(adapter: Adapter) -> None:
    """Jobs in every state, with unique keys, on two workers."""
    await adapter.queue.enqueue(messages(7))
    await adapter.queue.enqueue([message(unique="u", queue="mail"), message(due=adapter.now() + HOUR)])
    for delivery, event in zip(await adapter.take(limit=5), ENDS, strict=True):
        await adapter.settle(delivery, event, delay=timedelta(hours=1))
    await adapter.take_one(worker_id="worker-2")
    waiting = message(unique="v")
    await adapter.queue.enqueue([waiting])
    await adapter.store.cancel(waiting.job_id, None)


async def test_a_store_that_is_whole_has_no_findings(adapter: Adapter) -> None:
    """ "Check every relation between jobs, their places and what belongs to them, both ways." """
    await _every_state(adapter)
    report = await adapter.checker.check()
    assert (report.findings, report.counts, report.left, report.found) == ([], {}, 0, 0)
    assert report.looked_at["jobs"] == 10


async def test_what_moves_meanwhile_is_no_finding(adapter: Adapter) -> None:
    """ "Jobs may move meanwhile: what moves is no finding." "`pause` is awaited between the parts of the work." """
    await _every_state(adapter)
    other = await adapter.two()

    async def move() -> None:
        await other.queue.enqueue(messages(2))
        first, second = await other.take(limit=2, worker_id="worker-3")
        await other.settle(first, JobEvent.SUCCEEDED)
        await other.settle(second, JobEvent.ERRED, delay=timedelta(hours=1))

    assert (await adapter.checker.check(pause=move)).findings == []
    assert (await adapter.checker.check(repair=True, pause=move)).findings == []


async def test_a_check_without_repair_changes_nothing(adapter: Adapter) -> None:
    """ "Without it nothing changes." """
    await _every_state(adapter)
    before = await adapter.queue.stats("default")
    await adapter.checker.check()
    after = await adapter.queue.stats("default")
    before.oldest_waiting_seconds = after.oldest_waiting_seconds = None
    assert after == before


async def test_one_reconciles_at_a_time(adapter: Adapter) -> None:
    """ "Become, or stay, the one who reconciles this store for `life`; None while somebody else is." """
    other = await adapter.two()
    life = timedelta(milliseconds=300)
    assert await adapter.checker.claim("a", life) is not None
    assert await adapter.checker.claim("a", life) is not None
    assert await other.checker.claim("b", life) is None
    await adapter.until_due(300)
    assert await other.checker.claim("b", life) is not None
    assert await adapter.checker.claim("a", life) is None


async def test_who_reconciles_learns_whether_the_store_stands_still(adapter: Adapter) -> None:
    """ "Otherwise a word that stays the same while no job comes, runs or ends." """
    words: list[str | None] = []

    async def changes() -> bool:
        words.append(await adapter.checker.claim("a", timedelta(minutes=1)))
        return words[-1] not in words[:-1] and words[-1] is not None

    assert await changes()
    assert await adapter.take() == []
    assert await changes(), "a worker came"
    assert await adapter.take() == []
    assert not await changes()
    await adapter.queue.enqueue([message("one")])
    assert await changes()
    delivery = await adapter.take_one()
    assert await changes()
    assert await adapter.settle(delivery, JobEvent.SUCCEEDED)
    assert await changes()
    await adapter.queue.enqueue([message("two", due=adapter.now() + HOUR)])
    assert await changes()
    await adapter.store.cancel("two", timedelta(hours=1))
    assert await changes()
    assert not await changes()
    await adapter.store.sweep(0)
    await changes()
    await adapter.queue.enqueue([message("of-no-trace")])
    await adapter.settle(await adapter.take_one(), JobEvent.SUCCEEDED, keep=timedelta(0))
    await adapter.store.sweep(0)
    assert await changes(), "it came, ran and ended between two looks, and as much is there as before"
