"""Logging: one line for each event, as people or as programs read it, with the ids of the job that runs."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from hexjobs.adapters.cli.logs import configure_logs


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Logging belongs to the whole process."""
    root, configured = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**configured)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_structlog_and_the_standard_library_come_out_alike() -> None:
    """Both with the bound ids, level, logger and time; fields stay fields."""
    stream = io.StringIO()
    configure_logs("info", "auto", stream)
    with structlog.contextvars.bound_contextvars(job_id="j1", attempt=2):
        structlog.get_logger("theirs").info("invoice_sent", number=7)
        logging.getLogger("theirs").info("invoice %s sent", 7, extra={"number": 7})
    ours, theirs = lines(stream)
    assert ours.pop("event") == "invoice_sent"
    assert theirs.pop("event") == "invoice 7 sent"
    assert ours.pop("timestamp") <= theirs.pop("timestamp")
    assert ours == theirs == {"job_id": "j1", "attempt": 2, "level": "info", "logger": "theirs", "number": 7}


def test_the_level_is_that_of_the_settings() -> None:
    """For both; and a later call replaces the first."""
    stream = io.StringIO()
    configure_logs("debug", "json", io.StringIO())
    configure_logs("warning", "json", stream)
    for log in (structlog.get_logger("a"), logging.getLogger("a")):
        log.info("small")
        log.warning("large")
    assert [line["event"] for line in lines(stream)] == ["large", "large"]


def test_talkative_libraries_are_told_to_be_brief() -> None:
    """Their information is of no use to operators, and may hold addresses with secrets."""
    stream = io.StringIO()
    configure_logs("debug", "json", stream)
    for name in ("uvicorn.error", "httpx", "aiosmtplib", "asyncio"):
        logging.getLogger(name).info("GET https://example.com/hook/s3cret")
        logging.getLogger(name).warning("trouble")
    assert [line["event"] for line in lines(stream)] == ["trouble"] * 4


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_an_exception_is_shown_without_the_values_of_variables(log_format: str) -> None:
    """They hold payloads and secrets."""
    stream = Terminal()
    configure_logs("info", log_format, stream)
    password = "s3cret"
    try:
        raise RuntimeError(f"failed with {len(password)} letters")
    except RuntimeError:
        structlog.get_logger("a").exception("went_wrong")
        logging.getLogger("a").exception("went wrong")
    text = stream.getvalue()
    assert text.count("RuntimeError: failed with 6 letters") == 2
    assert "test_cli_logs.py" in text
    assert "s3cret" not in text.replace('password = "s3cret"', "")


def test_people_see_lines_and_no_orders_for_their_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """`auto` on a terminal; colours by NO_COLOR and TERM."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured, plain = Terminal(), Terminal()
    configure_logs("info", "auto", coloured)
    structlog.get_logger("a").info("job_dead", error="\x1b[2Jgone")
    monkeypatch.setenv("NO_COLOR", "1")
    configure_logs("info", "auto", plain)
    structlog.get_logger("a").info("job_dead", error="\x1b[2Jgone\nsecond line")
    assert "\x1b[2J" not in coloured.getvalue()
    assert "\x1b[" in coloured.getvalue()
    assert "\x1b" not in plain.getvalue()
    assert "job_dead" in plain.getvalue()
    assert "\\x1b[2Jgone second line" in plain.getvalue()
