"""A house for each test, left as it was found."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.embedded.house import GONE, House
from integration.embedded.processes import becomes


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    folder = Path(tempfile.mkdtemp(prefix="hx-"))  # shorter than tmp_path, for the sockets
    runtimes = folder / "run"
    runtimes.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtimes))
    house = House(folder)
    try:
        yield house
        assert house.leave() == []
        assert becomes(lambda: not list(folder.glob("*/hexjobs-*")), GONE)
        assert list(folder.glob("*/server.json*")) == []
    finally:
        house.leave()
        shutil.rmtree(folder)
