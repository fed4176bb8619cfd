"""Outcome values: what a run of a handler came to. A handler may return one to say it outright."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class Done:
    """The job is done; `result` (JSON-safe) is kept with it."""

    result: Any = None


@dataclass(frozen=True, slots=True)
class Retry:
    """The run failed: try again after `delay` (None: by the retry policy), or dead-letter when no attempt is left."""

    error: str
    delay: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Fail:
    """The job can never succeed: dead-letter it now. `reason` is a stable word, `error` tells a person."""

    error: str
    reason: str = "permanent_error"


@dataclass(frozen=True, slots=True)
class Snooze:
    """Not now: run again after `delay`; no attempt is spent."""

    delay: timedelta
    why: str = ""


@dataclass(frozen=True, slots=True)
class Cancel:
    """The job was cancelled while it ran."""

    why: str = ""


@dataclass(frozen=True, slots=True)
class Discard:
    """The job is not needed any more: end it without a result and without a dead letter."""

    why: str = ""


@dataclass(frozen=True, slots=True)
class Crash:
    """The process that ran the handler died under it: one crash counts, no attempt is spent. Only a worker says this."""

    error: str


Outcome = Done | Retry | Fail | Snooze | Cancel | Discard | Crash
