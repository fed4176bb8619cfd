"""House: the servers, clients and folders of one test of the embedded server."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path

import psutil
import redis

from hexjobs.adapters.embedded.server import EmbeddedServer, ServerInfo
from integration.embedded.processes import Client, becomes, is_gone

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
