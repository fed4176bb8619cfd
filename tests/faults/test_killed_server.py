"""A server that is killed and comes back: faults 14, 15, 16, and what an acknowledged submit means."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from faults.harness.stage import LEASE, Stage
from hexjobs import ServerUnavailable
from support.require_tool import require_tool
from support.valkey_process import ValkeyProcess

CALLS = "fdatasync,fsync,write,writev,sendto"


def test_a_server_killed_under_load_loses_nothing_acknowledged(stage: Stage) -> None:
    """Fault 14: `appendfsync always`, three SIGKILLs, outages up to three leases: I1 holds, and no lease is lost."""
    with stage.start_worker() as worker, stage.start_worker() as other:
        worker.ready()
        other.ready()
        running = stage.submit("step", {"seconds": 3 * LEASE + 1})
        stage.until_started(running)
        for outage in (0.0, 3 * LEASE, 0.0):
            refused, ends = 0, time.monotonic() + 0.4
            while time.monotonic() < ends:
                stage.submit("step", {"failures": 1})
                stage.submit("thread_step", {"seconds": 0.02})
            stage.server.kill()
            ends = time.monotonic() + outage
            while time.monotonic() < ends:
                try:
                    stage.submit("step")
                except ServerUnavailable:
                    refused += 1
                    time.sleep(0.05)
            stage.server.start()
            assert refused or not outage
        stage.drain()
        assert stage.judge() == []
        assert len(stage.entries("start", running)) == 1, "an outage expires nobody"
        assert not [*worker.events("worker_lost"), *other.events("worker_lost")]


@pytest.mark.parametrize(
    ("options", "loses"),
    [({"appendfsync": "everysec"}, False), ({"durable": False}, True)],
    ids=["everysec", "snapshots only"],
)
def test_what_weaker_persistence_loses_is_seen(tmp_path: Path, options: dict[str, Any], loses: bool) -> None:
    """Fault 15: `everysec` survives a SIGKILL, for the kernel holds what was written; snapshots lose all since the last.

    The journal tells exactly which: what the documentation says, and no more.
    """
    with Stage(tmp_path, server=ValkeyProcess(tmp_path, **options)) as stage:
        kept = [stage.submit("step") for _ in range(20)]
        with stage.server.client() as client:
            client.save()
        late = [stage.submit("step") for _ in range(20)]
        stage.server.kill()
        stage.server.start()
        found = stage.judge(is_drained=False)
        assert found == sorted(f"I1: {job} was acknowledged and is nowhere" for job in late if loses)
        assert set(kept) <= set(stage.snapshot().data)


def test_a_reply_follows_the_fsync(tmp_path: Path) -> None:
    """A kill alone cannot tell `always` from `everysec`: the system calls of the server show the order.

    The job is written to the append-only file, the file is synced, and only then does the answer go out.
    """
    require_tool("strace", shutil.which("strace"), "apt install strace")
    trace = tmp_path / "trace"
    under = ("strace", "-f", "-s", "4096", "-e", f"trace={CALLS}", "-o", str(trace))
    with Stage(tmp_path, server=ValkeyProcess(tmp_path, under=under)) as stage:
        stage.submit("step", job_id="loads-the-scripts")
        stage.submit("step", job_id="is-traced")
        lines = [line for line in trace.read_text("utf-8", "replace").splitlines() if "resumed" not in line]
    written = next(at for at, line in enumerate(lines) if "jobs:data:is-traced" in line)
    descriptor = re.search(r"write\((\d+),", lines[written])
    assert descriptor, lines[written]
    after = [re.sub(r"^\d+ +", "", line) for line in lines[written + 1 :]]
    synced = next(at for at, line in enumerate(after) if re.match(rf"f(data)?sync\({descriptor[1]}\)", line))
    answered = next(at for at, line in enumerate(after) if re.match(r"(write|writev|sendto)\(", line))
    assert synced < answered, after[: max(synced, answered) + 1]


def test_a_server_that_comes_back_empty_is_made_at_home_again(tmp_path: Path) -> None:
    """Fault 16: no scripts, no leases, no schedules: workers go on, late results are refused, new jobs run."""
    with (
        Stage(tmp_path, server=ValkeyProcess(tmp_path, durable=False)) as stage,
        stage.start_worker() as worker,
    ):
        worker.ready()
        lost = stage.submit("step", {"seconds": 1.0})
        stage.until_started(lost)
        stage.server.kill()
        stage.server.start()
        jobs = [stage.submit("step"), stage.submit("thread_step")]
        assert stage.until_ended(*jobs) == ["completed"] * 2
        stage.until(lambda: stage.entries("end", lost), "the run of the lost job ends")
        worker.wait_for("lease_lost")
        stage.service.schedule_recurring("again", "step", {}, cron="* * * * *")
        assert [entry.name for entry in stage.service.list_schedules()] == ["again"]
        found = stage.judge(recovery_seconds=None)
        assert found == [f"I1: {lost} was acknowledged and is nowhere"], "the store lost it, and nothing else"
        worker.terminate()
        assert worker.wait() == 0
