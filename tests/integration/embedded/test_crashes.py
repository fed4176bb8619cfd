"""The embedded server after crashes: nothing that was acknowledged is missing, and the next use starts it anew."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from pathlib import Path

import pytest

from hexjobs.adapters.embedded import places
from hexjobs.adapters.embedded.launch import installed_binary
from integration.embedded.house import GONE, House, are_gone, got, put
from integration.embedded.processes import becomes

pytestmark = pytest.mark.timeout(30)


def test_a_killed_server_is_started_again_with_everything_it_acknowledged(house: House) -> None:
    client, server = house.client(), house.server()
    info = server.info()
    house.processes(info)
    client.tell("count_until_killed")
    assert client.reply() == "counting"
    os.kill(info["server_pid"], signal.SIGKILL)
    acknowledged = client.reply()

    again = server.info()
    house.processes(again)
    assert again["server_pid"] != info["server_pid"]
    assert (again["keeper_pid"], again["socket"]) == (info["keeper_pid"], info["socket"])
    assert acknowledged >= 100
    assert int(got(server, "count") or 0) in {acknowledged, acknowledged + 1}


def test_a_killed_keeper_takes_the_server_along_and_the_next_ensure_starts_anew(house: House) -> None:
    server = house.server()
    put(server, "job", "stays")
    info = server.info()
    keeper, valkey = house.processes(info)
    keeper.kill()
    assert becomes(are_gone(keeper, valkey), GONE)

    assert got(server, "job") == "stays"
    assert server.info()["keeper_pid"] != keeper.pid
    assert not Path(info["socket"]).parent.exists()


def test_a_server_that_outlived_its_keeper_is_asked_to_go(house: House) -> None:
    """As where the kernel has no signal for the death of a parent."""
    house.data_dir.mkdir()
    runtime = Path(tempfile.mkdtemp(prefix=places.RUNTIME_PREFIX, dir=house.folder / "run"))
    lock = os.open(house.data_dir / places.LOCK, os.O_RDWR | os.O_CREAT)
    assert places.try_lock(lock)
    places.write_record(house.data_dir, runtime)
    options = (
        f"--port 0 --unixsocket {runtime}/valkey.sock --dir {house.data_dir} --appendonly yes --save".split()
    )
    with (house.folder / "log").open("wb") as log:
        orphan = subprocess.Popen([installed_binary(), *options, ""], stdout=log, pass_fds=[lock])
    os.close(lock)
    try:
        assert becomes((runtime / "valkey.sock").exists, 5)
        house.processes(house.server().info())
        assert orphan.wait(1) == 0
    finally:
        orphan.kill()
        orphan.wait()
    assert not runtime.exists()


def test_a_keeper_that_is_terminated_stops_cleanly_and_the_holders_start_anew(house: House) -> None:
    server = house.server()
    put(server, "job", "stays")
    info = server.info()
    keeper, valkey = house.processes(info)
    keeper.terminate()
    assert becomes(are_gone(keeper, valkey), GONE)
    assert not Path(info["socket"]).parent.exists()
    assert "bye bye" in (house.data_dir / "server.log").read_text()
    assert got(server, "job") == "stays"


def test_a_client_that_comes_while_the_keeper_stops_gets_the_next_one(house: House) -> None:
    put(house.server(), "job", "stays")
    for _ in range(5):
        keeper, _ = house.processes(house.server().info())
        keeper.terminate()
        house.server().ensure()
        assert becomes(are_gone(keeper), GONE)
    assert got(house.server(), "job") == "stays"


def test_a_keeper_that_leaves_before_it_answers_is_followed_by_another(house: House) -> None:
    house.data_dir.mkdir()
    runtime = Path(tempfile.mkdtemp(prefix=places.RUNTIME_PREFIX, dir=house.folder / "run"))
    (house.data_dir / places.LOCK).touch()
    server = house.server()
    client = threading.Thread(target=server.ensure)
    with socket.socket(socket.AF_UNIX) as leaving:
        leaving.bind(str(runtime / places.CONTROL_SOCKET))
        leaving.listen()
        leaving.settimeout(5)
        places.write_record(house.data_dir, runtime)
        client.start()
        connection, _ = leaving.accept()
    places.remove_runtime(runtime)
    connection.close()
    client.join(10)
    assert server.info()["socket"] != str(runtime / places.SERVER_SOCKET)


def test_the_server_shares_the_lock_that_keeps_a_second_one_away(house: House) -> None:
    _, server = house.processes(house.server().info())
    assert str(house.data_dir / places.LOCK) in [file.path for file in server.open_files()]


def test_removed_sockets_bring_a_server_that_everybody_finds(house: House) -> None:
    """A log-out removes XDG_RUNTIME_DIR under a program that goes on."""
    server = house.server()
    put(server, "job", "stays")
    keeper, _ = house.processes(server.info())
    shutil.rmtree(Path(server.ensure()).parent)
    assert house.client().ask("info")["keeper_pid"] != keeper.pid
    assert got(server, "job") == "stays"
