"""LogLines: the supervisor's log, in the form of its children's."""

from __future__ import annotations

import contextlib
import json
import sys
from datetime import UTC, datetime
from typing import Any, TextIO

LEVELS = {"info": 20, "warning": 30, "error": 40}
LOGGER = "hexjobs.supervisor"


class LogLines:
    """One line for each event on standard error: a JSON object, or, with `console`, a line for people.

    A stream that nobody reads any more is no error.
    """

    def __init__(self, stream: TextIO | None = None, *, level: int = 20, console: bool = False) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._level = level
        self._console = console

    def write(self, level: str, event: str, **fields: Any) -> None:
        """Log an event; `level` is a word."""
        if LEVELS[level] < self._level:
            return
        timestamp = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        fields = {name: value for name, value in fields.items() if value is not None}
        if self._console:
            facts = " ".join(f"{name}={value}" for name, value in fields.items())
            line = f"{timestamp} [{level:<9}] {event:<30} [{LOGGER}] {facts}".rstrip()
        else:
            line = json.dumps(
                {**fields, "event": event, "level": level, "logger": LOGGER, "timestamp": timestamp}
            )
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(line + "\n")
            self._stream.flush()
