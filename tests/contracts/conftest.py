"""One suite for every adapter: a test is an `async def` that takes `adapter` and runs once for each provider.

To add an adapter, write a provider (see `memory_provider.py`) and name it in PROVIDERS.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from contracts.harness import OpenAdapter
from contracts.memory_provider import open_memory
from contracts.redis_provider import redis_provider
from support.run import run
from support.valkey_process import ValkeyProcess

URL_VARIABLE = "HEXJOBS_TEST_REDIS_URL"


def _memory(_: pytest.FixtureRequest) -> OpenAdapter:
    return open_memory


def _embedded(request: pytest.FixtureRequest) -> OpenAdapter:
    return redis_provider(request.getfixturevalue("valkey_address"))


def _url(_: pytest.FixtureRequest) -> OpenAdapter:
    return redis_provider(os.environ[URL_VARIABLE])


PROVIDERS: dict[str, Callable[[pytest.FixtureRequest], OpenAdapter]] = {
    "memory": _memory,
    "embedded": _embedded,
}
if os.environ.get(
    URL_VARIABLE
):  # a server given by URL is optional; test_provider_by_url.py tells that it was absent
    PROVIDERS["url"] = _url


@pytest.fixture(scope="session")
def valkey_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of one server process for the whole session."""
    with ValkeyProcess(tmp_path_factory.mktemp("valkey"), durable=False) as server:
        yield server.url


@pytest.fixture(params=PROVIDERS)
def adapter(request: pytest.FixtureRequest) -> OpenAdapter:
    """Opens the adapter under test; an `async def` test is given what it opens."""
    return PROVIDERS[request.param](request)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run an `async def` test in an event loop of its own, within its opened adapter."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    run(_scenario(pyfuncitem.obj, {name: pyfuncitem.funcargs[name] for name in names}))
    return True


async def _scenario(test: Callable[..., Any], arguments: dict[str, Any]) -> None:
    async with arguments["adapter"]() as opened:
        await test(**{**arguments, "adapter": opened})
