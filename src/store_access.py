"""StoreAccess: the part of the container that reaches the store, once for event loops and once for threads."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from dependency_injector import containers, providers

from . import wiring
from .adapters.embedded.server import EmbeddedServer
from .adapters.memory.circuits import MemoryCircuits
from .adapters.memory.dead_letters import MemoryDeadLetters
from .adapters.memory.job_queue import MemoryJobQueue
from .adapters.memory.job_store import MemoryJobStore
from .adapters.memory.leases import MemoryLeases
from .adapters.memory.queue_control import MemoryQueueControl
from .adapters.memory.schedule_store import MemoryScheduleStore
from .adapters.memory.state import MemoryStore
from .adapters.memory.store_check import MemoryStoreCheck
from .adapters.redis.address import Address
from .adapters.redis.circuits import RedisCircuits
from .adapters.redis.dead_letters import RedisDeadLetters
from .adapters.redis.job_queue import RedisJobQueue
from .adapters.redis.job_store import RedisJobStore
from .adapters.redis.keys import Keys
from .adapters.redis.leases import RedisLeases
from .adapters.redis.queue_control import RedisQueueControl
from .adapters.redis.schedule_store import RedisScheduleStore
from .adapters.redis.store_check import RedisStoreCheck
from .adapters.scheduler.cron_scheduler import CronScheduler
from .domain.validator import JobValidator
from .settings import RedisSettings, Settings


def redis_address(redis: RedisSettings) -> Address:
    """The configured server."""
    where = redis.address
    return Address(
        host=where.host,
        port=where.port,
        socket_path=where.socket_path,
        username=redis.username or None,
        password=redis.password.get_secret_value() or None,
        db=redis.db,
        tls=redis.tls,
    )


def embedded_address(server: EmbeddedServer) -> Address:
    """The embedded server, wherever it is at the time of a connection."""
    return Address(socket_path=server.ensure)


def lease_address(address: Address | None, lease: timedelta) -> Address | None:
    """The same server, an answer awaited for half a lease at most: one silent connection costs no worker its lease."""
    if address is None:
        return None
    return replace(address, read_seconds=min(address.read_seconds, lease.total_seconds() / 2))


async def close_nothing() -> None:
    """Memory has no connections."""


class StoreAccess(containers.DeclarativeContainer):
    """One way to the store: the event loop's or the threads'; they differ in transport and clock alone."""

    settings = providers.Dependency(instance_of=Settings)
    validator = providers.Dependency(instance_of=JobValidator)
    keys = providers.Dependency(instance_of=Keys)
    memory = providers.Dependency(instance_of=MemoryStore)
    transport: providers.Dependency[Any] = providers.Dependency()
    """A `Transport`; a Protocol cannot be checked at run time."""
    clock: providers.Dependency[Any] = providers.Dependency()
    """A `Clock`; likewise."""
    provider_name = providers.Callable(wiring.provider_name, settings)

    _redis_queue = providers.Singleton(RedisJobQueue, transport, keys)
    _redis_store = providers.Singleton(RedisJobStore, transport, keys)
    _redis_schedules = providers.Singleton(RedisScheduleStore, transport, keys)
    _redis_leases = providers.Singleton(RedisLeases, transport, keys)
    _redis_control = providers.Singleton(RedisQueueControl, transport, keys)
    _redis_dead_letters = providers.Singleton(RedisDeadLetters, transport, keys)
    _redis_circuits = providers.Singleton(RedisCircuits, transport, keys)
    queue = providers.Selector(
        provider_name,
        embedded=_redis_queue,
        redis=_redis_queue,
        memory=providers.Singleton(MemoryJobQueue, memory, clock),
    )
    store = providers.Selector(
        provider_name,
        embedded=_redis_store,
        redis=_redis_store,
        memory=providers.Singleton(MemoryJobStore, memory, clock),
    )
    schedules = providers.Selector(
        provider_name,
        embedded=_redis_schedules,
        redis=_redis_schedules,
        memory=providers.Singleton(MemoryScheduleStore, memory, clock),
    )
    leases = providers.Selector(
        provider_name,
        embedded=_redis_leases,
        redis=_redis_leases,
        memory=providers.Singleton(MemoryLeases, memory, clock),
    )
    circuits = providers.Selector(
        provider_name,
        embedded=_redis_circuits,
        redis=_redis_circuits,
        memory=providers.Singleton(MemoryCircuits, memory, clock),
    )
    control = providers.Selector(
        provider_name,
        embedded=_redis_control,
        redis=_redis_control,
        memory=providers.Singleton(MemoryQueueControl, memory, clock),
    )
    dead_letters = providers.Selector(
        provider_name,
        embedded=_redis_dead_letters,
        redis=_redis_dead_letters,
        memory=providers.Singleton(MemoryDeadLetters, memory, clock),
    )
    scheduler = providers.Singleton(CronScheduler, schedules, clock)
    _redis_check = providers.Singleton(RedisStoreCheck, transport, keys, scheduler)
    store_check = providers.Selector(
        provider_name,
        embedded=_redis_check,
        redis=_redis_check,
        memory=providers.Singleton(MemoryStoreCheck, memory, clock),
    )
    close = providers.Selector(
        provider_name,
        embedded=transport.provided.close,
        redis=transport.provided.close,
        memory=providers.Object(close_nothing),
    )
    use_cases = providers.Singleton(
        wiring.use_cases,
        settings,
        validator,
        queue,
        store,
        schedules,
        scheduler,
        leases,
        control,
        dead_letters,
        store_check,
        clock,
        close,
    )
