"""WorkerProcess: `hexjobs worker` as a family of real processes that a test kills, stops and lets go on."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import psutil

MARKER = "HEXJOBS_FAULTS_WORKER"
SECONDS = 20.0


class WorkerProcess:
    """One `hexjobs worker`: the parent and what it starts. At the end of `with` none of them is left."""

    def __init__(
        self, folder: Path, config: Path, environment: Mapping[str, str], arguments: Iterable[str] = ()
    ) -> None:
        self._id = uuid4().hex
        self._log = folder / f"worker-{self._id[:8]}.log"
        command = [sys.executable, "-m", "hexjobs", "--config", str(config), "worker", *arguments]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env={**environment, MARKER: self._id},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        """The parent's id."""
        return self._process.pid

    @property
    def log(self) -> str:
        """Everything that was logged so far."""
        return self._log.read_text("utf-8", "replace")

    def forget_log(self) -> None:
        """Drop what was logged so far."""
        self._log.write_bytes(b"")

    def events(self, word: str | None = None) -> list[dict[str, Any]]:
        """The log lines, or those with this event word."""
        found = []
        for line in self.log.splitlines():
            with contextlib.suppress(ValueError):
                entry = json.loads(line)
                if isinstance(entry, dict) and word in (None, entry.get("event")):
                    found.append(entry)
        return found

    def wait_for(self, word: str, count: int = 1, seconds: float = SECONDS) -> dict[str, Any]:
        """The log line with this event word, or the last of so many; AssertionError with the log at the deadline."""
        ends = time.monotonic() + seconds
        while len(found := self.events(word)) < count:
            assert time.monotonic() < ends, f"no {word!r} in:\n{self.log}"
            time.sleep(0.02)
        return found[count - 1]

    def ready(self) -> Self:
        """Return when it takes jobs."""
        self.wait_for("worker_started")
        return self

    @property
    def worker_ids(self) -> list[str]:
        """Every identity that it has had, the present one last."""
        return [line["worker_id"] for line in self.events("worker_started")]

    def runners(self) -> list[psutil.Process]:
        """The processes that run jobs: the children of the parent, or the parent where it has none."""
        with contextlib.suppress(psutil.NoSuchProcess):
            parent = psutil.Process(self.pid)
            found = [child for child in parent.children() if child.status() != psutil.STATUS_ZOMBIE]
            return found or [parent]
        return []

    @property
    def is_gone(self) -> bool:
        """Whether the parent has ended, and all that it started."""
        return self._process.poll() is not None and not self.family()

    def family(self) -> list[psutil.Process]:
        """All that is alive of it, wherever it is by now."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if process.environ().get(MARKER) == self._id and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def send(self, number: signal.Signals, *, to_all: bool = False) -> list[int]:
        """Send a signal to the processes that run jobs, or to the whole family, parent first; their ids."""
        targets = self.runners()
        if to_all:
            targets = sorted(self.family(), key=lambda process: process.pid != self.pid)
        told = []
        for process in targets:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)
                told.append(process.pid)
        return told

    def terminate(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Ask the parent to stop, as a service manager does."""
        self._process.send_signal(number)

    def wait(self, seconds: float = SECONDS) -> int:
        """Its exit code; the whole family has gone with it."""
        code = self._process.wait(seconds)
        ends = time.monotonic() + 3.0
        while left := self.family():
            assert time.monotonic() < ends, f"left behind: {left}\n{self.log}"
            time.sleep(0.02)
        return code

    def kill(self) -> list[int]:
        """SIGKILL all of it, so that nobody is started again; the ids of those that were killed."""
        killed: list[int] = []
        while not self.is_gone:
            family = self.family()
            with contextlib.suppress(psutil.NoSuchProcess):
                psutil.Process(self.pid).suspend()
            if self._process.poll() is None and self.pid not in {process.pid for process in family}:
                self._process.kill()  # so young that it does not carry its mark yet
            for process in family:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
                    killed.append(process.pid)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(1.0)
            time.sleep(0.01)  # not for their zombies: those that have lost their parent are init's to reap
        self._process.wait(SECONDS)
        return killed
