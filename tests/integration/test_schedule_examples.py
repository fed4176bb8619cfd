"""The examples of schedules run, on the embedded server, and the page shows what they say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.source_tree import ROOT

EXAMPLES = ROOT / "examples"
PAGE = ROOT / "docs" / "scheduling.md"
CONFIGURED = ("--config", "schedules.yaml")
HANDLERS = ("--handlers", "scheduled_reports")


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """Calls a Python program in the folder of the examples; what it says on its standard output. It succeeds."""
    monkeypatch.setenv("HEXJOBS_JOBS__EMBEDDED__DATA_DIR", str(tmp_path / "store"))
    monkeypatch.setenv("HEXJOBS_HTTP__PORT", "0")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")

    def say(*arguments: str) -> str:
        result = subprocess.run(
            [sys.executable, *arguments],
            check=False,
            cwd=EXAMPLES,
            env=dict(os.environ),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=50,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    return say


def test_the_configuration_is_valid_and_what_the_page_shows(say: object) -> None:
    assert callable(say)
    assert say("-m", "hexjobs", "config", "check", *CONFIGURED, *HANDLERS).startswith("valid: ")
    example = (EXAMPLES / "schedules.yaml").read_text("utf-8")
    shown = PAGE.read_text("utf-8").partition("```yaml\n")[2].partition("```")[0]
    assert shown.startswith("schedules_revision:")
    assert shown in example


def test_declared_schedules_are_kept_and_make_jobs(say: object) -> None:
    """Declared twice they are the same; one that is triggered makes a job, which the worker runs."""
    assert callable(say)
    lines = say("scheduled_reports.py").splitlines()
    assert len(lines) == 3
    assert all("T08:00:00+0" in line for line in lines)
    assert say("scheduled_reports.py").splitlines() == lines
    listed = say("-m", "hexjobs", "schedules", "list", *CONFIGURED).splitlines()
    assert [line.split("\t")[0] for line in listed] == ["hourly-visitors", "monthly-orders"]
    job_id = say("-m", "hexjobs", "schedules", "trigger", "hourly-visitors", *CONFIGURED).strip()
    say("-m", "hexjobs", "worker", "--burst", *CONFIGURED, *HANDLERS)
    assert f'"visitors: {job_id}"' in say("-m", "hexjobs", "jobs", "show", job_id, *CONFIGURED, "--json")
