"""StoreAccess: the part of the container that reaches the store, once for event loops and once for threads."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from dependency_injector import containers, providers

from . import wiring
from .adapters.redis.address import Address
from .adapters.redis.keys import Keys
from .application.cancel_job import CancelJob
from .application.intake import Intake
from .application.submit_group import SubmitGroup
from .domain.validator import JobValidator
from .late import late
from .settings import RedisSettings, Settings

if TYPE_CHECKING:
    from .adapters.embedded.server import EmbeddedServer


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
    """One way to the store: the event loop's, the threads', or the lease's; they differ in transport, clock and gate."""

    settings = providers.Dependency(instance_of=Settings)
    validator = providers.Dependency(instance_of=JobValidator)
    keys = providers.Dependency(instance_of=Keys)
    memory: providers.Dependency[Any] = providers.Dependency()
    """A `MemoryStore`, which only its provider loads."""
    transport: providers.Dependency[Any] = providers.Dependency()
    """A `Transport`; a Protocol cannot be checked at run time."""
    clock: providers.Dependency[Any] = providers.Dependency()
    """A `Clock`; likewise."""
    gate: providers.Dependency[Any] = providers.Dependency()
    """A `Gate`; likewise."""
    provider_name = providers.Callable(wiring.provider_name, settings)

    queue = kept_by(
        provider_name,
        providers.Singleton(late(".adapters.redis.job_queue", "RedisJobQueue"), transport, keys),
        providers.Singleton(late(".adapters.memory.job_queue", "MemoryJobQueue"), memory, clock),
    )
    intake = kept_by(
        provider_name,
        providers.Singleton(SubmitGroup, queue, gate),
        providers.Singleton(Intake, queue),
    )
    store = kept_by(
        provider_name,
        providers.Singleton(late(".adapters.redis.job_store", "RedisJobStore"), transport, keys),
        providers.Singleton(late(".adapters.memory.job_store", "MemoryJobStore"), memory, clock),
    )
    schedules = kept_by(
        provider_name,
        providers.Singleton(late(".adapters.redis.schedule_store", "RedisScheduleStore"), transport, keys),
        providers.Singleton(late(".adapters.memory.schedule_store", "MemoryScheduleStore"), memory, clock),
    )
    leases = kept_by(
        provider_name,
        providers.Singleton(late(".adapters.redis.leases", "RedisLeases"), transport, keys),
        providers.Singleton(late(".adapters.memory.leases", "MemoryLeases"), memory, clock),
    )
    circuits = kept_by(
        provider_name,
        providers.Singleton(late(".adapters.redis.circuits", "RedisCircuits"), transport, keys),
        providers.Singleton(late(".adapters.memory.circuits", "MemoryCircuits"), memory, clock),
    )
    control = kept_by(
        provider_name,
        providers.Singleton(late(".adapters.redis.queue_control", "RedisQueueControl"), transport, keys),
        providers.Singleton(late(".adapters.memory.queue_control", "MemoryQueueControl"), memory, clock),
    )
    dead_letters = kept_by(
        provider_name,
        providers.Singleton(late(".adapters.redis.dead_letters", "RedisDeadLetters"), transport, keys),
        providers.Singleton(late(".adapters.memory.dead_letters", "MemoryDeadLetters"), memory, clock),
    )
    cancel = providers.Singleton(CancelJob, store, settings.provided.jobs.retention.cancelled)
    scheduler = providers.Singleton(
        late(".adapters.scheduler.ledger_scheduler", "LedgerScheduler"),
        providers.Singleton(late(".application.recurring.schedule_pass", "SchedulePass"), schedules, cancel),
    )
    """Says when schedules are due; that of `container.py` fires them."""
    store_check = kept_by(
        provider_name,
        providers.Singleton(
            late(".adapters.redis.store_check", "RedisStoreCheck"), transport, keys, scheduler
        ),
        providers.Singleton(late(".adapters.memory.store_check", "MemoryStoreCheck"), memory, clock),
    )
    close = kept_by(provider_name, transport.provided.close, providers.Object(close_nothing))
    use_cases = providers.Singleton(
        wiring.use_cases,
        settings,
        validator,
        queue,
        intake,
        store,
        cancel,
        schedules,
        leases,
        control,
        dead_letters,
        store_check,
        clock,
        close,
    )
