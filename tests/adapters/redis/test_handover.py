"""A job that is submitted while a worker waits goes straight to that worker: its blocked read returns the job."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest
import redis

from hexjobs.adapters.redis.address import Address
from hexjobs.adapters.redis.async_transport import AsyncTransport
from hexjobs.adapters.redis.job_queue import RedisJobQueue
from hexjobs.adapters.redis.job_store import RedisJobStore
from hexjobs.adapters.redis.keys import Keys
from hexjobs.adapters.redis.leases import RedisLeases
from hexjobs.domain.errors import ServerUnavailable
from hexjobs.ports.delivery import Delivery, Subscription
from hexjobs.ports.leases import WorkerFacts
from support.messages import message
from support.run import run
from support.until import until
from support.valkey_process import ValkeyProcess

AT_ONCE = timedelta(0)
LONG = timedelta(seconds=4)
FILL = "jobs:queue:default:normal"


class Hall:
    """Workers that wait, and a producer, on connections of their own."""

    def __init__(self, server: ValkeyProcess, client: redis.Redis) -> None:
        self.client = client
        self.address = Address(socket_path=server.socket_path)
        self.transports: list[AsyncTransport] = []
        self.producer = RedisJobQueue(self.transport(), Keys())
        self.leases = RedisLeases(self.transport(), Keys())

    def transport(self) -> AsyncTransport:
        """One more road to the server."""
        self.transports.append(AsyncTransport(self.address))
        return self.transports[-1]

    async def waiting(
        self, worker_id: str, *queues: str, limit: int = 1
    ) -> tuple[RedisJobQueue, asyncio.Task[list[Delivery]]]:
        """A worker that waits blocked."""
        queue = RedisJobQueue(self.transport(), Keys())
        subscription = Subscription(worker_id, dict.fromkeys(queues or ("default",), 1))
        task = asyncio.create_task(queue.dequeue(subscription, limit, LONG))
        await self._until_it_waits(worker_id)
        return queue, task

    async def waits_again(self, queue: RedisJobQueue, worker_id: str) -> asyncio.Task[list[Delivery]]:
        """The same worker waits once more."""
        task = asyncio.create_task(queue.dequeue(Subscription(worker_id, {"default": 1}), 5, LONG))
        await self._until_it_waits(worker_id)
        return task

    async def _until_it_waits(self, worker_id: str) -> None:
        await until(lambda: self.client.hexists("jobs:waiters", worker_id))
        blocked = self.client.hlen("jobs:waiters")
        await until(lambda: self.client.info("clients")["blocked_clients"] == blocked)

    def calls(self) -> int:
        """How many scripts the server has run."""
        return int(self.client.info("commandstats").get("cmdstat_evalsha", {}).get("calls", 0))


@pytest.fixture
def in_hall(server: ValkeyProcess) -> Callable[[Callable[[Hall], Coroutine[Any, Any, None]]], None]:
    """Runs a scenario in a hall."""

    def go(scenario: Callable[[Hall], Coroutine[Any, Any, None]]) -> None:
        async def whole() -> None:
            with server.client() as client:
                hall = Hall(server, client)
                try:
                    await scenario(hall)
                finally:
                    for transport in hall.transports:
                        await transport.close()

        run(whole())

    return go


def test_a_waiting_worker_is_handed_the_job(in_hall: Any) -> None:
    """It is processing, and under that worker's lease, before the submit returns; no fetch comes in between."""

    async def scenario(hall: Hall) -> None:
        queue, task = await hall.waiting("worker-1", limit=5)
        await hall.producer.enqueue([message("first", payload={"n": 1})])
        [first] = await task
        task = await hall.waits_again(queue, "worker-1")
        before = hall.calls()
        await hall.producer.enqueue([message("second", payload={"n": 2})])
        assert json.loads(hall.client.get("jobs:state:second") or b"{}")["status"] == "processing"
        assert hall.client.hexists("jobs:processing:worker-1", "second")
        [second] = await task
        assert hall.calls() == before + 1, "the submit, and no fetch"
        assert (second.job_id, second.queue, second.priority.word) == ("second", "default", "normal")
        assert (second.attempt, second.crashes, second.worker_id) == (1, 0, "worker-1")
        assert second.data == hall.client.get("jobs:data:second")
        assert second.fence > first.fence
        assert [await queue.ack(first), await queue.ack(second)] == [True, True]

    in_hall(scenario)


def test_one_wait_ends_with_one_job_and_the_most_urgent_goes_first(in_hall: Any) -> None:
    """The rest of a batch waits in the queue, and wakes further workers."""

    async def scenario(hall: Hall) -> None:
        _, one = await hall.waiting("worker-1", limit=10)
        _, two = await hall.waiting("worker-2", limit=10)
        batch = [
            message("a", priority="low"),
            message("b", priority="critical"),
            message("c", priority="low"),
        ]
        await hall.producer.enqueue(batch)
        assert [each.job_id for each in await two] == ["b"], "who said last that it waits is served first"
        assert [each.job_id for each in await one] == ["a", "c"]

    in_hall(scenario)


def test_jobs_that_wait_are_not_overtaken(in_hall: Any) -> None:
    """Where jobs wait in the queue, a new one waits behind them."""

    async def scenario(hall: Hall) -> None:
        hall.client.sadd("jobs:paused", "default")
        await hall.producer.enqueue([message("early")])
        _, task = await hall.waiting("worker-1")
        hall.client.srem("jobs:paused", "default")
        await hall.producer.enqueue([message("late")])
        assert [each.job_id for each in await task] == ["early"]

    in_hall(scenario)


def test_a_paused_queue_hands_over_nothing(in_hall: Any) -> None:
    """Paused while its workers wait."""

    async def scenario(hall: Hall) -> None:
        queue, task = await hall.waiting("worker-1")
        hall.client.sadd("jobs:paused", "default")
        await hall.producer.enqueue([message()])
        assert hall.client.llen(FILL) == 1
        assert hall.client.hlen("jobs:processing:worker-1") == 0
        await queue.wake("worker-1")
        assert await task == []

    in_hall(scenario)


def test_a_worker_is_handed_one_job_although_it_waits_for_two_queues(in_hall: Any) -> None:
    """It may have one free slot: the second job waits for whoever comes."""

    async def scenario(hall: Hall) -> None:
        _, task = await hall.waiting("worker-1", "default", "mail")
        await hall.producer.enqueue([message("one"), message("two", queue="mail")])
        [delivery] = await task
        other = RedisJobQueue(hall.transport(), Keys())
        [rest] = await other.dequeue(Subscription("worker-2", {"default": 1, "mail": 1}), 5, AT_ONCE)
        assert {delivery.job_id, rest.job_id} == {"one", "two"}
        await hall.producer.enqueue([message("three", queue="mail"), message("four")])
        assert hall.client.hlen("jobs:processing:worker-1") == 1, "it does not wait any more"

    in_hall(scenario)


def test_a_worker_without_a_lease_is_handed_nothing(in_hall: Any) -> None:
    """Its jobs would be nobody's."""

    async def scenario(hall: Hall) -> None:
        _, task = await hall.waiting("worker-1")
        hall.client.hdel("jobs:beats", "worker-1")
        await hall.producer.enqueue([message()])
        assert hall.client.llen(FILL) == 1
        await hall.producer.wake("worker-9")
        assert not hall.client.exists("jobs:mailbox:worker-9"), "it would stay for ever"
        task.cancel()

    in_hall(scenario)


def test_a_fetch_empties_the_mailbox(in_hall: Any) -> None:
    """A job that was put there after the wait had ended is found by the next fetch, also after a lost reply, once."""

    async def scenario(hall: Hall) -> None:
        queue, task = await hall.waiting("worker-1")
        task.cancel()
        await until(lambda: hall.client.info("clients")["blocked_clients"] == 0)
        await hall.producer.enqueue([message("handed"), message("waits")])
        assert hall.client.llen("jobs:mailbox:worker-1") == 1
        subscription = Subscription("worker-1", {"default": 1})
        [handed] = await queue.dequeue(subscription, 1, AT_ONCE)
        assert (handed.job_id, handed.attempt) == ("handed", 1)
        assert not hall.client.exists("jobs:mailbox:worker-1")
        [waits] = await queue.dequeue(subscription, 5, AT_ONCE)
        assert waits.job_id == "waits"
        assert [await queue.ack(handed), await queue.ack(waits)] == [True, True]

    in_hall(scenario)


def test_a_handed_job_whose_reply_was_lost_comes_again(in_hall: Any) -> None:
    """The next fetch gives back what the worker does not know of; no attempt is spent."""

    async def scenario(hall: Hall) -> None:
        queue, task = await hall.waiting("worker-1")
        await hall.producer.enqueue([message("before")])
        [first] = await task
        wait = queue._transport.wait

        async def loses(*command: Any, **how: Any) -> Any:
            await wait(*command, **how)
            raise ServerUnavailable("the reply was lost")

        queue._transport.wait = loses  # type: ignore[method-assign]  # the fault
        lost = await hall.waits_again(queue, "worker-1")
        await hall.producer.enqueue([message("lost")])
        with pytest.raises(ServerUnavailable):
            await lost
        queue._transport.wait = wait  # type: ignore[method-assign]  # the fault is over
        [again] = await queue.dequeue(Subscription("worker-1", {"default": 1}), 1, AT_ONCE)
        assert (again.job_id, again.attempt, again.crashes) == ("lost", 1, 0)
        assert await queue.ack(first), "the worker knew of this one"

    in_hall(scenario)


@pytest.mark.parametrize("read", [True, False])
def test_a_job_that_nobody_read_counts_no_crash(in_hall: Any, read: bool) -> None:
    """A worker dies: what lay in its mailbox has not begun; what it had read may have."""

    async def scenario(hall: Hall) -> None:
        _, task = await hall.waiting("worker-1")
        if not read:
            task.cancel()
            await until(lambda: hall.client.info("clients")["blocked_clients"] == 0)
        await hall.producer.enqueue([message("handed")])
        if read:
            await task
        recovered = await hall.leases.take_over("worker-1", None)
        assert recovered is not None
        assert [each.job_id for each in recovered] == (["handed"] if read else [])
        assert not hall.client.exists("jobs:mailbox:worker-1")
        other = RedisJobQueue(hall.transport(), Keys())
        [again] = await other.dequeue(Subscription("worker-2", {"default": 1}), 1, AT_ONCE)
        assert (again.job_id, again.attempt, again.crashes) == ("handed", 1, int(read))

    in_hall(scenario)


def test_a_job_that_has_failed_before_is_handed_over_with_its_attempts(in_hall: Any) -> None:
    """Ids that were used before keep what is known of them."""

    async def scenario(hall: Hall) -> None:
        hall.client.set("jobs:state:again", json.dumps({"status": "pending", "attempt": "2", "crashes": "1"}))
        _, task = await hall.waiting("worker-1")
        await hall.producer.enqueue([message("again")])
        [delivery] = await task
        assert (delivery.attempt, delivery.crashes) == (3, 1)

    in_hall(scenario)


def test_a_fetch_that_does_not_wait_ends_the_waiting(in_hall: Any) -> None:
    """A worker whose wait was cut off and that looks again without one may be busy next: it is handed nothing."""

    async def scenario(hall: Hall) -> None:
        queue, task = await hall.waiting("worker-1")
        task.cancel()
        assert await queue.dequeue(Subscription("worker-1", {"default": 1}), 1, AT_ONCE) == []
        await hall.producer.enqueue([message()])
        assert hall.client.llen(FILL) == 1

    in_hall(scenario)


@pytest.mark.parametrize("how", ["it is taken over", "it leaves"])
def test_a_worker_that_is_gone_is_not_woken_for_its_own_jobs(in_hall: Any, how: str) -> None:
    """What it gives back wakes another one, although it was the last to say that it waits."""

    async def scenario(hall: Hall) -> None:
        queue, first = await hall.waiting("worker-1")
        await hall.producer.enqueue([message("given-back")])
        await first
        _, other = await hall.waiting("worker-2")
        await hall.waits_again(queue, "worker-1")
        if how == "it leaves":
            assert await queue.leave(Subscription("worker-1", {})) == 1
        else:
            assert await hall.leases.take_over("worker-1", None)
        async with asyncio.timeout(
            LONG.total_seconds() / 2
        ):  # by itself it looks again at the end of its wait
            assert [each.job_id for each in await other] == ["given-back"]
        assert not hall.client.exists("jobs:waiters")

    in_hall(scenario)


def test_a_job_that_is_run_now_is_handed_over(in_hall: Any) -> None:
    """As one that is submitted; who hands it over wakes another one to mind what is due next."""

    async def scenario(hall: Hall) -> None:
        _, other = await hall.waiting("worker-2")
        queue, minds = await hall.waiting("worker-1")
        store = RedisJobStore(hall.transport(), Keys())
        await hall.producer.enqueue([message("delayed", due=1 << 42), message("next", due=1 << 43)])
        assert await minds == []
        minds = await hall.waits_again(queue, "worker-1")
        assert await store.reschedule("delayed", None)
        assert hall.client.hexists("jobs:processing:worker-1", "delayed")
        [delivery] = await minds
        assert (delivery.job_id, delivery.attempt) == ("delayed", 1)
        async with asyncio.timeout(LONG.total_seconds() / 2):
            assert await other == []
        assert await queue.ack(delivery)

    in_hall(scenario)


def test_a_moved_job_that_is_not_the_next_one_due_wakes_nobody(in_hall: Any) -> None:
    """Who waits knows until when; one that is the next one due by then wakes one worker."""

    async def scenario(hall: Hall) -> None:
        store = RedisJobStore(hall.transport(), Keys())
        await hall.producer.enqueue([message("first", due=1 << 42), message("moved", due=1 << 43)])
        _, task = await hall.waiting("worker-1")
        assert await store.reschedule("moved", (1 << 43) - 1)
        assert not task.done()
        assert hall.client.hexists("jobs:waiters", "worker-1")
        assert await store.reschedule("moved", (1 << 42) - 1)
        async with asyncio.timeout(LONG.total_seconds() / 2):
            assert await task == []

    in_hall(scenario)


@pytest.mark.parametrize("how", ["is handed a job", "takes as many as it can", "is taken over", "leaves"])
def test_somebody_who_waits_minds_the_next_due_time(in_hall: Any, how: str) -> None:
    """The worker that was woken to mind a delayed job cannot any more: another one, that waits, is woken for it."""

    async def scenario(hall: Hall) -> None:
        here = Subscription("worker-1", {"default": 1})
        _, other = await hall.waiting("worker-2")
        queue, minds = await hall.waiting("worker-1")
        await hall.leases.beat("worker-1", WorkerFacts(queues=("default",)))
        await hall.producer.enqueue([message("delayed", due=1 << 42)])
        assert await minds == [], "it was woken, and knows now until when it may sleep"
        if how == "is handed a job":
            minds = await hall.waits_again(queue, "worker-1")
            await hall.producer.enqueue([message("fills")])
            assert [each.job_id for each in await minds] == ["fills"]
        elif how == "takes as many as it can":
            hall.client.lpush(FILL, "fills")
            hall.client.zadd("jobs:ready", {"default": 0})
            assert await queue.dequeue(here, 1, AT_ONCE)
        elif how == "leaves":
            await queue.leave(here)
        else:
            await hall.leases.take_over("worker-1", None)
        async with asyncio.timeout(
            LONG.total_seconds() / 2
        ):  # by itself it looks again at the end of its wait
            assert await other == []

    in_hall(scenario)
