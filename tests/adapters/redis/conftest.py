"""A server of the test's own, and clients for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from support.real_store import RealStore, Within, real_store
from support.run import run
from support.valkey_process import ValkeyProcess


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ValkeyProcess]:
    """A server that the test may kill and start again."""
    with ValkeyProcess(tmp_path) as process:
        yield process


@pytest.fixture
def within(server: ValkeyProcess) -> Within:
    """Runs a scenario on an empty store, on that server."""

    def runner(scenario: Callable[[RealStore], Awaitable[None]]) -> None:
        async def whole() -> None:
            async with real_store(server) as store:
                await scenario(store)

        run(whole())

    return runner
