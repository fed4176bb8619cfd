"""JobPayload: what a handler is given, as JSON within limits."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import PydanticSerializationError, to_json

from .errors import InvalidJob, Problem
from .plain_json import GREATEST_INTEGER, LEAST_INTEGER, MAX_VALUES, is_plain

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32


@dataclass(frozen=True, slots=True)
class PayloadLimits:
    """How large (bytes of JSON) and how deep (nested containers) a payload may be."""

    max_bytes: int = MAX_BYTES
    max_depth: int = MAX_DEPTH


@dataclass(frozen=True, slots=True)
class JobPayload:
    """A JSON object, already encoded: UTF-8, compact, finite numbers, no lone surrogates, within the limits."""

    raw: bytes

    @classmethod
    def of(cls, value: Mapping[str, Any], limits: PayloadLimits = PayloadLimits()) -> JobPayload:
        """Encode a mapping. InvalidJob lists what is not JSON, too large or too deep, by field."""
        if type(value) is not dict and not isinstance(value, Mapping):
            raise InvalidJob([Problem("payload", f"must be a JSON object, not {type(value).__name__}")])
        raw = encode_json(value, limits.max_depth)
        if len(raw) > limits.max_bytes:
            message = f"is {len(raw)} bytes of JSON, at most {limits.max_bytes} are allowed; pass a reference instead"
            raise InvalidJob([Problem("payload", message)])
        return cls(raw)

    def value(self) -> dict[str, Any]:
        """The object, decoded."""
        decoded: dict[str, Any] = json.loads(self.raw)
        return decoded


def encode_json(value: object, max_depth: int = MAX_DEPTH, path: str = "payload") -> bytes:
    """`value` as compact JSON in UTF-8; InvalidJob lists what is not JSON, or too deep, by field."""
    if is_plain(value, max_depth):
        try:
            return to_json(value)
        except PydanticSerializationError:
            pass  # a lone surrogate: the only thing that can be wrong with plain values
    problems = json_problems(value, max_depth, path)
    if problems:
        raise InvalidJob(problems)
    return json.dumps(
        value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=dict
    ).encode()


def json_problems(value: object, max_depth: int = MAX_DEPTH, path: str = "payload") -> list[Problem]:
    """What keeps `value` from being JSON that every reader understands alike: one Problem for each place."""
    walk = _Walk(path)
    walk.visit(value, path, max_depth)
    return walk.problems


class _Walk:
    """Visits each value once; a container that holds itself many times over ends it early."""

    def __init__(self, root: str) -> None:
        self.problems: list[Problem] = []
        self._root = root
        self._left = MAX_VALUES

    def visit(self, value: object, path: str, depth_left: int) -> None:
        self._left -= 1
        if self._left <= 0:
            if self._left == 0:
                self._add(self._root, f"holds more than {MAX_VALUES} values; pass a reference instead")
        elif isinstance(value, str):
            self._text(value, path)
        elif value is None or isinstance(value, bool):
            return
        elif isinstance(value, int):
            if not LEAST_INTEGER <= value <= GREATEST_INTEGER:
                self._add(path, "does not fit 64 bits; send it as a string")
        elif isinstance(value, float):
            if not math.isfinite(value):
                self._add(path, f"is {value}, which JSON cannot hold; send null or a string")
        elif not isinstance(value, (Mapping, list, tuple)):
            self._add(path, f"is a {type(value).__name__}, which is not JSON; convert it first")
        elif depth_left <= 0:
            self._add(path, "is nested too deeply; flatten it or pass a reference instead")
        elif isinstance(value, Mapping):
            self._mapping(value, path, depth_left - 1)
        else:
            for index, item in enumerate(value):
                if self._left <= 0:
                    break
                self.visit(item, f"{path}[{index}]", depth_left - 1)

    def _mapping(self, value: Mapping[Any, Any], path: str, depth_left: int) -> None:
        for key, item in value.items():
            if self._left <= 0:
                break
            if not isinstance(key, str):
                self._add(path, f"has the key {key!r}; JSON keys are strings")
            elif self._text(key, f"{path} (a key)"):
                self.visit(item, f"{path}.{key}", depth_left)

    def _text(self, text: str, path: str) -> bool:
        if not text.isascii():
            try:
                text.encode()
            except UnicodeEncodeError:
                self._add(path, "has a lone surrogate, which is not valid Unicode")
                return False
        return True

    def _add(self, path: str, message: str) -> None:
        self.problems.append(Problem(path, message))
