"""`hexjobs schedules` on the embedded server, and schedules in the configuration, from its check to the job."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.command_line import CommandLine, eventually

NUMBERS = '{"a": 1, "b": 2}'
INSTANT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


@pytest.fixture
def shell(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path, HEXJOBS_QUEUES__EMAIL__MAX_JOBS="10000")


def test_a_schedule_is_added_replaced_and_removed(shell: CommandLine) -> None:
    """The description and the next instant are told; as JSON with all that it is."""
    added = shell.call(
        "schedules", "add", "nightly", "add", NUMBERS, "--cron", "0 2 1 1 *", "--queue", "email"
    )
    assert (added.code, added.out) == (0, "nightly\tadded\n")
    assert re.fullmatch(
        r"at 02:00, on day 1 of the month, only in January, in UTC\nnext: \d{4}-01-01T02:00:00Z\n", added.err
    )
    again = shell.call(
        *(
            "schedules",
            "add",
            "nightly",
            "add",
            NUMBERS,
            "--cron",
            "0 3 1 1 *",
            "--timezone",
            "Europe/Berlin",
        ),
        *("--start", "2026-01-01", "--end", "2090-01-01", "--limit", "7", "--jitter", "1m", "--grace", "2m"),
        *("--exclude", "2027-12-25", "--exclude", "* * * 8 *", "--misfire", "run_all", "--backlog", "9"),
        *("--overlap", "queue_one", "--max-retries", "0", "--unique-key", "k", "--json"),
    ).json()
    assert (again["outcome"], again["name"], again["type"], again["source"]) == (
        "added",
        "nightly",
        "add",
        "cli",
    )
    (entry,) = shell.call("schedules", "list", "--json").json()
    assert {**entry, "outcome": "added"} == again
    assert re.fullmatch(r"\d{4}-01-01T02:00:\d\d(\.\d{3})?Z", entry.pop("next_due"))
    assert entry == {
        "name": "nightly",
        "type": "add",
        "when": "0 3 1 1 *",
        "cron": "0 3 1 1 *",
        "every_seconds": None,
        "description": entry["description"],
        "timezone": "Europe/Berlin",
        "start": "2025-12-31T23:00:00Z",
        "end": "2089-12-31T23:00:00Z",
        "limit": 7,
        "exclude": ["2027-12-25", "* * * 8 *"],
        "jitter_seconds": 60.0,
        "misfire": "run_all",
        "grace_seconds": 120.0,
        "backlog": 9,
        "overlap": "queue_one",
        "source": "cli",
        "state": "active",
        "paused": False,
        "last_fired": None,
        "queued": None,
        "fired": 0,
        "skipped": 0,
        "missed": 0,
    }
    assert "in Europe/Berlin; from 2025-12-31 23:00:00 UTC" in entry["description"]
    row = shell.call("schedules", "list").out
    assert re.fullmatch(r"nightly\tadd\t0 3 1 1 \*\tEurope/Berlin\t\S+\t\t0\t0\t0\tactive\n", row)
    assert shell.call("schedules", "remove", "nightly", "--json").json() == {
        "name": "nightly",
        "outcome": "removed",
    }
    assert shell.call("schedules", "list").out == ""
    assert shell.call("schedules", "list", is_terminal=True).err == "no schedules\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--cron", "often"), "cron: 'often' is not a cron expression"),
        (("--cron", "61 * * * *"), "cron: '61 * * * *' is not a cron expression: minute '61' (character 1)"),
        (("--cron", "0 0 31 2 *"), "cron: '0 0 31 2 *' never fires"),
        (("--cron", "@daily", "--timezone", "Berlin"), "timezone: 'Berlin' is not an IANA time zone"),
        (("--cron", "@daily", "--every", "1h"), "cron: give either cron"),
        ((), "cron: give either cron"),
        (("--every", "soon"), "every: 'soon' is not a duration"),
        (("--every", "1h", "--limit", "-1"), "limit: '-1' is not a whole number from 1"),
        (("--every", "1h", "--backlog", "all"), "backlog: 'all' is not a whole number from 1 to 1000"),
        (("--every", "1h", "--start", "soon"), "start: 'soon' is not an ISO 8601 instant"),
        (("--every", "1h", "--exclude", "2026-02-30"), "exclude.0: '2026-02-30' is no date"),
        (
            ("--every", "1h", "--queue", "emial"),
            "options.queue: 'emial' is not a configured queue; did you mean",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_field(
    shell: CommandLine, arguments: tuple[str, ...], says: str
) -> None:
    """The exit code is 2, and nothing is kept."""
    ended = shell.call("schedules", "add", "x", "add", NUMBERS, *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"error: {says}")
    assert shell.call("schedules", "list").out == ""


def test_names_and_payloads_are_checked_too(shell: CommandLine) -> None:
    for arguments, field in (
        (("X", "add"), "name"),
        (("x", "email"), "payload"),
        (("x", "ad"), "job_type"),
        (("x", "add", "{"), "payload"),
    ):
        ended = shell.call("schedules", "add", *arguments, "--cron", "@daily")
        assert (ended.code, ended.out) == (2, "")
        assert f"error: {field}" in ended.err
    unknown = shell.call("schedules", "add", "x", "add", "--every", "1h", "--overlap", "never")
    assert (unknown.code, "--overlap" in unknown.err) == (2, True)


@pytest.mark.parametrize(
    "words",
    [("remove",), ("pause",), ("resume",), ("trigger",), ("next",), ("history",), ("edit", "--every", "1h")],
    ids=lambda words: words[0],
)
def test_a_schedule_that_is_not_there_is_not_found(shell: CommandLine, words: tuple[str, ...]) -> None:
    command, *options = words
    missing = shell.call("schedules", command, "nightly", *options)
    assert (missing.code, missing.out) == (3, "")
    assert missing.err == "error: there is no schedule 'nightly'\n"


def test_an_edit_changes_what_is_given(shell: CommandLine) -> None:
    """`none` takes a bound away; without anything to change it is a usage error."""
    shell.call(
        *(
            "schedules",
            "add",
            "nightly",
            "add",
            NUMBERS,
            "--cron",
            "0 2 * * *",
            "--limit",
            "7",
            "--overlap",
            "skip",
        ),
        *("--exclude", "2027-12-25", "--max-retries", "0"),
    )
    edited = shell.call(
        "schedules", "edit", "nightly", "--every", "90s", "--limit", "none", "--exclude", "none"
    )
    assert (edited.code, edited.out) == (0, "nightly\tedited\n")
    assert re.fullmatch(rf"every 1m30s\nnext: {INSTANT}\n", edited.err)
    (entry,) = shell.call("schedules", "list", "--json").json()
    assert (entry["when"], entry["cron"], entry["every_seconds"]) == ("every 1m30s", None, 90.0)
    assert (entry["limit"], entry["exclude"], entry["overlap"]) == (None, [], "skip")
    shell.call("schedules", "edit", "nightly", '{"a": 3, "b": 4}', "--queue", "email")
    job_id = shell.call("schedules", "trigger", "nightly").out.strip()
    job = shell.job(job_id)
    assert (job["payload"], job["queue"], job["max_retries"]) == ({"a": 3, "b": 4}, "email", 0)
    nothing = shell.call("schedules", "edit", "nightly")
    assert (nothing.code, "nothing to change was given" in nothing.err) == (2, True)
    wrong = shell.call("schedules", "edit", "nightly", "--cron", "61 * * * *")
    assert (wrong.code, wrong.err.startswith("error: cron: '61 * * * *'")) == (2, True)


def test_a_schedule_is_paused_triggered_and_resumed(shell: CommandLine) -> None:
    """The list says by whom; what was made by hand is in the history."""
    shell.call("schedules", "add", "nightly", "add", NUMBERS, "--cron", "0 2 * * *")
    assert shell.call("schedules", "pause", "nightly").out == "nightly\tpaused\n"
    (entry,) = shell.call("schedules", "list", "--json").json()
    assert (entry["paused"], entry["state"]) == (True, "paused by hand")
    triggered = shell.call("schedules", "trigger", "nightly", "--json").json()
    assert triggered.keys() == {"name", "outcome", "job_id"}
    assert triggered["job_id"].startswith("schedule:nightly:manual:")
    assert shell.call("worker", "--burst").code == 0
    assert shell.job(triggered["job_id"])["result"] == 3
    (line,) = shell.call("schedules", "history", "nightly").out.splitlines()
    assert re.fullmatch(rf"\S+\ttriggered\t\S+\t1\t{triggered['job_id']}", line)
    (told,) = shell.call("schedules", "history", "nightly", "--json", "-n", "1").json()
    assert (told["outcome"], told["job_id"], told["count"]) == ("triggered", triggered["job_id"], 1)
    assert shell.call("schedules", "resume", "nightly", "--json").json() == {
        "name": "nightly",
        "outcome": "resumed",
    }
    (entry,) = shell.call("schedules", "list", "--json").json()
    assert (entry["paused"], entry["state"]) == (False, "active")


def test_the_coming_instants_are_shown(shell: CommandLine) -> None:
    """On the local clock and in UTC; those at clock changes are marked, and the expression is described."""
    shell.call(
        *(
            "schedules",
            "add",
            "clocks",
            "add",
            NUMBERS,
            "--cron",
            "30 2 * 3,10 7L",
            "--timezone",
            "Europe/Berlin",
        )
    )
    shown = shell.call("schedules", "next", "clocks", "-n", "2")
    assert shown.err.startswith("at 02:30, ")
    assert shown.err.endswith("in Europe/Berlin\n")
    rows = sorted(line.split("\t") for line in shown.out.splitlines())
    by_change = {change: (local[5:], utc[5:], due[5:]) for local, utc, due, change in rows}
    assert by_change.keys() == {"gap", "overlap"}
    assert re.fullmatch(r"03-\d\dT03:00:00\+02:00", by_change["gap"][0])
    assert re.fullmatch(r"03-\d\dT01:00:00Z", by_change["gap"][1])
    assert re.fullmatch(r"10-\d\dT02:30:00\+02:00", by_change["overlap"][0])
    assert by_change["overlap"][2] == by_change["overlap"][1]
    document = shell.call("schedules", "next", "clocks", "--json").json()
    assert document.keys() == {"name", "description", "timezone", "paused", "instants"}
    assert (document["timezone"], document["description"], len(document["instants"])) == (
        "Europe/Berlin",
        shown.err.strip(),
        10,
    )
    assert document["instants"][0].keys() == {"instant", "local", "due", "change"}
    shell.call("schedules", "pause", "clocks")
    assert shell.call("schedules", "next", "clocks").err.endswith(" (paused)\n")
    assert shell.call("schedules", "next", "clocks", "-n", "0").code == 2


def test_a_schedule_that_fires(shell: CommandLine) -> None:
    """Its job has the name and the instant in its id; the list counts it, and the history tells of it."""
    shell.call("schedules", "add", "often", "add", NUMBERS, "--every", "1s")
    with shell.start("worker") as running:
        running.wait_for("worker_started")
        eventually(
            lambda: shell.call("schedules", "list", "--json").json()[0]["fired"] > 0, lambda: running.err
        )
    shell.call("schedules", "pause", "often")
    (entry,) = shell.call("schedules", "list", "--json").json()
    latest = shell.call("schedules", "history", "often", "--json").json()[0]
    assert latest["outcome"] == "fired"
    assert latest["job_id"] == f"schedule:often:{latest['instant']}"
    assert entry["last_fired"] == latest["instant"]
    assert shell.job(latest["job_id"])["type"] == "add"


CONFIGURED = """\
schedules_revision: {revision}
schedules:
  often: {{type: add, payload: {{a: 1, b: 2}}, every: 1s, misfire: skip}}
{more}"""
YEARLY = '  yearly: {type: add, payload: {a: 1, b: 2}, cron: "0 0 1 1 *"}\n'


def test_schedules_of_the_configuration_come_with_the_worker(shell: CommandLine) -> None:
    """Applied at its start, and again under a higher revision alone; what is no longer there is paused."""
    path = shell.folder / "hexjobs.yaml"

    def start(revision: int, more: str, until: str) -> dict[str, str]:
        path.write_text(CONFIGURED.format(revision=revision, more=more))
        found: dict[str, str] = {}

        def states() -> dict[str, str]:
            found.clear()
            listed = shell.call("schedules", "list", "--json").json()
            found.update({entry["name"]: entry["state"] for entry in listed})
            return found

        with shell.start("worker") as running:
            eventually(lambda: states().get("yearly", "none") == until, lambda: running.err)
        return found

    assert start(2, YEARLY, "active") == {"often": "active", "yearly": "active"}
    assert start(3, "", "paused by the configuration")["often"] == "active"
    assert start(4, YEARLY, "active")["often"] == "active"
    (entry, _) = shell.call("schedules", "list", "--json").json()
    assert entry["source"] == "config"


def test_a_bad_schedule_stops_the_check_and_the_worker(shell: CommandLine) -> None:
    """The path of the key, the reason and the line; so do an unknown type, its payload, and its queue."""
    (shell.folder / "hexjobs.yaml").write_text(
        "schedules:\n"
        '  a: {type: add, cron: "61 * * * *"}\n'
        "  b: {type: add, cron: '@daily', timezone: Europe/Berlim}\n"
        "  c: {type: add, every: 1h, overlap: never}\n"
    )
    for command in (("config", "check"), ("worker", "--burst")):
        ended = shell.call(*command)
        assert (ended.code, ended.out) == (2, "")
        assert [line.split(": ")[1] for line in ended.err.splitlines()] == [
            "schedules.a.cron",
            "schedules.b.timezone",
            "schedules.c.overlap",
        ]
        assert ended.err.splitlines()[0].endswith(f"({shell.folder / 'hexjobs.yaml'}, line 2)")
    (shell.folder / "hexjobs.yaml").write_text(
        "schedules:\n"
        "  a: {type: ad, every: 1h}\n"
        "  b: {type: email, every: 1h, payload: {email_type: welcome, username: Ada, to: nobody}}\n"
        "  c: {type: add, every: 1h, queue: emial}\n"
        "  d: {type: add, every: 1h}\n"
    )
    for command in (("config", "check"), ("worker", "--burst")):
        ended = shell.call(*command)
        assert (ended.code, ended.out) == (2, "")
        fields = [line.split(": ")[1] for line in ended.err.splitlines()]
        assert fields == ["schedules.a.type", "schedules.b.payload.to", "schedules.c.queue"]
        assert ended.err.splitlines()[1].endswith(f"({shell.folder / 'hexjobs.yaml'}, line 3)")
        assert "'ad' is not a known job type; did you mean 'add'" in ended.err
    as_json = shell.call("config", "check", "--json")
    assert as_json.json()["problems"][0]["field"] == "schedules.a.type"


def test_schedules_of_the_configuration_are_shown(shell: CommandLine) -> None:
    (shell.folder / "hexjobs.yaml").write_text(CONFIGURED.format(revision=2, more=YEARLY))
    assert shell.call("config", "check").code == 0
    lines = shell.call("config", "show", "--origin").out.splitlines()
    shown = {line.split("\t")[0]: line.split("\t")[1:] for line in lines}
    assert shown["schedules_revision"] == ["2", f"file {shell.folder / 'hexjobs.yaml'}:1"]
    assert shown["schedules.often.payload"][0] == '{"a": 1, "b": 2}'
    assert shown["schedules.often.every"][0] == "1s"
