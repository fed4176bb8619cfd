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


def kept_by(
    name: providers.Provider[str], on_a_server: providers.Provider[Any], in_memory: providers.Provider[Any]
) -> providers.Selector:
    """What the configured provider has: embedded and redis differ in their address alone."""
    return providers.Selector(name, embedded=on_a_server, redis=on_a_server, memory=in_memory)


class StoreAccess(containers.DeclarativeContainer):
    """One way to the store: the event loop's, the threads', or the lease's; they differ in transport and clock alone."""

    settings = providers.Dependency(instance_of=Settings)
    validator = providers.Dependency(instance_of=JobValidator)
    keys = providers.Dependency(instance_of=Keys)
    memory = providers.Dependency(instance_of=MemoryStore)
    transport: providers.Dependency[Any] = providers.Dependency()
    """A `Transport`; a Protocol cannot be checked at run time."""
    clock: providers.Dependency[Any] = providers.Dependency()
    """A `Clock`; likewise."""
    provider_name = providers.Callable(wiring.provider_name, settings)

    queue = kept_by(
        provider_name,
        providers.Singleton(RedisJobQueue, transport, keys),
        providers.Singleton(MemoryJobQueue, memory, clock),
    )
    store = kept_by(
        provider_name,
        providers.Singleton(RedisJobStore, transport, keys),
        providers.Singleton(MemoryJobStore, memory, clock),
    )
    schedules = kept_by(
        provider_name,
        providers.Singleton(RedisScheduleStore, transport, keys),
        providers.Singleton(MemoryScheduleStore, memory, clock),
    )
    leases = kept_by(
        provider_name,
        providers.Singleton(RedisLeases, transport, keys),
        providers.Singleton(MemoryLeases, memory, clock),
    )
    circuits = kept_by(
        provider_name,
        providers.Singleton(RedisCircuits, transport, keys),
        providers.Singleton(MemoryCircuits, memory, clock),
    )
    control = kept_by(
        provider_name,
        providers.Singleton(RedisQueueControl, transport, keys),
        providers.Singleton(MemoryQueueControl, memory, clock),
    )
    dead_letters = kept_by(
        provider_name,
        providers.Singleton(RedisDeadLetters, transport, keys),
        providers.Singleton(MemoryDeadLetters, memory, clock),
    )
    scheduler = providers.Singleton(CronScheduler, schedules, clock)
    store_check = kept_by(
        provider_name,
        providers.Singleton(RedisStoreCheck, transport, keys, scheduler),
        providers.Singleton(MemoryStoreCheck, memory, clock),
    )
    close = kept_by(provider_name, transport.provided.close, providers.Object(close_nothing))
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
