"""`hexjobs fsck` from outside: what it prints, its exit codes, and a worker that repairs by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.command_line import CommandLine, eventually


@pytest.fixture
def shell(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


def test_a_whole_store_a_broken_one_and_a_repaired_one(shell: CommandLine) -> None:
    """0, 1 with the findings, 0 with what was repaired, 0."""
    job_id = shell.submit("add", '{"a": 1, "b": 2}')
    ended = shell.call("fsck")
    assert (ended.code, ended.out, ended.err) == (0, "", "looked at 1 job: nothing is wrong\n")
    shell.ask_server("DEL", "jobs:queue:default:normal")

    ended = shell.call("fsck")
    assert ended.code == 1
    assert ended.out.splitlines() == [
        f"not_queued\t{job_id}\tjobs:queue:default:normal\tleft\tit is pending, and in no queue's list"
    ]
    assert ended.err == "looked at 1 job: 1 finding; --repair puts them right\n"
    ended = shell.call("fsck", "--repair", "--json")
    assert ended.code == 0
    report = ended.json()
    assert (report["counts"], report["left"]) == ({"not_queued": 1}, 0)
    assert report["findings"][0]["repaired"] is True
    assert shell.call("fsck", "--json").json()["findings"] == []

    shell.ask_server("DEL", f"jobs:data:{job_id}")
    assert shell.call("fsck", "--repair").err == "looked at 0 jobs: 1 finding, all repaired\n"
    dead = shell.call("dead", "list", "--json").json()
    assert [(job["job_id"], job["reason"], job["type"]) for job in dead] == [(job_id, "data_lost", "?")]
    assert shell.call("dead", "delete", job_id).code == 0
    assert shell.call("fsck").code == 0


def test_a_worker_repairs_by_itself(shell: CommandLine) -> None:
    """Within one sweep, and says so."""
    with shell.start(
        "worker",
        HEXJOBS_JOBS__SCHEDULER__CLEANUP_INTERVAL="1s",
        HEXJOBS_LOGGING__FORMAT="json",
    ) as worker:
        worker.wait_for("started")
        job_id = shell.submit("add", '{"a": 1, "b": 2}', "--delay", "1h")
        shell.ask_server("DEL", f"jobs:data:{job_id}")
        line = worker.wait_for("store_repaired")
        assert (line["code"], line["job_id"]) == ("data_lost", job_id)
    eventually(lambda: shell.call("fsck").code == 0, lambda: shell.call("fsck").out)
    assert shell.job(job_id)["reason"] == "data_lost"
