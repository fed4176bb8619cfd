"""Workers that are asked to stop: fault 6, and what of 7 the tests of the command line and the supervisor leave open."""

from __future__ import annotations

import signal

from faults.harness.stage import Stage


def test_a_stop_leaves_no_job_and_no_lease_behind(stage: Stage) -> None:
    """Short jobs finish, long ones go back unspent, exit code 0, and the store knows no worker any more."""
    with stage.start_worker() as worker:
        worker.ready()
        short = [stage.submit("step", {"seconds": 0.8}), stage.submit("thread_step", {"seconds": 0.8})]
        long = stage.submit("gated")
        for job in (*short, long):
            stage.until_started(job)
        worker.terminate()
        assert worker.wait() == 0
        assert stage.until_ended(*short) == ["completed"] * 2
        given_back = stage.service.get_job(long)
        assert (given_back.status.value, given_back.attempt, given_back.crashes) == ("pending", 0, 0)
        with stage.server.client() as client:
            assert client.hgetall("jobs:workers") == {}
            assert client.hgetall("jobs:beats") == {}
            assert list(client.scan_iter("jobs:processing:*")) == []
        (stage.journals / f"go-{long}").touch()
    with stage.start_worker("--burst") as again:
        assert again.wait() == 0
    assert stage.until_ended(long) == ["completed"]
    assert stage.judge() == []


def test_a_parent_that_is_killed_leaves_no_orphan_at_work(stage: Stage) -> None:
    """Its children stop by themselves, in order: what they ran is given back or finished, and their lease is gone."""
    with stage.start_worker("--processes", "2") as worker:
        worker.ready()
        stage.until(lambda: len(worker.runners()) == 2, "two children")
        job = stage.submit("step", {"seconds": 1.0})
        stage.until_started(job)
        worker.terminate(signal.SIGKILL)
        worker.wait(10.0)
    with stage.start_worker("--burst") as again:
        assert again.wait() == 0
    assert stage.until_ended(job) == ["completed"]
    assert int(stage.snapshot().states[job].get("crashes", 0)) == 0
    assert stage.judge() == []


def test_every_child_stops_on_one_signal(stage: Stage) -> None:
    """Two children, one SIGTERM to the parent: both tell that they have left."""
    with stage.start_worker("--processes", "2") as worker:
        stage.until(lambda: len(worker.events("worker_started")) == 2, "two children")
        worker.terminate()
        assert worker.wait() == 0
        assert len(worker.events("worker_stopped")) == 2
        with stage.server.client() as client:
            assert client.hgetall("jobs:workers") == {}
