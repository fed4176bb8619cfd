"""What a handler returned, as the JSON that is kept."""

from __future__ import annotations

from typing import Any

import msgspec
from pydantic import BaseModel

from ..domain.outcome import Cancel, Crash, Discard, Done, Fail, Outcome, Retry, Snooze
from ..domain.payload import MAX_BYTES, json_problems

NOTHING = Done(b"null")
"""What a handler came to that returned nothing."""
_encode = msgspec.json.Encoder().encode


class EncodedResult(bytes):
    """The JSON of a result that `encode_result` has made and checked elsewhere: in the process of the handler."""


def outcome_of_returned(returned: Any) -> Outcome:
    """What a handler came to that returned this: an outcome value says it outright, anything else is the result."""
    if returned is None:
        return NOTHING
    if isinstance(returned, (Retry, Fail, Snooze, Cancel, Discard, Crash)):
        return returned
    return encode_result(returned.result if isinstance(returned, Done) else returned)


def encode_result(value: Any) -> Outcome:
    """`Done` with the result as JSON bytes; `Fail` where it is not JSON or too large: running again would not mend it."""
    if value is None:
        return NOTHING
    if isinstance(value, EncodedResult):
        return Done(bytes(value))
    try:
        return Done(encode_json(value, "result"))
    except ValueError as error:
        return Fail(f"the handler returned what cannot be kept: {error}", "invalid_result")


def encode_json(value: Any, name: str) -> bytes:
    """A value (or a pydantic model) as JSON bytes; ValueError tells what is not JSON, or that it is too large."""
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    problems = json_problems(value, path=name)
    if problems:
        raise ValueError("; ".join(map(str, problems)))
    raw = _encode(value)
    if len(raw) > MAX_BYTES:
        raise ValueError(f"{name}: is {len(raw)} bytes of JSON, at most {MAX_BYTES} are kept")
    return raw
