"""What the battery's tests share: a stage for each file, with one server for all its tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from faults.harness.fault_schedule import seed_of_run
from faults.harness.stage import Stage


@pytest.fixture
def seed() -> int:
    """The seed of this run: SEED= has it again."""
    return seed_of_run()


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A server with an append-only file, a road to it, and a producer; each test starts the workers that it needs."""
    with Stage(tmp_path_factory.mktemp("stage")) as stage:
        yield stage
