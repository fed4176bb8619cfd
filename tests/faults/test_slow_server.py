"""A server that is slow, busy, full or careless: faults 24, 25 and 26."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from faults.harness.stage import LEASE, Stage
from faults.harness.worker_process import WorkerProcess
from hexjobs import ServerUnavailable

MOST_CONNECTIONS_IN_A_SECOND = 20


@pytest.fixture(scope="module")
def crew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, WorkerProcess, WorkerProcess]]:
    """Two workers whose connections the proxy counts."""
    with (
        Stage(tmp_path_factory.mktemp("slow")) as stage,
        stage.start_worker() as one,
        stage.start_worker() as two,
    ):
        one.ready()
        two.ready()
        yield stage, one, two


@pytest.mark.parametrize("how", ["busy in a script", "paused"])
def test_a_server_that_answers_nothing_is_no_reason_for_a_storm(
    crew: tuple[Stage, WorkerProcess, WorkerProcess], how: str
) -> None:
    """Fault 24: three leases of silence or of BUSY: nobody's lease is lost, connections stay few, and it goes on."""
    stage, one, two = crew
    jobs = [stage.submit("step", {"seconds": 2.0}) for _ in range(6)]
    for job in jobs:
        stage.until_started(job)
    since = time.monotonic()
    if how == "paused":
        stage.server.pause()
        time.sleep(3 * LEASE)
        stage.server.resume()
    else:
        keep_busy(stage, 3 * LEASE)
    assert stage.until_ended(*jobs, stage.submit("step")) == ["completed"] * 7
    assert [len(stage.entries("start", job)) for job in jobs] == [1] * 6
    assert not [*one.events("worker_lost"), *two.events("worker_lost")]
    assert stage.proxy.most_accepted_within(1.0, since) <= MOST_CONNECTIONS_IN_A_SECOND
    assert stage.judge() == []


def keep_busy(stage: Stage, seconds: float) -> None:
    """Let a script run for so long; others are answered BUSY after a tenth of a second."""
    with stage.server.client() as client, stage.server.client() as killer:
        client.config_set("busy-reply-threshold", 100)

        def occupy() -> None:
            with contextlib.suppress(redis.ResponseError):
                client.eval("while true do end", 0)

        thread = threading.Thread(target=occupy)
        thread.start()
        time.sleep(seconds)
        killer.script_kill()
        thread.join()


def test_a_full_server_refuses_submits_and_lets_work_go_on(
    crew: tuple[Stage, WorkerProcess, WorkerProcess],
) -> None:
    """Fault 25: at maxmemory a submit fails with a typed error; ends, retries and dead letters are recorded; then it recovers."""
    stage, _, _ = crew
    jobs = [stage.submit("step", {"seconds": 0.3, "failures": 2}) for _ in range(20)]
    dead = stage.submit("poison", {"how": "exit"}, delay="200ms")
    stage.server.fill()
    try:
        with pytest.raises(ServerUnavailable) as refused:
            stage.submit("step")
        assert type(refused.value).__name__ == "ServerFull"
        assert stage.until_ended(*jobs) == ["completed"] * 20
        assert stage.until_ended(dead) == ["failed"]
    finally:
        stage.server.make_room()
    assert stage.until_ended(stage.submit("step")) == ["completed"]
    stage.drain()
    assert stage.judge() == []


def test_a_server_that_may_evict_is_told_and_refused_on_request(tmp_path: Path) -> None:
    """Fault 26: an eviction policy is reported at the start; with `require_durable` there is none, with exit code 2."""
    with Stage(tmp_path, jobs={"require_durable": True}) as stage:
        with stage.server.client() as client:
            client.config_set("maxmemory-policy", "allkeys-lru")
            client.config_set("maxmemory", 100 << 20)
        with stage.start_worker() as worker:
            assert worker.wait() == 2
            assert "allkeys-lru" in worker.log
        with stage.server.client() as client:
            client.config_set("maxmemory-policy", "noeviction")
        with stage.start_worker("--burst") as worker:
            assert worker.wait() == 0
