"""A server of the test's own, and clients for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.valkey_process import ValkeyProcess


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ValkeyProcess]:
    """A server that the test may kill and start again."""
    with ValkeyProcess(tmp_path) as process:
        yield process
