"""ServiceContainer: settings become stores: all that a process needs which submits. Builds and does no I/O.

With `handler_container.py`, `container.py` and `store_access.py` the only file that names concrete adapters. Every
provider can be overridden, as tests do.
"""

from __future__ import annotations

from functools import partial

from dependency_injector import containers, providers

from . import wiring
from .adapters.clock.system_clock import BlockingSystemClock, SystemClock
from .adapters.redis.keys import Keys
from .application.submit_gates import LoopGate, ThreadGate
from .handler_modules import HandlerModules, import_handlers
from .late import late
from .ports.clock import Clock
from .settings import Settings
from .store_access import StoreAccess, embedded_address, lease_address, redis_address

_async_transport = late(".adapters.redis.async_transport", "AsyncTransport")
_blocking_transport = late(".adapters.redis.blocking_transport", "BlockingTransport")


class ServiceContainer(containers.DeclarativeContainer):
    """What a process reaches jobs with. `settings` must be given."""

    settings: providers.Dependency[Settings] = providers.Dependency(instance_of=Settings)
    jobs = settings.provided.jobs

    provider_name = providers.Callable(wiring.provider_name, settings)
    modules: providers.Singleton[HandlerModules] = providers.Singleton(import_handlers, jobs.handlers)
    validator = providers.Singleton(wiring.validator, settings, modules)
    embedded_server = providers.Singleton(
        late(".adapters.embedded.server", "EmbeddedServer"), jobs.embedded.data_dir, jobs.embedded.fsync
    )
    address = providers.Selector(
        provider_name,
        embedded=providers.Singleton(embedded_address, embedded_server),
        redis=providers.Singleton(redis_address, jobs.redis),
        memory=providers.Object(None),
    )
    keys = providers.Singleton(Keys, jobs.redis.key_prefix)
    memory = providers.Singleton(late(".adapters.memory.state", "MemoryStore"))
    clock: providers.Provider[Clock] = providers.Singleton(SystemClock)
    _access = partial(
        providers.Container,
        StoreAccess,
        settings=settings,
        validator=validator,
        keys=keys,
        memory=memory,
    )
    access = _access(
        transport=providers.Singleton(_async_transport, address),
        clock=clock,
        gate=providers.Singleton(LoopGate),
    )
    blocking_access = _access(
        transport=providers.Singleton(_blocking_transport, address),
        clock=providers.Singleton(BlockingSystemClock),
        gate=providers.Singleton(ThreadGate),
    )
    lease_access = _access(
        transport=providers.Singleton(
            _blocking_transport, providers.Callable(lease_address, address, jobs.worker_pool.lease)
        ),
        clock=providers.Singleton(BlockingSystemClock),
        gate=providers.Singleton(ThreadGate),
    )
