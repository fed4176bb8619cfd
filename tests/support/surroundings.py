"""Surroundings: what of a test run can be seen from outside: processes, listening sockets, threads, files."""

from __future__ import annotations

import os
import socket
import stat
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

MARKER = "HEXJOBS_TEST_SESSION"
"""The variable that every process of a run inherits, with the ids of the run and of those around it."""
CACHES = {
    ".git",
    "__pycache__",
    ".hypothesis",
    ".mypy_cache",
    ".ruff_cache",
    ".import_linter_cache",
    ".cache",
}
KEPT = (".venv", "hexjobs.egg-info", ".coverage")


def processes_of(session: str) -> list[psutil.Process]:
    """The processes below this one, and those anywhere that carry the id of the run: also a daemon, nobody's child."""
    found = set(psutil.Process().children(recursive=True))
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and session in process.environ().get(MARKER, "").split():
                found.add(process)
    return sorted(found, key=lambda process: process.pid)


def described(process: psutil.Process) -> str:
    """A process in a person's words; nothing once it is gone."""
    with suppress(psutil.NoSuchProcess):
        if process.status() == psutil.STATUS_ZOMBIE:
            return f"process {process.pid} {process.name()} has ended and nobody waited for it"
        return f"process {process.pid} runs: {' '.join(process.cmdline())[:200]}"
    return ""


def listening() -> dict[int, str]:
    """The sockets of this process that accept connections, of any family, by descriptor."""
    found = {}
    for descriptor in [int(entry.name) for entry in Path("/dev/fd").iterdir()]:
        with suppress(OSError):
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                with socket.socket(fileno=os.dup(descriptor)) as opened:
                    if opened.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                        found[descriptor] = f"{opened.family.name} {opened.getsockname()!r}"
    return found


def staying_threads() -> set[threading.Thread]:
    """The threads that would keep the interpreter from ending."""
    own = {threading.main_thread(), threading.current_thread()}
    return {thread for thread in threading.enumerate() if not thread.daemon} - own


def files_below(root: Path) -> dict[str, tuple[int, int]]:
    """The files below a folder with their size and time, without caches and environments."""
    return {str(path.relative_to(root)): state for path, state in _walk(root)}


def _walk(folder: Path) -> Iterator[tuple[Path, tuple[int, int]]]:
    for entry in os.scandir(folder):
        if entry.name in CACHES or entry.name.startswith(KEPT):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path))
        else:
            with suppress(FileNotFoundError):  # an editor's file, gone again
                status = entry.stat(follow_symlinks=False)
                yield Path(entry.path), (status.st_size, status.st_mtime_ns)
