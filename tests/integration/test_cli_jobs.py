"""`hexjobs jobs`, `queues`, `dead` and `schedules`: what they print for people and for programs, and their exit codes."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from support.command_line import SECONDS, CommandLine

NONE = "no-such-job"


@pytest.fixture
def shell(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path, HEXJOBS_QUEUES__EMAIL__MAX_JOBS="10")


def dead_letters(shell: CommandLine, count: int) -> list[str]:
    """So many dead letters."""
    ids = [shell.submit("fail", f'{{"number": {number}}}') for number in range(count)]
    assert shell.call("worker", "--burst").code == 0
    return ids


def test_programs_get_lines_and_json(shell: CommandLine) -> None:
    """Values between tabs, without titles; or one JSON document; `--json` stands before or after the command."""
    first = shell.submit("add", '{"a": 1, "b": 2}', "--priority", "high")
    second = shell.submit("add", '{"a": 1, "b": 2}', "--delay", "1h", "--queue", "email")
    lines = [line.split("\t") for line in shell.call("jobs", "list").out.splitlines()]
    assert [line[:6] for line in lines] == [
        [first, "add", "default", "high", "pending", "0"],
        [second, "add", "email", "normal", "scheduled", "0"],
    ]
    after, before = shell.call("jobs", "list", "--json"), shell.call("--json", "jobs", "list")
    between = shell.call("jobs", "--json", "list")
    assert after == before == between
    assert [job["job_id"] for job in after.json()] == [first, second]
    assert [
        job["job_id"] for job in shell.call("jobs", "list", "--json", "--status", "scheduled").json()
    ] == [second]
    assert [job["job_id"] for job in shell.call("jobs", "list", "--json", "--queue", "default").json()] == [
        first
    ]
    assert shell.call("jobs", "list", "--type", "fail").out == ""
    assert len(shell.call("jobs", "list", "--limit", "1").out.splitlines()) == 1
    assert shell.call("jobs", "list", "--offset", "1").out.split("\t")[0] == second

    queues = {queue["name"]: queue for queue in shell.call("queues", "list", "--json").json()}
    assert queues["default"]["by_priority"] == {"low": 0, "normal": 0, "high": 1, "critical": 0}
    assert queues["default"].keys() >= {
        "name", "waiting", "scheduled", "processing", "failed", "paused", "by_priority",
    }  # fmt: skip
    assert (queues["email"]["waiting"], queues["email"]["scheduled"]) == (0, 1)
    rows = [line.split("\t") for line in shell.call("queues", "list").out.splitlines()]
    assert sorted(row[:6] for row in rows) == [
        ["default", "1", "0", "1", "0", "0"],
        ["email", "0", "0", "0", "0", "0"],
    ]


def test_one_job_is_shown_with_its_payload_and_error(shell: CommandLine) -> None:
    """In lines for people, control characters escaped; as JSON with everything."""
    (job_id,) = dead_letters(shell, 1)
    document = shell.job(job_id)
    assert document["payload"] == {"number": 0}
    assert document["error"].endswith("RuntimeError: it failed \x1b[31mon purpose")
    shown = shell.call("jobs", "show", job_id)
    assert 'payload       {"number": 0}' in shown.out
    assert "\n  RuntimeError: it failed \\x1b[31mon purpose\n" in shown.out
    assert "\x1b" not in shown.out
    missing = shell.call("jobs", "show", NONE)
    assert (missing.code, missing.out) == (3, "")
    assert f"error: there is no job '{NONE}'" in missing.err


def test_a_message_that_is_no_job_is_shown_as_it_is(shell: CommandLine) -> None:
    """Bytes that somebody else wrote under the key of a job."""
    job_id = shell.submit("add", '{"a": 1, "b": 2}')
    shell.ask_server("SET", f"jobs:data:{job_id}", "not an envelope")
    document = shell.job(job_id)
    assert (document["type"], document["payload"]) == ("?", "not an envelope")


def test_cancel_and_retry(shell: CommandLine) -> None:
    """Each id gets its turn; not found is 3, refused is 1, and what could be done is done."""
    waiting, other = (shell.submit("add", '{"a": 1, "b": 2}') for _ in range(2))
    ended = shell.call("jobs", "cancel", NONE, waiting)
    assert (ended.code, ended.out) == (3, f"{waiting}\tcancelled\n")
    assert shell.job(waiting)["status"] == "cancelled"
    again = shell.call("jobs", "cancel", waiting, "--json")
    assert (again.code, again.json()) == (1, [{"job_id": waiting, "outcome": "finished"}])
    retried = shell.call("jobs", "retry", waiting, other)
    assert (retried.code, retried.out) == (1, f"{waiting}\tretried\n")
    assert "a pending job cannot be retried" in retried.err
    assert shell.job(waiting)["status"] == "pending"
    assert shell.call("jobs", "retry", NONE).code == 3


def test_move_and_run_now(shell: CommandLine) -> None:
    """What waits for a time is moved, or waits no more; anything else is refused, and a bad time is 2."""
    waiting, other = (shell.submit("add", '{"a": 1, "b": 2}', *more) for more in (("--delay", "1h"), ()))
    moved = shell.call("jobs", "move", waiting, other, "--at", "2099-01-01T09:00:00+01:00")
    assert (moved.code, moved.out) == (1, f"{waiting}\tmoved\n")
    assert "a pending job cannot be moved or run now" in moved.err
    assert shell.job(waiting)["scheduled_at"].startswith("2099-01-01T08:00:00")
    assert shell.call("jobs", "move", waiting, "--delay", "2h", "--json").json() == [
        {"job_id": waiting, "outcome": "moved"}
    ]
    for wrong in ((), ("--delay", "soon"), ("--delay", "1h", "--at", "2099-01-01T09:00:00+01:00")):
        ended = shell.call("jobs", "move", waiting, *wrong)
        assert (ended.code, ended.out) == (2, "")
        assert "options.delay" in ended.err
    ran = shell.call("jobs", "run-now", waiting, NONE)
    assert (ran.code, ran.out) == (3, f"{waiting}\twaiting\n")
    assert shell.job(waiting)["status"] == "pending"
    assert shell.call("jobs", "run-now", waiting).code == 1


def test_dead_letters_are_listed_with_their_last_error(shell: CommandLine) -> None:
    """The line that tells most, of each."""
    ids = dead_letters(shell, 2)
    lines = [line.split("\t") for line in shell.call("dead", "list").out.splitlines()]
    assert sorted(line[0] for line in lines) == sorted(ids)
    for line in lines:
        assert [line[1], line[2], line[5]] == ["fail", "default", "attempts_exhausted"]
        assert line[6] == "RuntimeError: it failed \\x1b[31mon purpose"
    assert len(shell.call("dead", "list", "--limit", "1", "--json").json()) == 1
    assert shell.call("dead", "list", "--type", "add").out == ""


def test_acting_on_many_asks_first(shell: CommandLine) -> None:
    """With the count; no, or no answer at all, changes nothing; `--yes` does not ask."""
    ids = dead_letters(shell, 3)
    refused = shell.call("dead", "delete", "--all", stdin=b"n\n")
    assert (refused.code, refused.out) == (1, "")
    assert "Delete 3 dead letters for good? [y/N]: " in refused.err
    unanswered = shell.call("dead", "retry", "--type", "fail")
    assert (unanswered.code, unanswered.out) == (2, "")
    assert "--yes" in unanswered.err
    assert len(shell.call("dead", "list").out.splitlines()) == 3

    one = shell.call("dead", "retry", ids[0])
    assert (one.code, one.out) == (0, f"{ids[0]}\tretried\n")
    assert shell.job(ids[0])["status"] == "pending"
    agreed = shell.call("dead", "delete", "--queue", "default", stdin=b"y\n")
    assert agreed.code == 0
    assert sorted(agreed.out.splitlines()) == sorted(f"{each}\tdeleted" for each in ids[1:])
    assert shell.call("jobs", "show", ids[1]).code == 3
    nothing = shell.call("dead", "delete", "--all")
    assert (nothing.code, nothing.out, nothing.err) == (0, "", "no dead letters\n")


def test_yes_goes_on_without_asking(shell: CommandLine) -> None:
    """Every one of them; JSON has the counts."""
    ids = dead_letters(shell, 2)
    ended = shell.call("dead", "retry", "--all", "--yes", "--json")
    assert (ended.code, ended.err) == (0, "")
    assert ended.json() == {"selected": 2, "retried": 2, "refused": []}
    assert {shell.job(job_id)["status"] for job_id in ids} == {"pending"}
    assert shell.call("worker", "--burst").code == 0
    watched = shell.call("dead", "delete", "--all", "--yes", "--json", is_terminal=True)
    assert "] 0 of 2" in watched.err
    assert watched.json() == {"selected": 2, "deleted": 2, "refused": []}


def test_dead_acts_on_dead_letters_only(shell: CommandLine) -> None:
    """A job that waits is no dead letter, whoever names it; and something has to be named."""
    waiting = shell.submit("add", '{"a": 1, "b": 2}')
    for command in ("retry", "delete"):
        ended = shell.call("dead", command, waiting)
        assert (ended.code, ended.out) == (1, "")
        assert "is no dead letter: it is pending" in ended.err
        assert shell.call("dead", command, NONE).code == 3
        assert shell.call("dead", command).code == 2
        assert shell.call("dead", command, waiting, "--all").code == 2
    assert shell.job(waiting)["status"] == "pending"


def test_people_get_a_table(shell: CommandLine) -> None:
    """Titles, columns, cut to the width; bold titles, but not with NO_COLOR."""
    job_id = shell.submit("add", '{"a": 1, "b": 2}')
    plain = shell.call("jobs", "list", is_terminal=True, NO_COLOR="1", COLUMNS="100", TERM="xterm").out
    titles, row = plain.splitlines()
    assert titles.split() == ["JOB", "ID", "TYPE", "QUEUE", "PRIORITY", "STATUS", "RUN", "CREATED", "REASON"]
    assert row.startswith(f"{job_id}  add   default  normal    pending")
    assert titles.index("STATUS") == row.index("pending")
    nothing = shell.call("dead", "list", is_terminal=True)
    assert (nothing.out, nothing.err) == ("", "no dead letters\n")
    assert shell.call("queues", "list", is_terminal=True, TERM="xterm").out.startswith("\x1b[1mQUEUE")
    assert shell.call("queues", "list", is_terminal=True, TERM="dumb").out.startswith("QUEUE")
    narrow = shell.call(
        "jobs", "list", "--status", "pending", is_terminal=True, NO_COLOR="1", COLUMNS="20"
    ).out
    assert narrow.splitlines()[1].startswith(job_id), "ids stay whole: they are there to be copied"


def on_terminal(
    shell: CommandLine,
    *arguments: str,
    columns: int = 100,
    when: tuple[str, Callable[[], object]] | None = None,
    **variables: str,
) -> str:
    """What a command writes to a terminal of this width; `when` it has said something, something is done."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "hexjobs", *arguments],
        cwd=shell.folder,
        env={**shell.environment, "TERM": "xterm", **variables},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    said, deadline = b"", time.monotonic() + SECONDS
    try:
        while select.select([ours], [], [], max(0, deadline - time.monotonic()))[0]:
            try:
                part = os.read(ours, 65536)
            except OSError:  # Linux: nobody has the other end any more
                break
            said += part
            if when is not None and when[0] in said.decode(errors="replace"):
                when[1]()
    finally:
        process.kill() if time.monotonic() > deadline else None
        process.wait()
        os.close(ours)
    return said.decode().replace("\r\n", "\n")


def test_waiting_people_see_the_progress(shell: CommandLine) -> None:
    """A bar that is drawn over itself and taken away."""
    with shell.start("worker") as worker:
        worker.wait_for("started")
        bar = "[" + "#" * 12 + "." * 12 + "] let_go processing"
        said = on_terminal(shell, "submit", "let_go", "--wait", when=(bar, (shell.folder / "go").touch))
    assert bar in said
    assert said.endswith('\r\x1b[2K"went"\n')
