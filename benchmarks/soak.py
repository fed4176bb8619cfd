"""`make soak MINUTES=n`: jobs of several kinds through worker processes that are stopped and started, for n minutes.

A seeded, replayable schedule stops the worker (SIGTERM) and kills the server (SIGKILL) again and again. At the end every
acknowledged submit must be in exactly one terminal state, nothing may be left waiting, and the memory and descriptors
of the last worker must be those of a fresh one. Exits 0 only then. Workers that are killed are not part of it.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from hexjobs import BackgroundJobService, JobStatus, ServerUnavailable
from hexjobs.adapters.embedded.server import EmbeddedServer
from hexjobs.settings import load_settings

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Run, then judge; the exit code."""
    minutes = float(os.environ.get("MINUTES", "1"))
    seed = int(os.environ.get("SEED", str(random.SystemRandom().randrange(1 << 32))))
    print(f"soak: {minutes:g} minutes, SEED={seed}")
    with tempfile.TemporaryDirectory(prefix="hexjobs-soak-") as folder:
        return Soak(Path(folder), seed).run(minutes * 60)


class Soak:
    """One run."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.random = random.Random(seed)
        self.config = folder / "hexjobs.yaml"
        jobs = {
            "provider": "embedded",
            "embedded": {"data_dir": str(folder / "data")},
            "handlers": ["soak_handlers"],
            "worker_pool": {"worker_count": 20, "retry_delay": "50ms", "shutdown_timeout": "2s"},
        }
        self.config.write_text(json.dumps({"jobs": jobs, "logging": {"level": "error"}, "http": {"port": 0}}))
        self.server = EmbeddedServer(folder / "data")
        self.service = BackgroundJobService.from_config(load_settings(self.config, environ={}))
        self.acknowledged: list[str] = []
        self.faults: Counter[str] = Counter()

    def run(self, seconds: float) -> int:
        """Submit and disturb for so long, drain, judge."""
        ends = time.monotonic() + seconds
        worker = self.start_worker()
        self.service.wait_for(self.service.submit_job("quick"), "30s")
        first = usage(worker.pid)
        try:
            while time.monotonic() < ends:
                self.submit_some()
                fault = self.random.random()
                if fault < 0.03:
                    worker = self.restart(worker)
                elif fault < 0.05:
                    self.faults["server killed"] += 1
                    os.kill(self.server.info()["server_pid"], signal.SIGKILL)
                time.sleep(0.02)
            drained = self.drain()
            last = usage(worker.pid)
        finally:
            stop(worker)
        wrong = self.judge() if drained else ["jobs were still waiting 60 s after the last submit"]
        print(f"soak: {len(self.acknowledged)} acknowledged submits, {dict(self.faults)}")
        print(f"soak: worker at its start {first}, at its end {last}")
        for line in wrong:
            print(f"soak: WRONG: {line}")
        self.service.close()
        self.server.release()
        return 1 if wrong else 0

    def submit_some(self) -> None:
        """A few jobs; only those whose submit returned count."""
        batch = [(self.random.choice(("quick", "flaky", "threaded")), {}) for _ in range(20)]
        try:
            self.acknowledged += [str(job_id) for job_id in self.service.submit_jobs(batch)]
        except ServerUnavailable:
            self.faults["submits refused"] += 1

    def start_worker(self) -> subprocess.Popen[bytes]:
        """A worker process."""
        command = [
            sys.executable,
            "-m",
            "hexjobs",
            "--config",
            str(self.config),
            "worker",
            "--app-dir",
            str(HERE),
        ]
        return subprocess.Popen(command, stderr=subprocess.DEVNULL)

    def restart(self, worker: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
        """Stop one gracefully and start the next."""
        self.faults["worker restarted"] += 1
        stop(worker)
        return self.start_worker()

    def drain(self) -> bool:
        """Whether nothing is left within a minute."""
        ends = time.monotonic() + 60
        while time.monotonic() < ends:
            try:
                stats = self.service.queue_stats()
            except ServerUnavailable:
                time.sleep(0.1)
                continue
            if not any(each.waiting + each.scheduled + each.retrying + each.processing for each in stats):
                return True
            time.sleep(0.1)
        return False

    def judge(self) -> list[str]:
        """What is wrong: a job that is lost, or not completed."""
        found: Counter[str] = Counter()
        for job_id in self.acknowledged:
            try:
                found[self.service.get_job_status(job_id).value] += 1
            except Exception as error:  # noqa: BLE001  # a lost job is the finding
                found[type(error).__name__] += 1
        print(f"soak: {dict(found)}")
        completed = JobStatus.COMPLETED.value
        return [
            f"{count} acknowledged jobs are {status}"
            for status, count in found.items()
            if status != completed
        ]


def stop(worker: subprocess.Popen[bytes]) -> None:
    """SIGTERM, and wait."""
    worker.terminate()
    worker.wait(60)


def usage(pid: int) -> dict[str, Any]:
    """Resident memory in MiB and open descriptors of a process."""
    import psutil

    process = psutil.Process(pid)
    return {"mib": round(process.memory_info().rss / 2**20, 1), "descriptors": process.num_fds()}


if __name__ == "__main__":
    sys.exit(main())
