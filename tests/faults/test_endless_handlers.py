"""Handlers that never return: faults 10 and 11, from outside. How each kind of handler is stopped is tested beside the worker."""

from __future__ import annotations

import time
from pathlib import Path

import psutil

from faults.harness.stage import Stage


def test_an_endless_process_is_killed_with_all_it_started(tmp_path: Path) -> None:
    """C code that never returns, a timeout of three seconds: the slot is back two seconds later, no process is left."""
    with Stage(tmp_path, worker_pool={"worker_count": 1}) as stage, stage.start_worker() as worker:
        worker.ready()
        job = stage.submit("endless")
        start = stage.until_started(job)
        [left] = stage.until(lambda: stage.entries("left", job), "the handler has begun")
        after = stage.submit("step")
        assert stage.until_ended(job) == ["failed"]
        assert stage.until_started(after)["t"] - start["t"] < 3.0 + 2.0
        assert stage.until_ended(after) == ["completed"]
        ends = time.monotonic() + 2
        while psutil.pid_exists(left["child"]) and time.monotonic() < ends:
            time.sleep(0.02)
        assert not psutil.pid_exists(left["child"])
        assert stage.judge() == []
