"""Answers that come late, twice or in another order: faults 33 and 34. The fence decides, whatever the order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from faults.harness.tcp_proxy import TcpProxy
from hexjobs import ServerUnavailable
from hexjobs.adapters.redis.address import Address
from hexjobs.adapters.redis.async_transport import AsyncTransport
from hexjobs.adapters.redis.job_queue import RedisJobQueue
from hexjobs.adapters.redis.job_store import RedisJobStore
from hexjobs.adapters.redis.keys import Keys
from hexjobs.adapters.redis.leases import RedisLeases
from hexjobs.adapters.worker.settler import Settler
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.delivery import Delivery, LeaseState, Settlement, Subscription
from hexjobs.ports.leases import WorkerFacts
from support.messages import message
from support.run import run
from support.until import until
from support.valkey_process import ValkeyProcess

AT_ONCE = timedelta(0)


class Client:
    """The ports of one process, on connections of its own."""

    def __init__(self, port: int) -> None:
        self.transport = AsyncTransport(Address(host="127.0.0.1", port=port))
        self.queue = RedisJobQueue(self.transport, Keys())
        self.store = RedisJobStore(self.transport, Keys())
        self.leases = RedisLeases(self.transport, Keys())

    async def take(self, worker_id: str, wait: timedelta = AT_ONCE) -> list[Delivery]:
        """What a worker of this name is handed."""
        return await self.queue.dequeue(Subscription(worker_id, {"default": 1}), 1, wait)


@asynccontextmanager
async def two_clients(proxy: TcpProxy) -> AsyncIterator[tuple[Client, Client]]:
    """Two processes on one road."""
    one, two = Client(proxy.port), Client(proxy.port)
    try:
        yield one, two
    finally:
        await one.transport.close()
        await two.transport.close()


@pytest.fixture
def proxy(tmp_path: Path) -> Any:
    """A road to a server."""
    with ValkeyProcess(tmp_path, durable=False) as server, TcpProxy(server.socket_path) as proxy:
        yield proxy


@pytest.mark.parametrize("late_first", [True, False], ids=["before the newer ack", "after it"])
def test_an_ack_of_a_delivery_that_moved_is_refused(proxy: TcpProxy, late_first: bool) -> None:
    """Fault 34: in either order one completion counts, that of the newer delivery; beat, progress and lease as well."""

    async def scenario() -> None:
        async with two_clients(proxy) as (one, two):
            await one.queue.enqueue([message("moves")])
            [old] = await one.take("one")
            await two.leases.take_over("one", None)
            [new] = await two.take("two")
            assert new.fence > old.fence
            order = [(one, old, b'"old"', False), (two, new, b'"new"', True)]
            for client, delivery, result, is_current in order if late_first else reversed(order):
                assert await client.queue.ack(delivery, result) is is_current
            assert await one.queue.extend([old]) == [LeaseState.LOST]
            assert not await one.store.save_progress("moves", old.fence, b"1")
            [job] = await one.store.get(["moves"])
            assert job is not None
            assert (job.result, job.crashes, job.attempt) == (b'"new"', 1, 1)

    run(scenario())


def test_one_delivery_that_runs_twice_completes_once(proxy: TcpProxy) -> None:
    """Fault 33: the same receipt settled by two processes: one is accepted, whatever the other says."""

    async def scenario() -> None:
        async with two_clients(proxy) as (one, two):
            await one.queue.enqueue([message("twice")])
            [delivery] = await one.take("one")
            accepted = await asyncio.gather(
                one.queue.settle([Settlement(delivery, JobEvent.SUCCEEDED)]),
                two.queue.settle([Settlement(delivery, JobEvent.DIED)]),
            )
            assert sorted(accepted) == [[False], [True]]

    run(scenario())


def test_an_id_that_is_handed_out_twice_completes_once(proxy: TcpProxy, tmp_path: Path) -> None:
    """A queue that has an id twice gives it to two workers: the later fence wins."""

    async def scenario() -> None:
        async with two_clients(proxy) as (one, two):
            await one.queue.enqueue([message("double")])
            await one.transport.execute("LPUSH", "jobs:queue:default:normal", "double")
            [first] = await one.take("one")
            [second] = await two.take("two")
            assert (first.job_id, second.job_id) == ("double", "double")
            assert [await one.queue.ack(first), await two.queue.ack(second)] == [False, True]
            assert (await one.queue.stats("default")).processing == 0
            assert await one.transport.execute("LRANGE", "jobs:completed", 0, -1) == [b"double"]

    run(scenario())


def test_an_outcome_whose_answer_was_lost_is_recorded_once(proxy: TcpProxy) -> None:
    """The settlement arrived, its answer did not, and it is sent again: the job has ended once, and well."""

    async def scenario() -> None:
        async with two_clients(proxy) as (one, _):
            await one.queue.enqueue([message("answered")])
            [delivery] = await one.take("one")
            proxy.replies_to_lose = 1
            with pytest.raises(ServerUnavailable):
                await one.queue.ack(delivery, b"1")
            answered = asyncio.Event()
            settler: Settler[None] = Settler(one.queue, lambda _, answers: answered.set())
            settler.settle(Settlement(delivery, JobEvent.SUCCEEDED, result=b"1"), None)
            await answered.wait()
            [job] = await one.store.get(["answered"])
            assert job is not None
            assert (job.status.value, job.result) == ("completed", b"1")
            assert await one.transport.execute("LLEN", "jobs:completed") == 1

    run(scenario())


def test_the_dead_are_not_woken(proxy: TcpProxy) -> None:
    """A dead worker that also waited for jobs: what is taken over from it wakes a living one at once."""

    async def scenario() -> None:
        async with two_clients(proxy) as (dead, living):
            await dead.leases.beat("dead", WorkerFacts(queues=("default",)))
            waiting = asyncio.create_task(living.take("living", timedelta(seconds=4)))
            await until(lambda: dead.transport.execute("ZCARD", "jobs:idle:default"))
            await living.queue.enqueue([message("moves", due=1)])  # due, and handed to whoever asks first
            [job] = [*await dead.take("dead"), *(await waiting if waiting.done() else [])] or await waiting
            if job.worker_id == "living":
                await living.queue.ack(job)
                await dead.queue.enqueue([message("moves-again")])
                [job] = await dead.take("dead")
            waiting = asyncio.create_task(living.take("living", timedelta(seconds=4)))
            await until(lambda: living.transport.execute("ZSCORE", "jobs:idle:default", "living"))
            blocked = asyncio.create_task(dead.take("dead", timedelta(seconds=4)))
            await until(lambda: living.transport.execute("ZSCORE", "jobs:idle:default", "dead"))
            begin = asyncio.get_running_loop().time()
            await living.leases.take_over("dead", None)
            [again] = await waiting
            assert again.job_id == job.job_id
            assert asyncio.get_running_loop().time() - begin < 1.0
            blocked.cancel()

    run(scenario())
