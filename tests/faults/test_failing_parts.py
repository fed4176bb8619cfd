"""Parts of the store or of the user's that fail: fault 41. The outcome is recorded, or the job runs again; never acked first."""

from __future__ import annotations

from pathlib import Path

import pytest

from faults.harness.stage import Stage

DEAF_OBSERVER = "faults.harness.failing_observers"


@pytest.mark.parametrize(
    ("key", "job_type", "payload", "expected"),
    [
        ("jobs:completed", "step", {}, "completed"),
        ("jobs:failed:default", "poison", {"how": "exit"}, "failed"),
    ],
    ids=["results", "dead letters"],
)
def test_a_part_of_the_store_that_fails(
    tmp_path: Path, key: str, job_type: str, payload: dict[str, str], expected: str
) -> None:
    """Where results or dead letters go is broken for a while: the job is never lost, and ends once it is mended."""
    settings = {"scheduler": {"cleanup_interval": "1s"}}
    with Stage(tmp_path, jobs=settings) as stage, stage.server.client() as client:
        client.set(key, "no list and no sorted set")
        with stage.start_worker() as worker:
            worker.ready()
            job = stage.submit(job_type, payload)
            stage.until(lambda: stage.entries("end", job), "it runs")
            worker.wait_for("settle_failed")
            client.delete(key)
            assert stage.until_ended(job) == [expected]
            assert stage.until_ended(stage.submit("step")) == ["completed"], "and the others go on"
            stage.until(lambda: not stage.service.check_store().found, "the reconciler has put it right")
            assert stage.judge(repairs=True) == []


def test_observers_that_fail_or_hang_change_nothing(tmp_path: Path) -> None:
    """Events: one observer raises, one blocks for longer than the lease: every job ends as it would without them."""
    with Stage(tmp_path, handlers=(DEAF_OBSERVER,)) as stage, stage.start_worker() as worker:
        worker.ready()
        jobs = [stage.submit("step", {"failures": number % 2}) for number in range(10)]
        dead = stage.submit("poison", {"how": "exit"})
        assert stage.until_ended(*jobs, dead) == ["completed"] * 10 + ["failed"]
        assert not worker.events("worker_lost")
        assert stage.judge() == []
