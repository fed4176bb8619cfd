"""Jobs that do what no job should: faults 12, 13, 35 and 36. The pool lives, the neighbours finish, nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import redis

from faults.harness.stage import Stage
from faults.harness.worker_process import WorkerProcess

RAW = {
    "truncated": b'{"v":1,"type":"poison","payl',
    "no JSON": b"\x00\xff\xfe nothing",
    "NUL in a text": b'{"v":1,"type":"poison","payload":{"how":"\\u0000"}}',
    "lone surrogate": b'{"v":1,"type":"poison","payload":{"how":"\\ud800"}}',
    "NaN": b'{"v":1,"type":"poison","payload":{"how":NaN}}',
    "twice the same key": b'{"v":1,"type":"step","type":"poison","payload":{"how":"fine"}}',
    "2^63": b'{"v":1,"type":"poison","payload":{"how":"fine","n":9223372036854775808}}',
    "a number too large": b'{"v":1,"type":"poison","at":1e400,"payload":{}}',
    "deep": b'{"v":1,"type":"poison","payload":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "huge": b'{"v":1,"type":"poison","payload":{"how":"' + b"x" * 3_000_000 + b'"}}',
    "version 0": b'{"v":0,"type":"poison"}',
    "payload of another kind": b'{"v":1,"type":"poison","payload":[1,2]}',
}


@pytest.fixture(scope="module")
def crew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, WorkerProcess]]:
    """One worker that all these tests try to stop."""
    with Stage(tmp_path_factory.mktemp("poison")) as stage, stage.start_worker() as worker:
        worker.ready()
        yield stage, worker
        assert len(worker.events("worker_started")) == 1
        assert {entry["pid"] for entry in stage.entries("start")} == {worker.runners()[0].pid}


def test_a_handler_that_kills_its_process_is_quarantined(tmp_path: Path) -> None:
    """Fault 12: a segfault, then `os._exit`: at the crash limit dead-lettered as `crashed`, the data kept."""
    with Stage(tmp_path, worker_pool={"crash_limit": 2}) as stage, stage.start_worker() as worker:
        worker.ready()
        killer = stage.submit("poison", {"how": "segfault", "then": "os_exit"})
        assert stage.until_ended(killer) == ["failed"]
        assert stage.until_ended(stage.submit("step")) == ["completed"]
        store = stage.snapshot()
        state = store.states[killer]
        assert (state["reason"], state["crashes"], state["status"]) == ("crashed", "2", "failed")
        assert (store.data[killer] or {})["payload"] == {"how": "segfault", "then": "os_exit"}
        assert len(stage.entries("start", killer)) == 2
        assert stage.judge() == []


def test_what_is_raised_never_stops_the_pool(crew: tuple[Stage, WorkerProcess]) -> None:
    """Fault 13: `sys.exit`, a BaseException, RecursionError, MemoryError, on the loop and in a thread; one process for all."""
    stage, _ = crew
    jobs = [
        stage.submit(job_type, {"how": how})
        for job_type in ("poison", "thread_poison")
        for how in ("exit", "base", "recursion", "memory")
    ]
    assert stage.until_ended(*jobs) == ["failed"] * 8
    assert {stage.snapshot().states[job]["reason"] for job in jobs} == {"attempts_exhausted"}
    assert stage.judge() == []


def put(client: redis.Redis, job: str, data: bytes) -> None:
    """Make data wait as a job, in one step, past everything that checks it."""
    with client.pipeline(transaction=True) as step:
        step.set(f"jobs:data:{job}", data)
        step.lpush("jobs:queue:default:normal", job)
        step.zadd("jobs:ready", {"default": 0})
        step.execute()


def test_raw_bytes_that_are_no_job_are_kept_and_stop_nobody(crew: tuple[Stage, WorkerProcess]) -> None:
    """Fault 35, past the submit's own checks: each is dead-lettered with its bytes as they were, or runs."""
    stage, _ = crew
    with stage.server.client() as client:
        jobs = {name: uuid4().hex for name in RAW}
        stage.foreign.update(jobs.values())
        for name, job in jobs.items():
            put(client, job, RAW[name])
        assert stage.until_ended(stage.submit("step")) == ["completed"], "which also wakes the worker"
        stage.drain()
        store = stage.snapshot()
        statuses = {name: store.states[job]["status"] for name, job in jobs.items()}
        assert set(statuses.values()) <= {"failed", "completed"}, statuses
        for name, job in jobs.items():
            if statuses[name] == "failed":
                assert client.get(f"jobs:data:{job}") == RAW[name]
                assert store.states[job]["reason"] in {"malformed", "invalid_payload", "attempts_exhausted"}
        assert {statuses[name] for name in ("truncated", "no JSON", "deep", "version 0")} == {"failed"}
    assert stage.judge() == []


def test_an_envelope_of_a_newer_version_waits_for_a_newer_worker(crew: tuple[Stage, WorkerProcess]) -> None:
    """It is neither run nor dead-lettered, and it is not looked at in a circle."""
    stage, _ = crew
    job = uuid4().hex
    data = json.dumps({"v": 2, "type": "step", "news": True}).encode()
    with stage.server.client() as client:
        put(client, job, data)
        assert stage.until_ended(stage.submit("step")) == ["completed"]
        name = f"jobs:state:{job}"
        stage.until(lambda: b'"status":"scheduled"' in (client.get(name) or b""), "it is put off")
        assert b'"attempt":"0"' in (client.get(name) or b"")
        assert client.get(f"jobs:data:{job}") == data
    stage.service.cancel_job(job)
    stage.foreign.add(job)
    assert stage.judge() == []


def test_a_type_that_nobody_handles_is_parked_with_its_reason(crew: tuple[Stage, WorkerProcess]) -> None:
    """Fault 36: a handler that a deploy removed: one look, no loop, the data kept; a retry runs it once it is back."""
    stage, worker = crew
    job = stage.submit("step", delay=timedelta(seconds=0.5))
    with stage.server.client() as client:
        data = client.get(f"jobs:data:{job}")
        assert data is not None
        renamed = data.replace(b'"step"', b'"gone"')
        client.set(f"jobs:data:{job}", renamed)
        assert stage.until_ended(job) == ["failed"]
        assert stage.snapshot().states[job]["reason"] == "unknown_type"
        assert client.get(f"jobs:data:{job}") == renamed
        assert worker.wait_for("job_dead")
        assert stage.judge() == []
        client.set(f"jobs:data:{job}", data)
        stage.producer.write("retried", job=job)
        stage.service.retry_job(job)
        assert stage.until_ended(job) == ["completed"]
    assert stage.judge() == []
