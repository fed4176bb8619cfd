"""Jobs that become due: a wait ends to the millisecond, a far time costs nothing, and no promotion takes long."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
import redis

from hexjobs.adapters.redis.address import Address
from hexjobs.adapters.redis.async_transport import AsyncTransport
from hexjobs.adapters.redis.blocking_transport import BlockingTransport
from hexjobs.adapters.redis.job_queue import RedisJobQueue
from hexjobs.adapters.redis.keys import Keys
from hexjobs.application.blocking import drive
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.delivery import Settlement, Subscription
from support.messages import message, messages
from support.run import run
from support.until import until
from support.valkey_process import ValkeyProcess

HERE = Subscription("worker-1", {"default": 1})
AT_ONCE = timedelta(0)
A_WHILE = timedelta(seconds=3)
PAST = 1000


@asynccontextmanager
async def queue_on(server: ValkeyProcess, username: str | None = None) -> AsyncIterator[RedisJobQueue]:
    """A queue on a transport of its own."""
    password = username and "pass"
    transport = AsyncTransport(Address(socket_path=server.socket_path, username=username, password=password))
    yield RedisJobQueue(transport, Keys())
    await transport.close()


def calls(client: redis.Redis, command: str) -> int:
    """How often a command was run."""
    return int(client.info("commandstats").get(f"cmdstat_{command}", {}).get("calls", 0))


def refusals(client: redis.Redis) -> int:
    """How many commands were refused, for want of rights."""
    return int(client.info("stats")["acl_access_denied_cmd"])


async def take(queue: RedisJobQueue, wait: timedelta = A_WHILE) -> list[str]:
    """The ids of the next fetch that finds some; none where the time is over."""
    ends = time.monotonic() + 5
    while time.monotonic() < ends:
        if found := await queue.dequeue(HERE, 10, wait):
            return [delivery.job_id for delivery in found]
    return []


def in_a_moment() -> int:
    """A due time; server and test share a clock."""
    return int(time.time() * 1000) + 150


def test_a_wait_for_a_due_job_is_ended_in_time(server: ValkeyProcess) -> None:
    """By the worker itself, once for each: the server looks at the timeouts of blocked reads ten times a second only."""

    async def scenario() -> None:
        with server.client() as client:
            async with queue_on(server) as queue:
                for number in (1, 2):
                    await queue.enqueue([message(f"job-{number}", due=in_a_moment())])
                    assert await take(queue) == [f"job-{number}"]
                    assert calls(client, "client|unblock") == number
                assert calls(client, "client|id") == 1, "a connection keeps its number"
                assert await queue.dequeue(HERE, 1, timedelta(milliseconds=20)) == []
                assert calls(client, "client|unblock") == 2, "no other wait needs it"

    run(scenario())


def test_a_wait_that_ends_before_leaves_no_alarm(server: ValkeyProcess) -> None:
    """The next wait on the same connection is not cut short."""

    async def scenario() -> None:
        with server.client() as client:
            async with queue_on(server) as queue, queue_on(server) as producer:
                await producer.enqueue([message("due", due=in_a_moment() + 2000)])
                task = asyncio.create_task(queue.dequeue(HERE, 10, A_WHILE))
                await until(lambda: client.info("clients")["blocked_clients"] == 1)
                await producer.enqueue([message("now")])
                assert [each.job_id for each in await task] == ["now"]
                await asyncio.sleep(0)
                assert asyncio.all_tasks() == {asyncio.current_task()}
                assert calls(client, "client|unblock") == 0

    run(scenario())


@pytest.mark.parametrize("rights", ["-client", "-client|unblock"])
def test_a_user_that_may_not_end_waits_is_served(server: ValkeyProcess, rights: str) -> None:
    """Its waits end when the server looks at them, and nothing is said of it."""

    async def scenario() -> None:
        failures: list[Any] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context))
        with server.client() as client:
            client.execute_command("ACL", "SETUSER", "ann", "on", ">pass", "~*", "&*", "+@all", rights)
            async with queue_on(server, username="ann") as queue:
                await queue.enqueue([message("job", due=in_a_moment())])
                assert await take(queue) == ["job"]
                before = refusals(client)
                waiting = asyncio.create_task(
                    queue._transport.wait("BLPOP", "word", 4, longest=0.01, exactly=True)
                )
                if rights == "-client|unblock":
                    await until(lambda: refusals(client) > before)
                client.lpush("word", "now")
                assert await waiting == [b"word", b"now"]
            gc.collect()  # by then a task that failed, and that nobody asked, is told of
            assert failures == []

    run(scenario())


def test_a_thread_waits_without_an_alarm(server: ValkeyProcess) -> None:
    """The blocking transport has no loop that could end a read."""
    transport = BlockingTransport(Address(socket_path=server.socket_path))
    queue = RedisJobQueue(transport, Keys())
    drive(queue.enqueue([message("job", due=in_a_moment())]))
    found: list[Any] = []
    while not found:
        found = drive(queue.dequeue(HERE, 1, A_WHILE))
    assert found[0].job_id == "job"
    drive(transport.close())


def test_who_waits_for_a_far_time_does_not_look_again(server: ValkeyProcess) -> None:
    """It stays noted as waiting, and an earlier job wakes it; a time that comes soon is minded by each wait."""

    async def scenario() -> None:
        shortly = timedelta(milliseconds=10)
        with server.client() as client:
            async with queue_on(server) as queue, queue_on(server) as producer:
                await producer.enqueue([message("far", due=1 << 42)])
                await queue.dequeue(HERE, 1, shortly)
                before = calls(client, "evalsha") + calls(client, "eval")
                for _ in range(5):
                    assert await queue.dequeue(HERE, 1, shortly) == []
                assert calls(client, "evalsha") + calls(client, "eval") == before
                await producer.enqueue([message("near", due=in_a_moment())])
                assert await take(queue) == ["near"]
                await producer.enqueue([message("soon", due=int(time.time() * 1000) + 20_000)])
                await queue.dequeue(HERE, 1, shortly)
                before = calls(client, "evalsha")
                await queue.dequeue(HERE, 1, shortly)
                assert calls(client, "evalsha") > before

    run(scenario())


def test_a_fetch_promotes_so_many_and_no_more(server: ValkeyProcess) -> None:
    """Two hundred, the earliest first; with large payloads as many as a megabyte holds. The counters are right throughout."""

    async def scenario() -> None:
        with server.client() as client:
            async with queue_on(server) as queue:
                batch = [*messages(600, due=PAST + 1), message("first", due=PAST)]
                await queue.enqueue(batch)
                [first] = await queue.dequeue(HERE, 1, AT_ONCE)
                assert (first.job_id, client.zcard("jobs:delayed")) == ("first", 401)
                assert (await queue.stats("default")).scheduled == 401
                assert (await queue.stats("default")).waiting == 199
                taken = []
                while found := await queue.dequeue(HERE, 200, AT_ONCE):
                    taken += [each.job_id for each in found]
                assert sorted(taken) == sorted(each.job_id for each in batch[:-1])
                assert (await queue.stats("default")).scheduled == 0
                large = [message(f"large-{n:03}", due=PAST, payload={"t": "x" * 100_000}) for n in range(100)]
                await queue.enqueue(large)
                assert len(await queue.dequeue(HERE, 1, AT_ONCE)) == 1
                assert client.zcard("jobs:delayed") == 75
                taken = ["large-000"]
                while found := await queue.dequeue(HERE, 200, AT_ONCE):
                    taken += [each.job_id for each in found]
                assert taken == [each.job_id for each in large], "in their order"

    run(scenario())


def test_retries_and_new_jobs_are_promoted_alike(server: ValkeyProcess) -> None:
    """Each into its own queue and level, its attempts kept; who counts the delayed set meanwhile is told of each."""

    async def scenario() -> None:
        with server.client() as client:
            async with queue_on(server) as queue:
                await queue.enqueue([message("again", priority="high")])
                [delivery] = await queue.dequeue(HERE, 1, AT_ONCE)
                await queue.settle([Settlement(delivery, JobEvent.ERRED, delay=AT_ONCE, error="boom")])
                await queue.enqueue(
                    [message("new", due=PAST), message("other", queue="mail", priority="high", due=PAST)]
                )
                client.rpush("jobs:delayed:changes", "somebody counts")
                both = Subscription("worker-2", {"default": 1})
                while client.exists("jobs:delayed"):
                    assert await queue.dequeue(Subscription("nobody", {"none": 1}), 1, AT_ONCE) == []
                found = await queue.dequeue(both, 10, AT_ONCE)
                assert [(each.job_id, each.attempt) for each in found] == [("again", 2), ("new", 1)]
                assert sorted(client.lrange("jobs:delayed:changes", 1, -1)) == [
                    b"-retrying:default again",
                    b"-scheduled:default new",
                    b"-scheduled:mail other",
                ]
                assert (await queue.stats("mail")).by_priority["high"] == 1
                for queue_name in ("default", "mail"):
                    stats = await queue.stats(queue_name)
                    assert (stats.scheduled, stats.retrying) == (0, 0)

    run(scenario())
