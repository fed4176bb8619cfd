"""The operator's hands: `queues pause|resume|purge`, `workers list`, `dead` by age, `jobs why`, and `jobs list` by everything."""

from __future__ import annotations

import os
import socket
from itertools import product
from pathlib import Path

import pytest

from support.command_line import CommandLine, eventually

NONE = "no-such-job"


@pytest.fixture
def shell(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path, HEXJOBS_QUEUES__EMAIL__MAX_JOBS="10000")


def paused(shell: CommandLine) -> set[str]:
    return {queue["name"] for queue in shell.call("queues", "list", "--json").json() if queue["paused"]}


def test_a_queue_is_paused_and_resumed(shell: CommandLine) -> None:
    """Told once, twice, and shown in the list; nothing runs meanwhile, and a burst leaves."""
    first = shell.submit("add", '{"a": 1, "b": 2}')
    assert shell.call("queues", "pause", "default", "--json").json() == {
        "name": "default",
        "outcome": "paused",
        "changed": True,
    }
    again = shell.call("queues", "pause", "default")
    assert (again.code, again.out) == (0, "default\twas paused already\n")
    assert paused(shell) == {"default"}
    row = next(line for line in shell.call("queues", "list").out.splitlines() if line.startswith("default\t"))
    assert row.endswith("\tpaused")
    other = shell.submit("add", '{"a": 1, "b": 2}', "--queue", "email")
    assert shell.call("worker", "--burst").code == 0
    assert (shell.job(first)["status"], shell.job(other)["status"]) == ("pending", "completed")
    resumed = shell.call("queues", "resume", "default")
    assert (resumed.code, resumed.out) == (0, "default\tresumed\n")
    assert shell.call("queues", "resume", "default").out == "default\twas not paused\n"
    assert paused(shell) == set()
    assert shell.call("worker", "--burst").code == 0
    assert shell.job(first)["status"] == "completed"


def test_a_pause_outlives_the_server(shell: CommandLine) -> None:
    """The embedded server stops with its last user; what it keeps on disk knows of the pause."""
    shell.submit("add", '{"a": 1, "b": 2}')
    shell.call("queues", "pause", "email")
    process_id = shell.server()["server_pid"]
    os.kill(process_id, 9)
    eventually(lambda: not Path(f"/proc/{process_id}").exists(), lambda: "the server lives on")
    assert paused(shell) == {"email"}


def test_a_purge_tells_the_count_and_asks(shell: CommandLine) -> None:
    """No, or no answer at all, changes nothing."""
    for delay in ("0s", "1h", "2h"):
        shell.submit("add", '{"a": 1, "b": 2}', "--queue", "email", "--delay", delay)
    kept = shell.submit("add", '{"a": 1, "b": 2}')
    refused = shell.call("queues", "purge", "email", stdin=b"n\n")
    assert (refused.code, refused.out) == (1, "")
    assert "Remove 3 jobs of queue 'email' for good? [y/N]: " in refused.err
    unanswered = shell.call("queues", "purge", "email")
    assert (unanswered.code, unanswered.out) == (2, "")
    assert len(shell.call("jobs", "list").out.splitlines()) == 4
    purged = shell.call("queues", "purge", "email", "--yes")
    assert (purged.code, purged.out) == (0, "email\tpurged\t3\n")
    assert shell.call("jobs", "list").out.split("\t")[0] == kept
    nothing = shell.call("queues", "purge", "email", "--json")
    assert (nothing.code, nothing.json()) == (0, {"name": "email", "outcome": "purged", "removed": 0})


@pytest.mark.parametrize("command", ["pause", "resume", "purge"])
def test_an_unknown_queue_is_not_found(shell: CommandLine, command: str) -> None:
    """With the nearest name."""
    ended = shell.call("queues", command, "emial")
    assert (ended.code, ended.out) == (3, "")
    assert ended.err == "error: queue: 'emial' is not a known queue; did you mean 'email'?\n"


def test_workers_are_listed(shell: CommandLine) -> None:
    """A live one, with what it runs."""
    assert shell.call("workers", "list").out == ""
    with shell.start("worker", "--queues", "email", "--concurrency", "3") as running:
        running.wait_for("worker_started")
        job_id = shell.submit("block", "{}", "--queue", "email")
        shell.wait_for_start(job_id)

        def told() -> bool:
            found = shell.call("workers", "list", "--json").json()
            return len(found) == 1 and bool(found[0]["host"])

        eventually(told, lambda: shell.call("workers", "list", "--json").out)
        (worker,) = shell.call("workers", "list", "--json").json()
        (line,) = shell.call("workers", "list").out.splitlines()
        why = shell.call("jobs", "why", job_id, "--json").json()
    assert (worker["host"], worker["alive"]) == (socket.gethostname(), True)
    assert (worker["queues"], worker["slots"], worker["running"]) == (["email"], 3, 1)
    assert "block" in worker["job_types"]
    assert 0 <= worker["last_beat_seconds_ago"] < 30
    assert 0 <= worker["up_seconds"] < 60
    assert line.split("\t")[:3] == [worker["worker_id"], worker["host"], str(worker["pid"])]
    assert [reason["code"] for reason in why["reasons"]] == ["running"]
    assert worker["worker_id"] in why["reasons"][0]["sentence"]


def test_why_a_job_waits(shell: CommandLine) -> None:
    """Sentences for people, codes for programs, and the timeline; reading changes nothing."""
    first = shell.submit("add", '{"a": 1, "b": 2}')
    second = shell.submit("add", '{"a": 1, "b": 2}', "--max-retries", "2")
    shell.call("queues", "pause", "default")
    ended = shell.call("jobs", "why", second)
    assert ended.code == 0
    assert "Its queue 'default' is paused; `hexjobs queues resume default` lets it go on." in ended.out
    assert "No worker is alive" in ended.out
    assert "In its queue 1 job goes before it." in ended.out
    assert "\nattempts  0 of 3\n" in ended.out
    document = shell.call("jobs", "why", first, "--json").json()
    assert [reason["code"] for reason in document["reasons"]] == ["queue_paused", "no_worker"]
    assert [entry["event"] for entry in document["timeline"]] == ["created"]
    assert (document["status"], document["attempt"]) == ("pending", 0)
    later = shell.submit("add", '{"a": 1, "b": 2}', "--delay", "1h")
    assert "It is scheduled: it waits until " in shell.call("jobs", "why", later).out
    missing = shell.call("jobs", "why", NONE)
    assert (missing.code, missing.out) == (3, "")
    assert f"error: there is no job '{NONE}'" in missing.err


def test_why_a_job_has_ended(shell: CommandLine) -> None:
    """With the last line of its error, control characters escaped."""
    failed, done = shell.submit("fail"), shell.submit("add", '{"a": 1, "b": 2}')
    assert shell.call("worker", "--burst").code == 0
    told = shell.call("jobs", "why", failed).out
    assert "It is a dead letter (attempts_exhausted); " in told
    assert "RuntimeError: it failed \\x1b[31mon purpose" in told.splitlines()[0]
    document = shell.call("jobs", "why", done, "--json").json()
    assert [reason["code"] for reason in document["reasons"]] == ["completed"]
    assert [entry["event"] for entry in document["timeline"]] == ["created", "started", "finished"]


def test_dead_letters_by_age(shell: CommandLine) -> None:
    """Those that died longer ago, alone or of a type; `--age` is the same."""
    for _ in range(2):
        shell.submit("fail")
    assert shell.call("worker", "--burst").code == 0
    young = shell.call("dead", "delete", "--older-than", "1h", "--json")
    assert (young.code, young.json()) == (0, {"selected": 0, "deleted": 0, "refused": []})
    assert "no dead letters" in young.err
    asked = shell.call("dead", "retry", "--age", "0s", "--type", "fail", stdin=b"n\n")
    assert "Run 2 dead letters again?" in asked.err
    assert shell.call("dead", "delete", "--age", "0s", "--type", "add", "--yes").out == ""
    assert shell.call("dead", "delete", "--older-than", "soon").code == 2
    assert shell.call("dead", "delete", NONE, "--older-than", "1h").code == 2
    gone = shell.call("dead", "delete", "--older-than", "0s", "--queue", "default", "--yes")
    assert (gone.code, len(gone.out.splitlines())) == (0, 2)


def test_jobs_are_listed_by_everything_at_once(shell: CommandLine) -> None:
    """Status, queue and type: each alone, any two, all three."""
    for queue in ("default", "email"):
        shell.submit("fail", "{}", "--queue", queue)
        shell.submit("add", '{"a": 1, "b": 2}', "--queue", queue)
    assert shell.call("worker", "--burst").code == 0
    for queue in ("default", "email"):
        shell.submit("add", '{"a": 1, "b": 2}', "--queue", queue)
        shell.submit("add", '{"a": 1, "b": 2}', "--queue", queue, "--delay", "1h")
        cancelled = shell.submit("fail", "{}", "--queue", queue)
        shell.call("jobs", "cancel", cancelled)
    everything = shell.call("jobs", "list", "--json").json()
    assert len(everything) == 10
    statuses = ("", "pending", "scheduled", "completed", "failed", "cancelled", "processing", "retrying")
    for status, queue, job_type in product(statuses, ("", "default", "email"), ("", "add", "fail")):
        wanted = {"status": status, "queue": queue, "type": job_type}
        given = [part for name, value in wanted.items() if value for part in (f"--{name}", value)]
        found = shell.call("jobs", "list", "--json", *given).json()
        expected = [
            job["job_id"]
            for job in everything
            if all(job[name] == value for name, value in wanted.items() if value)
        ]
        assert sorted(job["job_id"] for job in found) == sorted(expected), given
