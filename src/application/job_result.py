"""What a handler returned, as the JSON that is kept."""

from __future__ import annotations

from typing import Any

import msgspec
from pydantic import BaseModel

from ..domain.outcome import Done, Fail, Outcome
from ..domain.payload import MAX_BYTES, json_problems

NO_RESULT = b"null"
_encode = msgspec.json.Encoder().encode


def encode_result(value: Any) -> Outcome:
    """`Done` with the result as JSON bytes; `Fail` where it is not JSON or too large: running again would not mend it."""
    if value is None:
        return Done(NO_RESULT)
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    problems = json_problems(value, path="result")
    if problems:
        found = "; ".join(map(str, problems))
        return Fail(f"the handler returned what cannot be kept: {found}", "invalid_result")
    raw = _encode(value)
    if len(raw) > MAX_BYTES:
        return Fail(f"the result is {len(raw)} bytes of JSON, at most {MAX_BYTES} are kept", "invalid_result")
    return Done(raw)
