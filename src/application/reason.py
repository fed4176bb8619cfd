"""Reason: one cause why a job is not running."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from ..domain.duration import format_duration


@dataclass(frozen=True, slots=True)
class Reason:
    """One cause why a job is not running: a stable word for programs, and a sentence for people."""

    code: str
    sentence: str


def span(milliseconds: int) -> str:
    """A length of time as a sentence says it, in whole seconds."""
    return format_duration(timedelta(seconds=round(max(0, milliseconds) / 1000)))


def counted(number: int, noun: str) -> str:
    """A number with its noun."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
