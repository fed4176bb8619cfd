"""A real container with handlers made in the test, and its worker running."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from types import ModuleType
from typing import Any
from uuid import uuid4

from hexjobs import AsyncBackgroundJobService
from hexjobs.adapters.worker.process_worker import ProcessWorker
from hexjobs.container import Container
from hexjobs.settings import load_settings


@contextmanager
def handler_module(*declared: Any) -> Iterator[str]:
    """The name of a module that declares these handlers and marks, for as long as the block."""
    name = f"handlers_of_a_test_{uuid4().hex}"
    module = ModuleType(name)
    for number, value in enumerate(declared):
        if isinstance(value, type):
            value.__module__ = name
        setattr(module, f"declared_{number}", value)
    sys.modules[name] = module
    try:
        yield name
    finally:
        del sys.modules[name]


def container_with(handlers: str, **jobs: Any) -> Container:
    """A container on the in-memory adapter unless `jobs` says another; nothing of the environment takes part."""
    settings = {"provider": "memory", "handlers": [handlers], **jobs}
    return Container(settings=load_settings(None, environ={}, overrides={"jobs": settings}))


@asynccontextmanager
async def working(
    *declared: Any, **jobs: Any
) -> AsyncIterator[tuple[AsyncBackgroundJobService, ProcessWorker]]:
    """A service and a running worker for these handlers; both end with the block."""
    with handler_module(*declared) as name:
        container = container_with(name, **jobs)
        service, worker = AsyncBackgroundJobService(container), container.worker()
        container.progress().attach()
        await worker.start()
        try:
            yield service, worker
        finally:
            await worker.stop()
            container.caller().close()
            await service.close()
