"""ChildLog: what is logged of children."""

from __future__ import annotations

import signal

from .child_process import ChildProcess
from .log_lines import LogLines


class ChildLog:
    """One event word for each thing that happens to a child, with its number, its process and its worker."""

    def __init__(self, lines: LogLines) -> None:
        self._lines = lines

    def started(self, child: ChildProcess) -> None:
        """It is ready."""
        self._write("info", "child_started", child)

    def retired(self, child: ChildProcess, reason: str) -> None:
        """It asked for a successor, and runs its jobs to their end."""
        self._write("info", "child_retired", child, reason=reason)

    def killed(self, child: ChildProcess, reason: str) -> None:
        """It is `stuck`, or `late` with its end."""
        self._write("error", "child_killed", child, reason=reason, quiet_seconds=round(child.quiet, 1))

    def died(self, child: ChildProcess, code: int, lived: float, delay: float) -> None:
        """It ended unasked, after it had lived so long, and is replaced after the delay; times in seconds."""
        self._write(
            "warning" if code else "info",
            "child_died",
            child,
            exit_code=code if code >= 0 else None,
            signal=None if code >= 0 else _name(-code),
            lived_seconds=round(lived, 1),
            next_start_seconds=round(delay, 1),
        )

    def not_started(self, number: int, error: OSError) -> None:
        """The system has no process for it now."""
        self._lines.write("error", "child_not_started", child=number, error=str(error))

    def _write(self, level: str, event: str, child: ChildProcess, **fields: object) -> None:
        worker_id = child.worker_ids[-1] if child.worker_ids else None
        self._lines.write(level, event, child=child.number, pid=child.pid, worker_id=worker_id, **fields)


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # one of the many without a name
        return str(number)
