"""StoreAccess: the part of the container that reaches the store, once for event loops and once for threads."""

from __future__ import annotations

from typing import Any

from dependency_injector import containers, providers

from . import wiring
from .adapters.embedded.server import EmbeddedServer
from .adapters.memory.job_queue import MemoryJobQueue
from .adapters.memory.job_store import MemoryJobStore
from .adapters.memory.schedule_store import MemoryScheduleStore
from .adapters.memory.state import MemoryStore
from .adapters.redis.address import Address
from .adapters.redis.job_queue import RedisJobQueue
from .adapters.redis.job_store import RedisJobStore
from .adapters.redis.keys import Keys
from .adapters.redis.schedule_store import RedisScheduleStore
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
    scheduler = providers.Singleton(CronScheduler, schedules, clock)
    close = providers.Selector(
        provider_name,
        embedded=transport.provided.close,
        redis=transport.provided.close,
        memory=providers.Object(close_nothing),
    )
    use_cases = providers.Singleton(
        wiring.use_cases, settings, validator, queue, store, schedules, scheduler, clock, close
    )
