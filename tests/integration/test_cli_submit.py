"""`hexjobs submit`: what it takes, what it refuses, and that what it refuses is not queued."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.command_line import CommandLine

WELCOME = '{"email_type": "welcome", "to": "user@example.com", "username": "John"}'


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    """One folder for those that queue nothing."""
    shell = CommandLine(tmp_path_factory.mktemp("submit"))
    yield shell
    assert shell.ask_server("LLEN", "jobs:queue:default:normal") == b":0"
    assert shell.ask_server("HLEN", "jobs:enqueued") == b":0"


def nested(depth: int) -> str:
    return '{"a":' * depth + "1" + "}" * depth


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ('{"email_type": "welcome", "to": "not-an-address", "username": "John"}', "payload.to"),
        ('{"email_type": "welcome", "to": "user@example.com"}', "payload.username"),
        ('{"email_type": "greeting"}', "payload.email_type"),
        ("[]", "payload"),
        ('"text"', "payload"),
        ('{"to": NaN}', "payload.to"),
        ('{"to": [1, -Infinity]}', "payload.to[1]"),
        ('{"to": 1e999}', "payload.to"),
        (nested(200), "payload.a.a.a"),
        (nested(200_000), "payload"),
        (r'{"to": "\ud800"}', "payload.to"),
        ('{"to": "' + b"\xff".decode("utf-8", "surrogateescape") + '"}', "payload.to"),
        ('{"to": "' + "x" * 10_000_000 + '"}', "payload"),
        ('{"to": ' + "9" * 5000 + "}", "payload"),
        ("@no-such-file.json", "payload"),
        ("@.", "payload"),
    ],
    ids=lambda text: text[:30] if text.isascii() else "bytes",
)
def test_a_bad_payload_is_refused_and_its_field_named(shell: CommandLine, payload: str, field: str) -> None:
    """Exit code 2, nothing on standard output, no traceback."""
    ended = shell.call("submit", "email", payload)
    assert (ended.code, ended.out) == (2, ""), ended
    assert f"error: {field}" in ended.err
    assert "Traceback" not in ended.err
    assert len(ended.err) < 5000


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("emial", "{}"), "job_type: 'emial' is not a known job type; did you mean 'email'?"),
        (("email", WELCOME, "--queue", "emails"), "options.queue: 'emails' is not a configured queue"),
        (("email", WELCOME, "--delay", "soon"), "options.delay: 'soon' is not a duration"),
        (
            ("email", WELCOME, "--delay", "1s", "--at", "2030-01-01T00:00:00Z"),
            "options.delay: cannot be given",
        ),
        (
            ("email", WELCOME, "--at", "2030-01-01T00:00:00"),
            "options.scheduled_at: must be an aware datetime",
        ),
        (("email", WELCOME, "--at", "tomorrow"), "options.scheduled_at: "),
        (("email", WELCOME, "--max-retries", "-1"), "options.max_retries: must be 0 or more"),
        (("email", WELCOME, "--max-retries", "few"), "--max-retries"),
        (("email", WELCOME, "--priority", "urgent"), "--priority"),
        (("email", WELCOME, "--timeout", "0s"), "options.timeout: must be more than 0"),
        (("email", WELCOME, "--job-id", "a b"), "options.job_id: "),
        (("email", WELCOME, "--wait-timeout", "5s"), "--wait-timeout goes with --wait"),
        (("email", WELCOME, "--wait", "--wait-timeout", "x"), "--wait-timeout"),
        (("email", WELCOME, "--handlers", "nothing_here"), "jobs.handlers: module 'nothing_here'"),
        ((), "TYPE"),
    ],
    ids=lambda value: " ".join(value[-2:])[-30:] if isinstance(value, tuple) else None,
)
def test_a_bad_option_is_refused_and_named(shell: CommandLine, arguments: tuple[str, ...], said: str) -> None:
    """With the option's own name or that of the field behind it."""
    ended = shell.call("submit", *arguments)
    assert (ended.code, ended.out) == (2, ""), ended
    assert said in ended.err


def test_malformed_json_is_pointed_at(shell: CommandLine) -> None:
    """Line, column, and what shells do to quotes; from a file or standard input the shell is no matter."""
    ended = shell.call("submit", "email", '{"a": 1,\n email_type: "x"}')
    assert "payload: the argument is not JSON at line 2, column 2" in ended.err
    assert "quote the whole argument for the shell" in ended.err
    ended = shell.call("submit", "email", "-", stdin=b"{")
    assert (ended.code, ended.out) == (2, "")
    assert "payload: standard input is not JSON at line 1, column 2" in ended.err
    assert "for the shell" not in ended.err
    (shell.folder / "latin.json").write_bytes(b'{"a": "\xe4"}')
    assert "payload: latin.json is not UTF-8 at byte 7" in shell.call("submit", "email", "@latin.json").err


def test_text_without_end_is_not_read_to_its_end(shell: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not from a file, and not from standard input."""
    monkeypatch.setattr("hexjobs.adapters.cli.payload_argument.LARGEST_TEXT", 100)
    ended = shell.call("submit", "email", "-", stdin=b" " * 101)
    assert (ended.code, ended.out) == (2, "")
    assert "payload: standard input has more than 100 bytes" in ended.err
    (shell.folder / "long.json").write_text(" " * 101)
    assert "payload: long.json has more than 100 bytes" in shell.call("submit", "email", "@long.json").err


def test_every_problem_is_said_at_once(shell: CommandLine) -> None:
    """One line for each field."""
    ended = shell.call("submit", "email", '{"email_type": "welcome", "to": "x", "more": 1}')
    assert [line.split(":")[1].strip() for line in ended.err.splitlines()] == [
        "payload.to",
        "payload.username",
        "payload.more",
    ]


def test_an_address_that_is_none_and_ten_million_bytes(shell: CommandLine) -> None:
    """The one in a process of its own, the others on standard input."""
    ended = shell.run("submit", "email", '{"email_type":"welcome","to":"not-an-address"}')
    assert (ended.code, ended.out) == (2, "")
    assert "payload.to: is not an e-mail address" in ended.err
    ended = shell.call("submit", "email", "-", stdin=b'{"to": "' + b"x" * 10_000_000 + b'"}')
    assert (ended.code, ended.out) == (2, "")
    assert "error: payload: is 10000009 bytes of JSON" in ended.err


def test_a_job_is_queued_and_its_id_printed(tmp_path: Path) -> None:
    """The id alone, or as JSON; any client of the server sees the waiting jobs."""
    shell = CommandLine(tmp_path)
    first = shell.run("submit", "email", WELCOME)
    assert first.code == 0
    assert first.out == first.out.strip() + "\n"
    (tmp_path / "payload.json").write_text("\ufeff" + WELCOME, "utf-8")
    second = shell.call("--json", "submit", "email", "@payload.json", "--priority", "high")
    assert list(second.json()) == ["job_id"]
    third = shell.call("submit", "email", "-", "--json", stdin=WELCOME.encode())
    assert shell.ask_server("LLEN", "jobs:queue:default:normal") == b":2"
    assert shell.ask_server("LLEN", "jobs:queue:default:high") == b":1"
    for ended in (second, third):
        job = shell.job(ended.json()["job_id"])
        assert job["payload"] == json.loads(WELCOME)
        assert job["status"] == "pending"


def test_the_options_reach_the_job(tmp_path: Path) -> None:
    """Each one, by what the job shows."""
    shell = CommandLine(tmp_path)
    later = shell.submit(
        "email", WELCOME, "--at", "2035-01-31T02:00:00+01:00", "--max-retries", "7", "--timeout", "none"
    )
    job = shell.job(later)
    assert (job["status"], job["max_retries"]) == ("scheduled", 7)
    assert job["scheduled_at"] == "2035-01-31T01:00:00.000+00:00"
    assert shell.job(shell.submit("email", WELCOME, "--delay", "1h30m"))["status"] == "scheduled"
    assert shell.submit("email", WELCOME, "--job-id", "mine") == "mine"
    assert shell.submit("email", WELCOME, "--job-id", "mine") == "mine"
    conflict = shell.call("submit", "email", WELCOME.replace("John", "Jane"), "--job-id", "mine")
    assert (conflict.code, conflict.out) == (2, "")
    keyed = [shell.submit("email", WELCOME, "--unique-key", "one") for _ in range(2)]
    assert keyed[0] == keyed[1]


def test_a_full_queue_and_switched_off_jobs_have_their_codes(tmp_path: Path) -> None:
    """Full is a failure that passes; switched off is the configuration."""
    shell = CommandLine(tmp_path, HEXJOBS_QUEUES__DEFAULT__MAX_JOBS="1")
    shell.submit("email", WELCOME)
    full = shell.call("submit", "email", WELCOME)
    assert (full.code, full.out) == (1, "")
    assert "queue 'default' is full" in full.err
    off = shell.call("submit", "email", WELCOME, HEXJOBS_JOBS__ENABLED="false")
    assert (off.code, off.out) == (2, "")
    assert "jobs.enabled" in off.err


def test_waiting_that_is_interrupted_is_quiet_and_leaves_the_job(tmp_path: Path) -> None:
    """Ctrl-C: exit code 130, no traceback, and the words that the job goes on."""
    shell = CommandLine(tmp_path)
    with shell.start("submit", "email", WELCOME, "--wait") as waiting:
        assert waiting.process.stdout is not None
        job_id = waiting.process.stdout.readline().strip()
        waiting.signal(signal.SIGINT)
        ended = waiting.end()
    assert ended.code == 130
    assert ended.err == f"job {job_id} is submitted and goes on without this command\n"
    assert shell.job(job_id)["status"] == "pending"


def test_waiting_has_an_end(tmp_path: Path) -> None:
    """`--wait-timeout` without a worker: exit code 1, and the job stays."""
    shell = CommandLine(tmp_path)
    ended = shell.call("submit", "email", WELCOME, "--wait", "--wait-timeout", "50ms")
    assert ended.code == 1
    assert f"job {ended.out.strip()!r} is still pending" in ended.err
