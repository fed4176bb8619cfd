"""Journal: what a process of a test did, on disk before the next thing happens, so that no SIGKILL can unsay it."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FOLDER_VARIABLE = "HEXJOBS_FAULTS_JOURNALS"
_ours: dict[int, Journal] = {}


class Journal:
    """An append-only file of JSON lines; `write` returns when the line is on disk (fdatasync)."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._lock = threading.Lock()

    def write(self, event: str, **fields: Any) -> None:
        """Add a line with the event's word, the process and its monotonic seconds, which all processes share."""
        entry = {"event": event, "pid": os.getpid(), "t": time.monotonic(), **fields}
        line = json.dumps(entry).encode() + b"\n"
        with self._lock:
            os.write(self._file, line)
            os.fdatasync(self._file)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def own_journal() -> Journal:
    """The journal of this worker process, in the folder that the environment names; a forked child has its own."""
    pid = os.getpid()
    if pid not in _ours:
        _ours[pid] = Journal(Path(os.environ[FOLDER_VARIABLE]) / f"worker-{pid}.jsonl")
    return _ours[pid]


class JournalReader:
    """Reads the journals of a folder again and again, each line once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[Path, int] = {}
        self._entries: list[Mapping[str, Any]] = []

    def entries(self) -> list[Mapping[str, Any]]:
        """Every whole line of every journal there so far, in the order of their times."""
        before = len(self._entries)
        for path in self._folder.glob("*.jsonl"):
            with path.open("rb") as file:
                file.seek(self._read.get(path, 0))
                whole = file.read().rpartition(b"\n")[0] + b"\n"
            if whole != b"\n":
                self._read[path] = self._read.get(path, 0) + len(whole)
                self._entries += map(json.loads, whole.splitlines())
        if len(self._entries) > before:
            self._entries.sort(key=lambda entry: entry["t"])
        return self._entries

    def forget(self) -> None:
        """Empty the journals."""
        for path in self._folder.glob("*.jsonl"):
            path.write_bytes(b"")
        self._read, self._entries = {}, []
