"""Stage: a server, the road to it, a producer and workers, in a folder of the test's."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from faults.harness.checker import violations
from faults.harness.evidence import Evidence
from faults.harness.journal import FOLDER_VARIABLE, Journal, JournalReader
from faults.harness.store_snapshot import StoreSnapshot, take_snapshot
from faults.harness.tcp_proxy import TcpProxy
from faults.harness.worker_process import WorkerProcess
from hexjobs import BackgroundJobService, ServerUnavailable
from hexjobs.settings import load_settings
from support.valkey_process import ValkeyProcess

HANDLERS = "faults.harness.journalled_handlers"
LEASE = 1.0
RECOVERY = LEASE + 1.0 + 2.0
"""I4: the lease, the sweep (a look every third of a lease, at most a second), and two seconds."""
TESTS = Path(__file__).parent.parent.parent
DRAIN_SECONDS = 30.0


class Stage:
    """Everything that a fault needs: `server`, `proxy` (the workers' road), `service` (the producer's, on a road of its own).

    `worker_pool`, `jobs`, `queues` and `sections` (at the top) add to the configuration. The journals are in `journals`; `judge` reads them and the
    store, and says what is wrong.
    """

    def __init__(
        self,
        folder: Path,
        *,
        seed: int = 0,
        server: ValkeyProcess | None = None,
        handlers: tuple[str, ...] = (),
        worker_pool: Mapping[str, Any] | None = None,
        jobs: Mapping[str, Any] | None = None,
        queues: Mapping[str, Any] | None = None,
        sections: Mapping[str, Any] | None = None,
    ) -> None:
        self.folder = folder
        self.journals = folder / "journals"
        self.journals.mkdir()
        self._reader = JournalReader(self.journals)
        self.server = server or ValkeyProcess(folder)
        self.proxy = TcpProxy(self.server.socket_path, seed)
        self.producer = Journal(self.journals / "producer.jsonl")
        self.workers: list[WorkerProcess] = []
        self.foreign: set[str] = set()
        self.cadences: dict[str, int] = {}
        self.alone: set[str] = set()
        self._handlers = (HANDLERS, *handlers)
        self._worker_pool = {
            "worker_count": 4,
            "lease": f"{LEASE:g}s",
            "retry_delay": "50ms",
            "shutdown_timeout": "2s",
            "stuck_after": "30s",
            **(worker_pool or {}),
        }
        self._jobs, self._queues, self._sections = jobs or {}, queues or {}, sections or {}
        self.service: BackgroundJobService = BackgroundJobService.from_config(
            load_settings(None, environ={}, overrides=self.settings(self.server.url))
        )

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            stack.callback(self.producer.close)
            stack.enter_context(self.server)
            stack.enter_context(self.proxy)
            stack.callback(self.service.close)
            stack.callback(lambda: [worker.kill() for worker in self.workers])
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def settings(self, address: str) -> dict[str, Any]:
        """The configuration of who reaches the server at this address."""
        return {
            "jobs": {
                "provider": "redis",
                "redis": {"addr": address},
                "handlers": list(self._handlers),
                "worker_pool": self._worker_pool,
                "retention": {"completed": "12h", "completed_max": 10_000_000},
                **self._jobs,
            },
            "queues": {"default": {}, **self._queues},
            "logging": {"level": "info", "format": "json"},
            "http": {"port": 0},
            **self._sections,
        }

    def start_worker(self, *arguments: str, address: str = "", **environment: str) -> WorkerProcess:
        """A worker that is on its way up; `ready()` waits for it. It reaches the server through the proxy."""
        config = self.folder / f"worker-{uuid4().hex[:8]}.yaml"
        config.write_text(json.dumps(self.settings(address or self.proxy.url)))
        known = {name: text for name, text in os.environ.items() if not name.startswith("HEXJOBS_JOBS")}
        known |= {
            FOLDER_VARIABLE: str(self.journals),
            "PYTHONPATH": str(TESTS),
            "PYTHONDONTWRITEBYTECODE": "1",
            **environment,
        }
        worker = WorkerProcess(self.folder, config, known, arguments)
        self.workers.append(worker)
        return worker

    def submit(self, job_type: str, payload: Mapping[str, Any] | None = None, **options: Any) -> str:
        """Submit a job, journalled before and after; ServerUnavailable leaves it submitted and not acknowledged."""
        job_id = options.setdefault("job_id", uuid4().hex)
        ordered = options.pop("ordered", None)
        self.producer.write("submit", job=job_id, ordered=ordered)
        self.service.submit_job(job_type, payload or {}, **options)
        self.producer.write("acknowledged", job=job_id)
        return str(job_id)

    def kill(self, worker: WorkerProcess, *, only_runners: bool = False) -> list[int]:
        """SIGKILL a worker, or only its processes that run jobs; journalled."""
        if only_runners:
            import signal

            pids = worker.send(signal.SIGKILL)
        else:
            pids = worker.kill()
        self.producer.write("killed", pids=pids)
        return pids

    def entries(self, event: str | None = None, job: str | None = None) -> list[Mapping[str, Any]]:
        """What the journals say so far, all or of one kind and job."""
        return [
            entry
            for entry in self._reader.entries()
            if event in (None, entry["event"]) and job in (None, entry.get("job"))
        ]

    def until(self, condition: Callable[[], Any], what: str = "", seconds: float = 20.0) -> Any:
        """What the condition answers once it is true; a lost server counts as not yet."""
        ends = time.monotonic() + seconds
        while True:
            with contextlib.suppress(ServerUnavailable, ConnectionError):
                if answer := condition():
                    return answer
            if time.monotonic() > ends:
                logs = "\n".join(worker.log[-6000:] for worker in self.workers)
                raise AssertionError(f"not within {seconds:g} s: {what}\n{logs}")
            time.sleep(0.02)

    def until_started(self, job: str, times: int = 1, seconds: float = 20.0) -> Mapping[str, Any]:
        """The journal's entry of the job's first start, or of that many."""
        found = self.until(
            lambda: len(starts := self.entries("start", job)) >= times and starts,
            f"{job} starts {times} times",
            seconds,
        )
        return found[times - 1]  # type: ignore[no-any-return]  # the condition's own list

    def until_ended(self, *jobs: str, seconds: float = DRAIN_SECONDS) -> list[str]:
        """The statuses of these jobs once all have ended."""
        return [str(self.until(partial(self._ended, job), f"{job} ends", seconds)) for job in jobs]

    def drain(self, seconds: float = DRAIN_SECONDS) -> None:
        """Return when no job is left that has not ended."""

        def is_empty() -> bool:
            stats = self.service.queue_stats()
            return not any(each.waiting + each.scheduled + each.retrying + each.processing for each in stats)

        self.until(is_empty, "the queues are empty", seconds)

    def snapshot(self) -> StoreSnapshot:
        """What the server holds."""
        with self.server.client() as client:
            return take_snapshot(client)

    def evidence(self, *, is_drained: bool = True) -> Evidence:
        """All that is known now."""
        log = [line for worker in self.workers for line in worker.events()]
        return Evidence(
            self.entries(),
            self.snapshot(),
            log,
            is_drained,
            frozenset(self.foreign),
            self.cadences,
            frozenset(self.alone),
        )

    def judge(
        self, *, is_drained: bool = True, recovery_seconds: float | None = RECOVERY, repairs: bool = False
    ) -> list[str]:
        """Every broken invariant, a sentence each.

        Also what the product's own check of the store finds once things have settled, and what its reconciler had to
        repair, unless `repairs` are what the test is about: a repair would hide what went wrong.
        """
        found = violations(self.evidence(is_drained=is_drained), recovery_seconds=recovery_seconds)
        if is_drained and self._has_findings():
            with contextlib.suppress(AssertionError):
                self.until(
                    lambda: not self._has_findings(), "the check of the store finds nothing", 2 * LEASE + 1
                )
        report = self.service.check_store()
        found += [
            f"fsck: {finding.code} {finding.job_id}: {finding.text}"
            for finding in report.findings
            if is_drained
        ]
        if not repairs:
            lines = [line for worker in self.workers for line in worker.events("store_repaired")]
            found += [
                f"fsck: {line['code']} {line['job_id']} had to be repaired: {line['problem']}"
                for line in lines
            ]
        return found

    def forget(self) -> None:
        """Empty the journals and the logs, and drop the workers that are gone, before the next round of a long run."""
        self._reader.forget()
        self.workers = [worker for worker in self.workers if not worker.is_gone]
        for worker in self.workers:
            worker.forget_log()

    def _has_findings(self) -> bool:
        return bool(self.service.check_store().found)

    def _ended(self, job: str) -> str | None:
        status = self.service.get_job_status(job)
        return status.value if status.value in ("completed", "cancelled", "failed") else None
