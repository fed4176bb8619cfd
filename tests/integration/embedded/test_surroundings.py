"""The embedded server where something lies about, or the surroundings are odd."""

from __future__ import annotations

import shutil
import socket
import stat
import sys
import tempfile
from pathlib import Path

import pytest

from hexjobs.adapters.embedded import places
from integration.embedded.house import GONE, House, are_gone, got, put
from integration.embedded.processes import becomes

pytestmark = pytest.mark.timeout(30)


def leftover(house: House, name: str) -> Path:
    """The record, the lock files and the runtime folder with sockets of a keeper whose machine lost power."""
    house.data_dir.mkdir(exist_ok=True)
    runtime = house.folder / "run" / name
    runtime.mkdir(mode=0o700)
    for path in (runtime / places.CONTROL_SOCKET, runtime / places.SERVER_SOCKET):
        with socket.socket(socket.AF_UNIX) as nobody:
            nobody.bind(str(path))
    for file in (places.LOCK, places.START_LOCK, f"{places.RECORD}.new"):
        (house.data_dir / file).touch()
    places.write_record(house.data_dir, runtime)
    (house.data_dir / f"{places.RECORD}.new").write_text("{half a rec")
    return runtime


def test_leftovers_are_no_obstacle_and_are_cleaned(house: House) -> None:
    stale = leftover(house, "hexjobs-stale")
    put(house.server(), "job", "runs")
    assert not stale.exists()


def test_a_recorded_folder_that_no_keeper_made_is_left_alone(house: House) -> None:
    foreign = leftover(house, "something-else")
    house.server().ensure()
    assert (foreign / places.SERVER_SOCKET).exists()


def test_a_record_that_makes_no_sense_is_no_obstacle(house: House) -> None:
    leftover(house, "something-else")
    for nonsense in ("", "[]", '{"runtime": 7}', "\0"):
        (house.data_dir / places.RECORD).write_text(nonsense)
        server = house.server()
        keeper, _ = house.processes(server.info())
        keeper.terminate()
        assert becomes(are_gone(keeper), GONE)


def test_a_copied_directory_is_not_taken_for_the_original(house: House) -> None:
    original = house.server()
    put(original, "name", "original")
    shutil.copytree(house.data_dir, house.folder / "copy")
    copy = house.server(house.folder / "copy")
    put(copy, "name", "copy")
    assert got(original, "name") == "original"
    assert original.info()["keeper_pid"] != copy.info()["keeper_pid"]


def test_a_very_long_path_with_odd_characters_works(house: House) -> None:
    server = house.server(house.folder.joinpath(*["Ordner mit Lücke \"und' mehr " + 60 * "x"] * 5))
    put(server, "job", "runs")
    assert len(server.info()["data_dir"]) > 400
    assert len(server.ensure()) < 100


def test_a_long_runtime_folder_is_passed_over(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    long = house.folder / (90 * "x")
    long.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))
    runtime = Path(house.server().ensure()).parent
    assert runtime.parent == Path(tempfile.gettempdir())


def test_only_the_owner_may_look(house: House) -> None:
    path = house.server().ensure()
    private = [house.data_dir, Path(path).parent, Path(path), *house.data_dir.glob("*")]
    assert {path: oct(stat.S_IMODE(path.stat().st_mode) & 0o077) for path in private} == dict.fromkeys(
        private, "0o0"
    )


def test_a_program_with_python_inside_finds_an_interpreter(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/usr/bin/uwsgi")
    house.server().ensure()
