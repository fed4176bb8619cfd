"""One server for all tests of the check; each has a prefix of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator

import pytest

from support.real_store import RealStore, Within, real_store
from support.run import run
from support.valkey_process import ValkeyProcess


@pytest.fixture(scope="session")
def store_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ValkeyProcess]:
    """A server that nobody kills."""
    with ValkeyProcess(tmp_path_factory.mktemp("store"), durable=False) as process:
        yield process


@pytest.fixture
def within(store_server: ValkeyProcess) -> Within:
    """Runs a scenario on an empty store."""

    def runner(scenario: Callable[[RealStore], Awaitable[None]]) -> None:
        async def whole() -> None:
            async with real_store(store_server) as store:
                await scenario(store)

        run(whole())

    return runner
