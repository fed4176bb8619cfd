"""What is measured of each peer, on one server that is emptied before each."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from ..marks import Marks, MissingMark
from ..server import Server
from ..worker_process import stop_tree
from .environment import Environment
from .roster import Peer

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
START_SECONDS = 60.0
SECONDS_PER_JOB = 0.05
PROGRAM_SECONDS = 600.0
SETTLE_SECONDS = 2.0


class PeerFailed(Exception):
    """A peer's program or worker did not do what it should; the message has its last words."""


@dataclass(frozen=True, slots=True)
class PeerUnderTest:
    """One peer in its environment, on a server."""

    peer: Peer
    environment: Environment
    server: Server

    def command(self, *arguments: str) -> list[str]:
        """The command line of its program."""
        if self.peer.is_on_node:
            return [*self.environment.command, str(HERE / "program.js"), self.peer.name, *arguments]
        return [*self.environment.command, "-m", "benchmarks.peers.program", self.peer.name, *arguments]

    def variables(self) -> dict[str, str]:
        """The environment variables of its program."""
        return {**os.environ, **self.environment.variables, "BENCH_URL": self.server.url}

    def run(self, *arguments: str) -> dict[str, float]:
        """Run one command of its program; the figures that it prints."""
        ran = subprocess.run(
            self.command(*arguments),
            cwd=ROOT,
            env=self.variables(),
            capture_output=True,
            text=True,
            timeout=PROGRAM_SECONDS,
            check=False,
        )
        if ran.returncode:
            raise PeerFailed(f"{' '.join(arguments)}: {complaint(ran.stderr)}")
        figures: dict[str, float] = json.loads(ran.stdout.splitlines()[-1])
        return figures

    @contextmanager
    def worker(self) -> Iterator[subprocess.Popen[bytes]]:
        """A worker process, ended with all its descendants."""
        process = subprocess.Popen(
            self.command("work"),
            cwd=ROOT,
            env=self.variables(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                stop_tree(process, 5.0)

    def round(self, jobs: int) -> dict[str, float]:
        """Every figure once."""
        jobs = max(20, jobs // self.peer.share)
        figures = self._submits(jobs)
        if self.peer.drains:
            self.server.empty()
            figures |= self._drained(jobs)
        self.server.empty()
        with self.worker(), Marks() as marks:
            self.run("mark", str(marks.port), "runs")
            marks.wait("runs", START_SECONDS)
            found = self.run("latency", str(max(20, min(500, jobs // 20))))
            figures |= {"start_p50": found["p50"], "start_p99": found["p99"]}
        return figures

    def seconds_until_it_runs_again(self, patience: float) -> float | None:
        """From SIGKILL of a worker inside a job to the job's next start, with another worker there; None: not within."""
        with Marks() as marks:
            with self.worker() as process:
                self.run("mark", str(marks.port), "runs")
                marks.wait("runs", START_SECONDS)
                time.sleep(SETTLE_SECONDS)  # some look for lost jobs when they start
                self.run("hang", str(marks.port), "hang")
                marks.wait("hang", START_SECONDS)
                killed = kill_tree(process)
            with self.worker():
                try:
                    return (marks.wait("hang", patience).at - killed) / 1e9
                except MissingMark:
                    return None

    def _submits(self, jobs: int) -> dict[str, float]:
        self.server.empty()
        figures = {"submit": self.run("submit", str(jobs // 4))["per_second"]}
        bulk = self.run("bulk", str(jobs))
        if bulk:
            figures["bulk"] = bulk["per_second"]
        return figures

    def _drained(self, jobs: int) -> dict[str, float]:
        with Marks() as marks:
            before = self.server.used_memory()
            self.run("fill", str(jobs), str(marks.port))
            waiting = (self.server.used_memory() - before) / (jobs + 2)
            with self.worker() as process:
                first = marks.wait("first", START_SECONDS)
                cpu, work = cpu_of_tree(process), self.server.work()
                last = marks.wait("last", START_SECONDS + jobs * SECONDS_PER_JOB)
                cpu, work = cpu_of_tree(process) - cpu, self.server.work() - work
        return {
            "bytes": waiting,
            "drain": jobs / (last.at - first.at) * 1e9,
            "worker_us": cpu / jobs * 1e6,
            "server_s_per_10k": work.cpu_seconds / jobs * 1e4,
        }


def cpu_of_tree(process: subprocess.Popen[bytes]) -> float:
    """Seconds of CPU of a process and all that descends from it."""
    parent = psutil.Process(process.pid)
    total = 0.0
    for each in [parent, *parent.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            used = each.cpu_times()
            total += used.user + used.system
    return total


def kill_tree(process: subprocess.Popen[bytes]) -> int:
    """SIGKILL a process and all that descends from it; the monotonic nanosecond at which it was done."""
    parent = psutil.Process(process.pid)
    family: Sequence[psutil.Process] = [parent, *parent.children(recursive=True)]
    at = time.monotonic_ns()
    for each in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            each.send_signal(signal.SIGKILL)
    process.wait()
    return at


def complaint(text: str) -> str:
    """What a program died of: the last line that names an error, else the last one."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    named = [line for line in lines if re.match(r"[\w.]*(?:Error|Exception)\b", line)]
    return (named or lines or ["it said nothing"])[-1]
