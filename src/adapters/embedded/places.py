"""Where a keeper and its clients meet: the files of the data directory and of the runtime folder.

The data directory has server.lock (held by the keeper for life, and by its server too: never two servers on the same
files), start.lock (held by a client while it starts a keeper), server.json (the record: where the runtime folder is) and
server.log. The runtime folder, private and with a short path, has the two sockets. Standard library only.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import stat
import tempfile
from pathlib import Path

LOCK, START_LOCK, RECORD, LOG = "server.lock", "start.lock", "server.json", "server.log"
CONTROL_SOCKET, SERVER_SOCKET = "control.sock", "valkey.sock"
RUNTIME_PREFIX = "hexjobs-"
LONGEST_SOCKET_PATH = 100  # bytes; the limit is 108 on Linux and 104 on macOS


def recorded_runtime(data_dir: Path) -> Path | None:
    """The runtime folder of the keeper that last held this directory, or None.

    A record that was copied along with its directory belongs to another keeper: the inode of the lock file tells.
    """
    try:
        record = json.loads((data_dir / RECORD).read_bytes())
        return Path(record["runtime"]) if record["lock"] == (data_dir / LOCK).stat().st_ino else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_record(data_dir: Path, runtime: Path) -> None:
    """Let clients, and the next keeper, find the runtime folder."""
    record = {"runtime": str(runtime), "lock": (data_dir / LOCK).stat().st_ino, "keeper_pid": os.getpid()}
    new = data_dir / f"{RECORD}.new"
    new.touch(mode=0o600)
    new.write_text(json.dumps(record), encoding="utf-8")
    new.replace(data_dir / RECORD)


def remove_record(data_dir: Path, runtime: Path) -> None:
    """Remove the record, unless the directory was replaced and the record is another keeper's."""
    if recorded_runtime(data_dir) == runtime:
        (data_dir / RECORD).unlink(missing_ok=True)


def make_runtime() -> Path:
    """A new private folder whose path leaves room for a socket's name. Raises OSError when there is no place for one."""
    last_resort = "/tmp"  # noqa: S108  # mkdtemp makes a folder of our own in it
    for candidate in (os.environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir(), last_resort):
        with contextlib.suppress(OSError):
            parent = Path(candidate)
            longest = parent / f"{RUNTIME_PREFIX}12345678" / CONTROL_SOCKET
            if parent.is_absolute() and len(os.fsencode(longest)) <= LONGEST_SOCKET_PATH:
                return Path(tempfile.mkdtemp(prefix=RUNTIME_PREFIX, dir=parent))
    raise OSError("XDG_RUNTIME_DIR, TMPDIR and /tmp: none is writable and short enough for a socket")


def remove_runtime(runtime: Path) -> None:
    """Remove a runtime folder of this user; never more than its sockets and itself."""
    with contextlib.suppress(OSError):
        status = runtime.lstat()
        is_ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid()
        if is_ours and runtime.name.startswith(RUNTIME_PREFIX):
            (runtime / CONTROL_SOCKET).unlink(missing_ok=True)
            (runtime / SERVER_SOCKET).unlink(missing_ok=True)
            runtime.rmdir()


def connect(path: Path, timeout: float) -> socket.socket | None:
    """A connection to the unix socket, or None if nobody listens there."""
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(timeout)
    try:
        connection.connect(str(path))
    except OSError:
        connection.close()
        return None
    return connection


def try_lock(descriptor: int) -> bool:
    """Whether this open file, which forked and started processes may share, now has the lock. Raises OSError."""
    import fcntl  # not at the top: where there is none, a client still has to get as far as naming another provider

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def unlock(descriptor: int) -> None:
    """Give the lock back for everybody who shares this open file; closing it does so only in the last of them."""
    import fcntl

    fcntl.flock(descriptor, fcntl.LOCK_UN)
