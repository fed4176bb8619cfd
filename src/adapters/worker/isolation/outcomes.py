"""Outcomes on their way from the process of a run to the worker, as data."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec

from ....application.job_result import EncodedResult
from ....domain.outcome import Cancel, Crash, Discard, Done, Fail, Outcome, Retry, Snooze
from .protocol import Ended, encode

_KINDS: dict[str, Any] = {kind.__name__: kind for kind in (Retry, Fail, Snooze, Cancel, Discard)}


def to_ended(outcome: Outcome) -> Ended:
    """The outcome of a run as data; one that a handler filled with something else becomes a failure that says so."""
    if isinstance(outcome, Done):
        return Ended("Done", msgspec.Raw(outcome.result))
    assert not isinstance(outcome, Crash)
    fields = {name.name: _valid(getattr(outcome, name.name)) for name in dataclasses.fields(outcome)}
    kind = type(outcome).__name__
    try:
        raw = encode(fields)
        msgspec.json.decode(raw, type=_KINDS[kind])
    except (TypeError, ValueError) as error:
        problem = Retry(f"the handler returned a {kind} that cannot be read: {error}")
        return Ended("Retry", msgspec.Raw(encode(dataclasses.asdict(problem))))
    return Ended(kind, msgspec.Raw(raw))


def of_ended(ended: Ended) -> Outcome:
    """The outcome that the process came to; ValueError where this is none."""
    if ended.outcome == "Done":
        return Done(EncodedResult(bytes(ended.fields)))
    if ended.outcome not in _KINDS:
        raise ValueError(f"{ended.outcome!r} is no outcome")
    outcome: Outcome = msgspec.json.decode(ended.fields, type=_KINDS[ended.outcome])
    return outcome


def _valid(value: Any) -> Any:
    """Texts without lone surrogates, which JSON cannot hold."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
