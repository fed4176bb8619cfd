"""docs/redis-keys.md names every key that the adapter writes, and no other."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

from hexjobs.adapters.redis.address import Address
from hexjobs.adapters.redis.async_transport import AsyncTransport
from hexjobs.adapters.redis.circuits import RedisCircuits
from hexjobs.adapters.redis.job_queue import RedisJobQueue
from hexjobs.adapters.redis.job_store import RedisJobStore
from hexjobs.adapters.redis.keys import Keys
from hexjobs.adapters.redis.queue_control import RedisQueueControl
from hexjobs.adapters.redis.schedule_store import RedisScheduleStore
from hexjobs.adapters.redis.scripts import script
from hexjobs.adapters.redis.store_check import RedisStoreCheck
from hexjobs.adapters.redis.told_subscription import FEW_QUEUES
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.circuits import CircuitRules
from hexjobs.ports.delivery import Settlement, Subscription
from support.due_times import DueTimes
from support.messages import message
from support.plans import HOUR, fire, plan
from support.run import run
from support.valkey_process import ValkeyProcess

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "redis-keys.md").read_text()
AT_ONCE = timedelta(0)
DAY = timedelta(days=1)


def test_the_table_is_complete_and_true(tmp_path: Path) -> None:
    """A scenario that leaves every kind of key behind: each key fits one row by name and type, each row is met."""
    rows = re.findall(r"^\| `(jobs:[^`]+)` \| ([a-z ]+) \|", PAGE, re.MULTILINE)
    patterns = {_pattern(name): kind.replace("sorted set", "zset") for name, kind in rows}
    with ValkeyProcess(tmp_path) as server:
        run(_leave_every_kind_of_key(server.socket_path))
        with server.client() as client:
            found = {key.decode(): client.type(key).decode() for key in client.keys("*")}
    met = set()
    for key, kind in found.items():
        fitting = [
            pattern for pattern, expected in patterns.items() if pattern.match(key) and expected == kind
        ]
        assert len(fitting) == 1, f"{key} ({kind}) fits {len(fitting)} rows"
        met.add(fitting[0])
    assert {pattern.pattern for pattern in patterns} == {pattern.pattern for pattern in met}


def _pattern(name: str) -> re.Pattern[str]:
    """Of all names a job's id alone may have colons in it."""
    whole = re.escape(name).replace(r"\{job_id\}", ".+")
    return re.compile(re.sub(r"\\\{\w+\\\}", r"[^:]+", whole) + r"\Z")


async def _leave_every_kind_of_key(socket_path: str) -> None:
    transport = AsyncTransport(Address(socket_path=socket_path))
    queue, store, schedules = (
        RedisJobQueue(transport, Keys()),
        RedisJobStore(transport, Keys()),
        RedisScheduleStore(transport, Keys()),
    )
    here = Subscription("worker-1", {"default": 1})
    await queue.dequeue(Subscription("worker-2", {"mail": 1}), 1, timedelta(milliseconds=20))
    await queue.wake("worker-2")
    many_queues = dict.fromkeys(["mail", *(f"queue-{number}" for number in range(FEW_QUEUES))], 1)
    await queue._fetch(Subscription("worker-3", many_queues), 1, "1")
    await queue._fetch(Subscription("worker-4", many_queues, strict=True), 1, "0")
    await queue.enqueue([message(unique="u") for _ in range(1)] + [message() for _ in range(5)])
    await queue.enqueue([message(due=1 << 42)])
    first, second, third, *_ = await queue.dequeue(here, 4, AT_ONCE)
    await queue.settle([Settlement(first, JobEvent.DIED, error="e"), Settlement(second, JobEvent.SUCCEEDED)])
    await queue.settle([Settlement(third, JobEvent.CANCELLED)])
    await queue.enqueue([message(unique="v")])
    await RedisQueueControl(transport, Keys()).pause("mail")
    await schedules.seed(1, "digest", [plan(next_due=HOUR)], prune=False)
    await fire(schedules, HOUR)
    await fire(schedules, 2 * HOUR, "queue_one")
    for name in ("paused", "ended"):
        await schedules.put(plan(name, next_due=HOUR))
        await schedules.pause(name)
    await schedules.resume("ended", None)
    (running,) = await queue.dequeue(here, 1, AT_ONCE)
    await store.record_effect(running.job_id, running.fence, "charge", b"1")
    await RedisCircuits(transport, Keys()).fail("stripe", CircuitRules(), "run")
    assert await RedisStoreCheck(transport, Keys(), DueTimes()).claim("w", DAY)
    await transport.run(script("check_recount"), ["jobs", "begin", "token"])
    assert await store.get(["unknown"]) == [None]
    await transport.close()
