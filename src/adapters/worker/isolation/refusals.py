"""Errors of the worker on their way to the process of a run, as data."""

from __future__ import annotations

from typing import Any

import msgspec

from ....domain import errors
from ....domain.errors import JobError, Problem
from .protocol import Refusal


def to_refusal(error: Exception) -> Refusal:
    """The error as data; of one that is not of hexjobs the name and the message."""
    facts = vars(error) if isinstance(error, JobError) else {}
    plain = {name: msgspec.to_builtins(value) for name, value in facts.items() if not name.startswith("_")}
    return Refusal(type(error).__name__, _valid(str(error)), plain)


def to_error(refusal: Refusal) -> Exception:
    """An error of the same class where it is of hexjobs, else a RuntimeError."""
    kind = getattr(errors, refusal.error, None)
    if not (isinstance(kind, type) and issubclass(kind, JobError)):
        return RuntimeError(f"{refusal.error}: {refusal.message}")
    error: JobError = kind.__new__(kind, refusal.message)
    vars(error).update({name: _fact(name, value) for name, value in refusal.facts.items()})
    return error


def _fact(name: str, value: Any) -> Any:
    return tuple(Problem(**problem) for problem in value) if name == "problems" else value


def _valid(text: str) -> str:
    """Without lone surrogates, which JSON cannot hold."""
    return text.encode("utf-8", "replace").decode()
