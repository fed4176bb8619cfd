"""Producers that die or lose a reply: faults 4 and 5."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest

from faults.harness.journal import FOLDER_VARIABLE
from faults.harness.stage import TESTS, Stage
from hexjobs import BackgroundJobService, ServerUnavailable
from hexjobs.settings import load_settings


@pytest.mark.parametrize("size", [1, 20])
def test_a_killed_producer_leaves_whole_jobs_or_none(stage: Stage, size: int) -> None:
    """Fault 4: SIGKILL in full flight; before the reply none or all of its batch, after the reply all, never half a job."""
    command = [sys.executable, "-m", "faults.harness.producer"]
    command += [json.dumps(stage.settings(stage.server.url)), str(size)]
    environment = {"PYTHONPATH": str(TESTS), FOLDER_VARIABLE: str(stage.journals)}
    before = len(stage.entries("acknowledged"))
    with subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL) as producer:
        try:
            stage.until(lambda: len(stage.entries("acknowledged")) > before + 100, "it is in full flight")
        finally:
            producer.send_signal(signal.SIGKILL)
    with stage.start_worker("--burst") as worker:
        assert worker.wait() == 0
    assert stage.judge() == []
    stored = stage.snapshot().data.keys()
    mine = [entry["job"] for entry in stage.entries("submit") if entry["pid"] == producer.pid]
    for first in range(0, len(mine), size):
        batch = mine[first : first + size]
        assert len(stored & set(batch)) in {0, len(batch)}, "an atomic batch is whole"


def test_a_submit_repeated_after_a_lost_reply_is_one_job(stage: Stage) -> None:
    """Fault 5: the same id again, until an answer comes; the same without an id of its own repeats itself."""
    overrides = stage.settings(stage.proxy.url)
    with BackgroundJobService.from_config(load_settings(None, environ={}, overrides=overrides)) as service:
        stage.producer.write("submit", job="repeated")
        service.submit_job("step", {}, job_id="repeated")
        stage.proxy.reset()
        assert service.submit_job("step", {}, job_id="repeated") == "repeated", (
            "a broken connection is replaced"
        )
        stage.proxy.part()
        stage.proxy.reset()
        with pytest.raises(ServerUnavailable):
            service.submit_job("step", {}, job_id="repeated")
        stage.proxy.heal()
        assert service.submit_job("step", {}, job_id="repeated") == "repeated"
        stage.producer.write("acknowledged", job="repeated")
    with stage.start_worker("--burst") as worker:
        assert worker.wait() == 0
    assert len(stage.entries("start", "repeated")) == 1
    assert stage.judge() == []


def test_a_reply_that_is_lost_on_the_way_back_is_no_second_job(stage: Stage) -> None:
    """The server has stored the job, the answer is swallowed, the producer asks again: one job."""
    overrides = stage.settings(stage.proxy.url)
    with BackgroundJobService.from_config(load_settings(None, environ={}, overrides=overrides)) as service:
        service.queue_stats()
        stage.producer.write("submit", job="swallowed")
        stage.proxy.replies_to_lose = 2
        with pytest.raises(ServerUnavailable):
            service.submit_job("step", {}, job_id="swallowed")
        assert stage.proxy.replies_to_lose == 0, "it was asked twice"
        assert stage.snapshot().places["swallowed"] == ["waiting"], "and it was stored"
        assert service.submit_job("step", {}, job_id="swallowed") == "swallowed"
        stage.producer.write("acknowledged", job="swallowed")
    with stage.start_worker("--burst") as worker:
        assert worker.wait() == 0
    assert len(stage.entries("start", "swallowed")) == 1
    assert stage.judge() == []
