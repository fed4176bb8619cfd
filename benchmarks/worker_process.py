"""WorkerProcess: `hexjobs worker` as shipped, with its supervisor, in processes of its own."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from .server import Server
from .services import overrides

ROOT = Path(__file__).resolve().parent.parent
STOP_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class WorkerProcess:
    """A worker that has been started; `begun` is the monotonic nanosecond before its start."""

    process: subprocess.Popen[bytes]
    log: Path
    begun: int

    @property
    def supervisor(self) -> psutil.Process:
        """The parent."""
        return psutil.Process(self.process.pid)

    def children(self) -> list[psutil.Process]:
        """The processes that run jobs, in the order of their start."""
        return sorted(self.supervisor.children(), key=lambda child: child.create_time())


@contextmanager
def hexjobs_worker(
    server: Server, slots: int, *, processes: int = 1, queues: Iterable[str] = ()
) -> Iterator[WorkerProcess]:
    """A worker with these slots, stopped at the end; its log lines (info) go to a file."""
    told: dict[str, Any] = overrides(server, queues)
    told["jobs"]["worker_pool"] = {"worker_count": slots, "processes": processes}
    told["http"] = {"port": 0}
    told["logging"] = {"level": "info", "format": "json"}
    with tempfile.TemporaryDirectory(prefix="hexjobs-bench-") as folder:
        config = Path(folder) / "hexjobs.yaml"
        config.write_text(json.dumps(told))
        log = Path(folder) / "log"
        command = [sys.executable, "-m", "hexjobs", "worker", "--config", str(config), "--app-dir", str(ROOT)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HEXJOBS_")}
        with log.open("wb") as lines:
            begun = time.monotonic_ns()
            process = subprocess.Popen(
                command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=lines, stderr=lines
            )
        try:
            yield WorkerProcess(process, log, begun)
        except Exception:
            sys.stderr.write(log.read_text()[-2000:])
            raise
        finally:
            stop_tree(process, STOP_SECONDS)


def stop_tree(process: subprocess.Popen[bytes], seconds: float) -> None:
    """SIGTERM a process, and SIGKILL what is left of it and its descendants after these seconds."""
    descendants: list[psutil.Process] = []
    with contextlib.suppress(psutil.NoSuchProcess):
        descendants = psutil.Process(process.pid).children(recursive=True)
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for each in descendants:
        with contextlib.suppress(psutil.NoSuchProcess):
            each.kill()
