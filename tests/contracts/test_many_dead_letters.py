"""DeadLetters: choosing dead letters and acting on many of them."""

from __future__ import annotations

from datetime import timedelta

from contracts.harness import Adapter
from hexjobs.domain.status import JobStatus
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.dead_letter_answer import DeadLetterAnswer
from hexjobs.ports.dead_letters import DeadLetterQuery
from hexjobs.ports.envelope import Message
from support.messages import message, messages

QUEUES = ["default", "mail"]
DONE, NOT_FOUND, NOT_DEAD, HELD = (
    DeadLetterAnswer.DONE,
    DeadLetterAnswer.NOT_FOUND,
    DeadLetterAnswer.NOT_DEAD,
    DeadLetterAnswer.UNIQUE_KEY_HELD,
)


async def _die(adapter: Adapter, *dying: Message) -> None:
    await adapter.queue.enqueue(list(dying))
    for delivery in await adapter.take(limit=len(dying), weights=dict.fromkeys(QUEUES, 1)):
        await adapter.settle(delivery, JobEvent.DIED, error="boom", unique=_unique(delivery.job_id, dying))


def _unique(job_id: str, dying: tuple[Message, ...]) -> str | None:
    return next(each.envelope.unique for each in dying if each.job_id == job_id)


async def _selected(adapter: Adapter, queues: list[str] = QUEUES, **query: object) -> list[str]:
    return await adapter.dead_letters.select(DeadLetterQuery(**query), queues)  # type: ignore[arg-type]  # the fields vary


async def test_by_queue_type_and_age(adapter: Adapter) -> None:
    """ "The ids of the dead letters that match, of these queues; within each queue the first that died goes first."

    "Which dead letters are meant. None means any; `died_before` is milliseconds since 1970."
    """
    await _die(adapter, message("z"), message("mail", queue="mail", type="email"))
    await adapter.until_due(20)
    between = adapter.now()
    await adapter.until_due(20)
    await _die(adapter, message("a"), message("typed", type="email"))
    await adapter.queue.enqueue([message("waits", type="email")])
    assert sorted(await _selected(adapter)) == ["a", "mail", "typed", "z"]
    default = await _selected(adapter, queue="default")
    assert default[0] == "z"
    assert sorted(default[1:]) == ["a", "typed"]
    assert sorted(await _selected(adapter, type="email")) == ["mail", "typed"]
    assert await _selected(adapter, type="email", queue="mail") == ["mail"]
    assert sorted(await _selected(adapter, died_before=between)) == ["mail", "z"]
    assert await _selected(adapter, died_before=between, type="email") == ["mail"]
    assert await _selected(adapter, ["default"], queue="mail") == []
    assert await _selected(adapter, type="nothing") == []


async def test_many_run_again(adapter: Adapter) -> None:
    """ "Acting on dead letters by the thousand."

    "Put dead letters at the tail of their levels with their attempts and crashes at zero; one answer per id, in order."
    """
    many = [*messages(1100, type="report"), *messages(50, queue="mail", priority="high")]
    await _die(adapter, *many)
    await adapter.queue.enqueue([message("before")])
    ids = await _selected(adapter)
    assert len(ids) == 1150
    assert await adapter.dead_letters.retry(ids) == [DONE] * 1150
    stats = await adapter.queue.stats("default")
    assert (stats.waiting, stats.failed) == (1101, 0)
    mail = await adapter.queue.stats("mail")
    assert (mail.by_priority["high"], mail.failed) == (50, 0)
    assert (await adapter.job(ids[0])).attempt == 0
    assert (await adapter.take_one()).job_id == "before"
    assert (await adapter.take_one()).attempt == 1
    assert await _selected(adapter) == []


async def test_a_retry_changes_nothing_else(adapter: Adapter) -> None:
    """ "A job that is no dead letter, or whose unique key another unfinished job holds by now, stays as it is."

    "What became of one id."
    """
    await _die(adapter, message("first", unique="key"), message("free", unique="free"), message("plain"))
    await adapter.queue.enqueue([message("second", unique="key"), message("stopped"), message("waits")])
    await adapter.store.cancel("stopped", None)
    ids = ["first", "nobody", "free", "stopped", "waits", "plain", "plain"]
    expected = [HELD, NOT_FOUND, DONE, NOT_DEAD, NOT_DEAD, DONE, NOT_DEAD]
    assert await adapter.dead_letters.retry(ids) == expected
    assert (await adapter.job("first")).status is JobStatus.FAILED
    assert (await adapter.job("stopped")).status is JobStatus.CANCELLED
    [held] = await adapter.queue.enqueue([message("third", unique="free")])
    assert (held.job_id, held.is_new) == ("free", False), "it has its unique key again"


async def test_many_are_deleted(adapter: Adapter) -> None:
    """ "Forget dead letters, with all that belongs to them; one answer per id, in order." """
    await _die(adapter, *messages(700))
    ids = await _selected(adapter)
    assert await adapter.dead_letters.delete([*ids, "nobody"]) == [DONE] * 700 + [NOT_FOUND]
    assert (await adapter.queue.stats("default")).failed == 0
    assert not await adapter.is_known(ids[0])


async def test_a_deletion_changes_nothing_else(adapter: Adapter) -> None:
    """ "Whatever is no dead letter stays as it is." """
    await adapter.queue.enqueue([message("runs"), message("done")])
    _, done = await adapter.take(limit=2)
    await adapter.queue.ack(done)
    await adapter.queue.enqueue([message("waits")])
    ids = ["runs", "done", "waits"]
    before = [await adapter.job(job_id) for job_id in ids]
    assert await adapter.dead_letters.delete(ids) == [NOT_DEAD] * 3
    assert [await adapter.job(job_id) for job_id in ids] == before


async def test_one_that_cannot_be_read_is_found_in_its_queue(adapter: Adapter) -> None:
    """ "Forget dead letters, with all that belongs to them" """
    for job_id in ("retried", "deleted"):
        await adapter.queue.enqueue([Message(job_id, message(queue="mail").envelope, b"not an envelope")])
        await adapter.settle(await adapter.take_one(queue="mail"), JobEvent.DIED, error="malformed")
    assert await adapter.dead_letters.retry(["retried"]) == [DONE]
    assert await adapter.dead_letters.delete(["deleted"]) == [DONE]
    assert (await adapter.queue.stats("mail")).failed == 0
    again = await adapter.take_one(queue="mail")
    assert again.job_id == "retried"
    await adapter.settle(again, JobEvent.DIED, delay=timedelta(0))
    assert await _selected(adapter, queue="mail") == ["retried"]
