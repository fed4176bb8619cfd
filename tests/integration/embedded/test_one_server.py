"""One embedded server for all processes on a directory, as long as somebody uses it."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import psutil
import pytest

from hexjobs.adapters.embedded.launch import installed_binary
from hexjobs.adapters.embedded.server import EmbeddedServer
from integration.embedded.house import GONE, House, are_gone, got, put
from integration.embedded.processes import becomes, is_gone

pytestmark = pytest.mark.timeout(30)


def test_data_survive_stop_and_start(house: House) -> None:
    server = house.server()
    put(server, "job", "stays")
    processes = house.processes(server.info())
    server.release()
    assert becomes(are_gone(*processes), GONE)

    assert got(server, "job") == "stays"
    assert server.info()["server_pid"] != processes[1].pid


def test_keeper_and_server_are_gone_two_seconds_after_the_last_holder_released(house: House) -> None:
    first, second = house.server(), house.client()
    info = first.info()
    assert second.ask("info") == info
    second.ask("release")
    first.release()

    assert becomes(are_gone(*house.processes(info)), GONE)
    assert not Path(info["socket"]).parent.exists()
    assert not (house.data_dir / "server.json").exists()


def test_keeper_and_server_are_gone_two_seconds_after_the_last_holder_was_killed(house: House) -> None:
    client = house.client()
    processes = house.processes(client.ask("info"))
    client.kill()
    assert becomes(are_gone(*processes), GONE)


def test_a_second_process_comes_and_goes_while_the_first_keeps_its_server(house: House) -> None:
    first, second = house.server(), house.client()
    info = first.info()
    second.ask("set", "from", "second")
    second.kill()
    assert not becomes(are_gone(*house.processes(info)), 1.3)
    assert first.info() == info
    assert got(first, "from") == "second"


def test_eight_processes_that_start_at_once_share_one_server(house: House) -> None:
    clients = [house.client() for _ in range(8)]
    for client in clients:
        client.tell("info")
    infos = [client.reply() for client in clients]
    house.processes(infos[0])
    assert infos == [infos[0]] * 8


def test_threads_that_start_at_once_share_one_server(house: House) -> None:
    lookups: list[str] = []

    def find_binary() -> str:
        lookups.append(installed_binary())
        return lookups[-1]

    shared = house.server(find_binary=find_binary)
    servers = [*[shared] * 4, *[house.server() for _ in range(4)]]
    sockets: list[str] = []
    threads = [threading.Thread(target=lambda s=server: sockets.append(s.ensure())) for server in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sockets == [shared.ensure()] * 8
    assert len({server.info()["server_pid"] for server in servers}) == 1
    assert len(lookups) <= 1, "more than one of the threads that share an object tried to start a server"


def test_a_hold_is_shared_over_a_fork(house: House) -> None:
    parent = house.client()
    processes = house.processes(parent.ask("info"))
    child = psutil.Process(parent.ask("fork"))
    parent.kill()
    try:
        assert not becomes(lambda: any(map(is_gone, processes)), 1.3)
    finally:
        child.kill()
    assert becomes(are_gone(*processes), GONE)


def test_a_forked_child_that_releases_leaves_the_hold_of_its_parent(house: House) -> None:
    parent = house.client()
    info = parent.ask("info")
    child = psutil.Process(parent.ask("fork_and_release"))
    try:
        assert not becomes(are_gone(*house.processes(info)), 1.3)
        assert parent.ask("info") == info
    finally:
        child.kill()


def test_a_child_can_start_what_a_thread_of_its_parent_was_starting_at_the_fork(house: House) -> None:
    assert house.client().ask("ensure_in_child_of_starting_thread").endswith("valkey.sock")


def test_a_child_forked_in_the_middle_of_a_start_does_not_block_the_next_start(house: House) -> None:
    psutil.Process(house.client().ask("fork_while_starting")).kill()


def test_no_user_process_is_the_parent_and_no_terminal_reaches_the_keeper(house: House) -> None:
    client = house.client()
    keeper, server = house.processes(client.ask("info"))
    assert keeper.ppid() not in {client.pid, os.getpid()}
    assert os.getsid(keeper.pid) not in {os.getsid(0), os.getsid(client.pid)}
    assert keeper.terminal() is None
    assert server.ppid() == keeper.pid


def test_a_hold_that_is_thrown_away_ends(house: House) -> None:
    server = EmbeddedServer(house.data_dir)
    processes = house.processes(server.info())
    del server
    assert becomes(are_gone(*processes), GONE)
