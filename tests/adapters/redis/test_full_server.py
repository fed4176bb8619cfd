"""A server without room: it takes no job in, and everything that drains it goes on."""

from __future__ import annotations

from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib.resources import files
from typing import Any

import pytest
import redis.exceptions

from hexjobs import BackgroundJobService, InvalidConfiguration, ServerFull, ServerUnavailable
from hexjobs.adapters.redis.address import Address
from hexjobs.adapters.redis.async_transport import AsyncTransport
from hexjobs.adapters.redis.blocking_transport import BlockingTransport
from hexjobs.adapters.redis.job_queue import RedisJobQueue
from hexjobs.adapters.redis.job_store import RedisJobStore
from hexjobs.adapters.redis.keys import Keys
from hexjobs.adapters.redis.leases import RedisLeases
from hexjobs.adapters.redis.schedule_store import RedisScheduleStore
from hexjobs.adapters.redis.scripts import script
from hexjobs.adapters.redis.translated import Translated
from hexjobs.application.blocking import drive
from hexjobs.domain.status import JobStatus
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.delivery import LeaseState, Settlement, Subscription
from hexjobs.ports.job_store import CancelResult
from hexjobs.ports.schedule_ledger import Claim, FireOutcome
from support.messages import message, messages
from support.plans import HOUR, fire, plan
from support.run import run
from support.until import until
from support.valkey_process import ValkeyProcess

SUBSCRIPTION = Subscription("worker-1", {"default": 1})
AT_ONCE = timedelta(0)
ADDRESS = Address(host="example.org")
# What makes the store larger. A new script either has a `-- flags:` line or is named here.
REFUSED_WHEN_FULL = {"enqueue", "enqueue_one", "retry", "reschedule", "progress", "fire"} | {
    f"schedule_{what}" for what in ("put", "seed", "trigger", "pass")
}


class Store:
    """The ports on one transport."""

    def __init__(self, server: ValkeyProcess) -> None:
        self.transport = AsyncTransport(Address(socket_path=server.socket_path))
        self.queue = RedisJobQueue(self.transport, Keys())
        self.jobs = RedisJobStore(self.transport, Keys(), remembered=timedelta(0))
        self.schedules = RedisScheduleStore(self.transport, Keys())
        self.leases = RedisLeases(self.transport, Keys())

    async def status(self, job_id: str) -> JobStatus:
        """Of a job that must be there."""
        [job] = await self.jobs.get([job_id])
        assert job is not None
        return job.status


def everything(server: ValkeyProcess) -> dict[Any, Any]:
    """Each key with what it holds, serialized."""
    with server.client() as client:
        return {key: client.dump(key) for key in client.keys("*")}


def test_a_submit_is_refused_whole(server: ValkeyProcess) -> None:
    """ServerFull from both transports, for one job and for many; not a byte is written; with room again all goes in."""
    many = [*messages(3), message("delayed", due=1), message("unique", unique="one")]

    async def scenario() -> None:
        store = Store(server)
        blocking = RedisJobQueue(BlockingTransport(Address(socket_path=server.socket_path)), Keys())
        await store.queue.enqueue([message("before", payload={"text": "x" * 1000})])
        server.fill()
        before = everything(server)
        for queue in (store.queue, blocking):
            for atomic in (False, True):
                with pytest.raises(ServerFull, match=r"is full: .*raise maxmemory, then submit again"):
                    await queue.enqueue(many, {"default": 100}, atomic=atomic)
        assert everything(server) == before
        server.make_room()
        assert all(result.is_new for result in await store.queue.enqueue(many))
        await blocking._transport.close()
        await store.transport.close()

    run(scenario())


def test_services_raise_it(server: ValkeyProcess) -> None:
    """Submitting, one or many, and retrying, as users do it; the text names no more than the address."""
    with BackgroundJobService.from_config(
        None, **{"jobs.provider": "redis", "jobs.redis.addr": f"unix://{server.socket_path}"}
    ) as jobs:
        payload = {"older_than_hours": 1}
        job_id = jobs.submit_job("data_cleanup", payload)
        jobs.cancel_job(job_id)
        server.fill()
        for act in (
            lambda: jobs.submit_job("data_cleanup", payload),
            lambda: jobs.submit_jobs([("data_cleanup", payload)]),
            lambda: jobs.retry_job(job_id),
        ):
            with pytest.raises(ServerFull):
                act()
        assert jobs.get_job(job_id).status is JobStatus.CANCELLED
        server.make_room()
        jobs.retry_job(job_id)


def test_what_drains_goes_on(server: ValkeyProcess) -> None:
    """At the limit jobs are handed out, recorded, dead-lettered, cancelled, given back, swept and deleted."""

    async def scenario() -> None:
        store = Store(server)
        ids = ["done", "retried", "dead", "snoozed", "back", "running", "cancelled", "deleted", "waiting"]
        await store.queue.enqueue([message(job_id) for job_id in ids])
        server.fill()
        assert await store.jobs.cancel("cancelled", None) is CancelResult.CANCELLED
        assert await store.jobs.delete("deleted")
        taken = {job.job_id: job for job in await store.queue.dequeue(SUBSCRIPTION, 6, AT_ONCE)}
        assert list(taken) == ids[:6]
        assert await store.queue.extend(list(taken.values())) == [LeaseState.HELD] * 6
        settlements = [
            Settlement(taken["done"], JobEvent.SUCCEEDED, result=b'"' + b"x" * 10_000 + b'"', keep=AT_ONCE),
            Settlement(taken["retried"], JobEvent.ERRED, delay=timedelta(hours=1), error="again"),
            Settlement(taken["dead"], JobEvent.DIED, error="for good"),
            Settlement(taken["snoozed"], JobEvent.SNOOZED, delay=timedelta(hours=1)),
            Settlement(taken["back"], JobEvent.GIVEN_BACK),
        ]
        assert all(await store.queue.settle(settlements))
        assert await store.status("retried") is JobStatus.RETRYING
        assert await store.status("dead") is JobStatus.FAILED
        assert await store.status("snoozed") is JobStatus.SCHEDULED
        assert (await store.queue.stats("default")).waiting == 2
        assert await store.jobs.cancel("running", None) is CancelResult.REQUESTED
        assert await store.queue.leave(SUBSCRIPTION) == 1
        assert await store.status("running") is JobStatus.CANCELLED
        await store.jobs.sweep(0)
        await store.queue.wake("worker-1")
        await store.queue.ping()
        await store.transport.close()

    run(scenario())


def test_a_new_worker_joins_and_a_dead_one_is_taken_over(server: ValkeyProcess) -> None:
    """A restart of the workers, or the death of one, while the server is full, keeps nothing from being worked off."""

    async def scenario() -> None:
        store = Store(server)
        await store.queue.enqueue([message("job")])
        server.fill()
        [job] = await store.queue.dequeue(SUBSCRIPTION, 1, AT_ONCE)
        beats = await store.leases.beat("worker-1")
        assert await store.leases.take_over("worker-1", beats["worker-1"])
        [again] = await store.queue.dequeue(Subscription("worker-2", {"default": 1}), 1, AT_ONCE)
        assert again.job_id == job.job_id
        assert await store.queue.ack(again)
        await store.transport.close()

    run(scenario())


def test_what_grows_is_refused_and_goes_on_with_room(server: ValkeyProcess) -> None:
    """A retry by hand, another time for a job, a progress, new schedules and what they fire change nothing at the limit, and work after it."""

    async def scenario() -> None:
        store = Store(server)
        await store.queue.enqueue([message("dead"), message("running")])
        dead, running = await store.queue.dequeue(SUBSCRIPTION, 2, AT_ONCE)
        await store.queue.settle([Settlement(dead, JobEvent.DIED)])
        await store.queue.enqueue([message("delayed", due=1 << 42)])
        for name in ("fires", "misses", "hourly"):
            await store.schedules.put(plan(name, next_due=HOUR))
        missed = Claim("misses", HOUR, HOUR, None)

        def growing() -> list[Coroutine[Any, Any, Any]]:
            return [
                store.jobs.save_progress("running", running.fence, b"1"),
                store.jobs.retry("dead"),
                store.jobs.reschedule("delayed", (1 << 42) + 1),
                store.schedules.put(plan("weekly", next_due=5)),
                store.schedules.seed(1, "x", [plan("daily", next_due=5)], prune=False),
                store.schedules.trigger("hourly", message("triggered")),
                store.schedules.pass_over(missed, 1),
                fire(store.schedules, HOUR, name="fires"),
            ]

        server.fill()
        before = everything(server)
        for act in growing():
            with pytest.raises(ServerFull):
                await act
        assert everything(server) == before
        assert len((await store.schedules.look(9)).due) == 3
        assert await store.schedules.pause("hourly")
        assert await store.schedules.resume("hourly", HOUR)
        server.make_room()
        *others, seeding, triggered, passed, outcome = [await act for act in growing()]
        assert others == [True, True, True, None]
        assert (seeding.applied, triggered, passed, outcome) == (True, "triggered", True, FireOutcome.FIRED)
        await store.transport.close()

    run(scenario())


def test_an_instant_that_waited_fires(server: ValkeyProcess) -> None:
    """On a full server too: what it makes is stored already. And one is forgotten."""

    async def scenario() -> None:
        store = Store(server)
        await store.schedules.put(plan(next_due=HOUR))
        await fire(store.schedules, HOUR)
        assert await fire(store.schedules, 2 * HOUR, "queue_one") is FireOutcome.QUEUED
        server.fill()
        [first] = await store.queue.dequeue(SUBSCRIPTION, 1, AT_ONCE)
        assert await store.queue.ack(first)
        [released] = (await store.schedules.look(9)).released
        [second] = await store.queue.dequeue(SUBSCRIPTION, 1, AT_ONCE)
        assert second.job_id == released.job_id
        assert await store.schedules.remove("hourly")
        await store.transport.close()

    run(scenario())


@contextmanager
def broken_disk(server: ValkeyProcess) -> Iterator[None]:
    """Its snapshot cannot be written: a folder stands where the file should be."""
    obstacle = server.folder / "dump.rdb"
    obstacle.mkdir()
    with server.client() as client:
        client.config_set("save", "3600 1")
        client.bgsave()
        run(until(lambda: client.info("persistence")["rdb_last_bgsave_status"] == "err"))
        yield
        obstacle.rmdir()
        client.bgsave()
        run(until(lambda: client.info("persistence")["rdb_last_bgsave_status"] == "ok"))


def test_a_server_that_cannot_persist_is_full_too(server: ValkeyProcess) -> None:
    """MISCONF: nothing is written, and the same calls go through once the disk is mended."""
    transport = BlockingTransport(Address(socket_path=server.socket_path))
    queue, jobs = RedisJobQueue(transport, Keys()), RedisJobStore(transport, Keys())
    drive(queue.enqueue(messages(2)))
    [taken] = drive(queue.dequeue(SUBSCRIPTION, 1, AT_ONCE))
    with broken_disk(server):
        before = everything(server)
        for act in (queue.enqueue([message("late")]), queue.ack(taken), queue.ping()):
            with pytest.raises(ServerFull, match=r"cannot persist: MISCONF .*free or mend its disk"):
                drive(act)
        assert everything(server) == before
        assert drive(queue.stats("default")).waiting == 1
        assert drive(jobs.get(["late"])) == [None]
    assert drive(queue.ack(taken))
    drive(queue.enqueue([message("late")]))
    drive(transport.close())


def test_every_script_says_whether_it_runs_on_a_full_server() -> None:
    """One without flags is refused there; those are named here, so that nobody forgets to decide."""
    folder = files("hexjobs.adapters.redis.scripts")
    names = {each.name.removesuffix(".lua") for each in folder.iterdir() if each.name.endswith(".lua")}
    first_lines = {name: script(name).text.partition("\n")[0] for name in names}
    assert set(first_lines.values()) == {"#!lua", "#!lua flags=allow-oom", "#!lua flags=no-writes"}
    assert {name for name, line in first_lines.items() if line == "#!lua"} == REFUSED_WHEN_FULL


@pytest.mark.parametrize(
    ("error", "expected", "words"),
    [
        (redis.exceptions.OutOfMemoryError("command not allowed"), ServerFull, "is full"),
        (redis.exceptions.ResponseError("MISCONF Errors writing to the AOF file"), ServerFull, "persist"),
        (redis.exceptions.ReadOnlyError("a replica"), ServerUnavailable, "refuses"),
        (redis.exceptions.MasterDownError("no link"), ServerUnavailable, "refuses"),
        (redis.exceptions.ResponseError("NOREPLICAS Not enough"), ServerUnavailable, "refuses"),
        (redis.exceptions.ResponseError("BUSY running a script"), ServerUnavailable, "refuses"),
        (redis.exceptions.BusyLoadingError("loading"), ServerUnavailable, "reached"),
        (redis.exceptions.ResponseError("Error compiling script (new function)"), InvalidConfiguration, "Redis 7"),
        (redis.exceptions.ResponseError("wrong type: ZOOM"), redis.exceptions.ResponseError, "ZOOM"),
    ],
)  # fmt: skip
def test_what_a_server_says_becomes_an_error_of_ours(
    error: Exception, expected: type[Exception], words: str
) -> None:
    """By kind; a fault of our own stays what it is."""
    with pytest.raises(expected, match=words) as raised, Translated(ADDRESS):
        raise error
    assert raised.type is expected
