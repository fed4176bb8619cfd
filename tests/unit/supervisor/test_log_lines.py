"""LogLines: the supervisor's lines look like those of its children."""

from __future__ import annotations

import io
import json
import logging
import re

import pytest
import structlog

from hexjobs.adapters.cli.logs import configure_logs
from hexjobs.supervisor.log_lines import LogLines


@pytest.mark.parametrize("console", [True, False])
def test_they_have_the_form_of_all_others(console: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same text as structlog's, but for the time."""
    monkeypatch.setenv("NO_COLOR", "1")
    mine, theirs = io.StringIO(), io.StringIO()
    LogLines(mine, console=console).write("warning", "child_died", child=1, pid=7, worker_id=None)
    before = structlog.get_config()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        configure_logs("info", "console" if console else "json", theirs)
        structlog.get_logger("hexjobs.supervisor").warning("child_died", child=1, pid=7)
    finally:
        structlog.configure(**before)
        root.handlers[:] = handlers
        root.setLevel(level)
    if console:
        lines = [
            re.sub(r"^\S+", "TIME", re.sub(r"\x1b\[\d*m", "", text.getvalue())) for text in (mine, theirs)
        ]
        assert lines[0] == lines[1]
    else:
        documents = [json.loads(text.getvalue()) for text in (mine, theirs)]
        assert documents[0].pop("timestamp")[:16] == documents[1].pop("timestamp")[:16]
        assert documents[0] == documents[1]


def test_what_is_less_important_than_asked_for_is_left_out() -> None:
    """And nobody reads a closed stream."""
    stream = io.StringIO()
    lines = LogLines(stream, level=30)
    lines.write("info", "child_started")
    assert stream.getvalue() == ""
    stream.close()
    lines.write("error", "child_killed")
