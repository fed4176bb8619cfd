"""Field types of the settings models: each reads what people write and shows it in the same words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, SecretStr, WithJsonSchema
from pydantic_core.core_schema import SerializationInfo

from ..domain.duration import format_duration, parse_duration
from ..domain.names import is_name
from ..domain.priority import JobPriority

V = TypeVar("V")
REVEAL = "reveal"  # the serialisation context that shows secrets


class FrozenMapping(Mapping[str, V]):
    """A mapping that nobody can change; unlike MappingProxyType it can be copied and pickled."""

    def __init__(self, items: Mapping[str, V]) -> None:
        self._items = dict(items)

    def __getitem__(self, name: str) -> V:
        return self._items[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return repr(self._items)


def words(text: str) -> list[str]:
    """A list from one text, as an environment variable holds it: JSON (`["a", "b"]`) or `a, b`."""
    if text.lstrip().startswith("["):
        try:
            items = json.loads(text)
        except ValueError:
            raise ValueError('is not a JSON list; write ["a", "b"] or a, b') from None
        return list(items)
    return [word for word in (part.strip() for part in text.split(",")) if word]


def _one_line(text: str) -> str:
    if any(mark in text for mark in "\r\n\x00"):
        raise ValueError("must not hold line breaks or NUL")
    return text


def _none_if_empty(value: Any) -> Any:
    return None if value == "" else value


def number(value: Any) -> Any:
    """What is no truth value; pydantic takes true for 1."""
    if isinstance(value, bool):
        raise ValueError("must be a number, not true or false")  # noqa: TRY004  # pydantic reports ValueErrors
    return value


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("must be more than 0")
    return value


def _not_negative(value: timedelta) -> timedelta:
    if value < timedelta(0):
        raise ValueError("must not be negative")
    return value


def _duration_or_none(value: Any) -> timedelta | None:
    if value is None or (isinstance(value, str) and value.strip().lower() in ("none", "forever")):
        return None
    return _positive(parse_duration(value))


def _number_or_none(value: Any) -> Any:
    return None if isinstance(value, str) and value.strip().lower() == "none" else number(value)


def _word_for_off(value: Any) -> Any:
    return "no" if value is False else value  # YAML 1.1 reads a bare `no` as false


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _queue_name(name: str) -> str:
    if not is_name(name):
        raise ValueError("must be 1 to 64 of lower-case letters, digits, _ and -")
    return name


def _levels(levels: tuple[JobPriority, ...]) -> tuple[JobPriority, ...]:
    if not levels:
        raise ValueError("must list at least one level")
    if len(set(levels)) != len(levels):
        raise ValueError("lists a level twice")
    return levels


def _secret(value: SecretStr, info: SerializationInfo) -> str:
    return value.get_secret_value() if info.context == REVEAL else str(value)


DURATION_SCHEMA = {
    "type": ["string", "number"],
    "examples": ["250ms", "5s", "1m", "24h", "1h30m"],
}

Text = Annotated[str, AfterValidator(_one_line)]
TextOrNone = Annotated[Text | None, BeforeValidator(_none_if_empty)]
Natural = Annotated[int, Field(ge=0), BeforeValidator(number)]
Count = Annotated[int, Field(ge=1), BeforeValidator(number)]
Weight = Annotated[int, Field(ge=1, le=1000), BeforeValidator(number)]
Port = Annotated[int, Field(ge=0, le=65535), BeforeValidator(number)]
CountOrNone = Annotated[Annotated[int, Field(ge=1)] | None, BeforeValidator(_number_or_none)]

_AnyDuration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema(DURATION_SCHEMA),
]
Duration = Annotated[_AnyDuration, AfterValidator(_not_negative)]
Period = Annotated[_AnyDuration, AfterValidator(_positive)]
Limit = Annotated[
    timedelta | None,
    BeforeValidator(_duration_or_none),
    PlainSerializer(lambda value: format_duration(value) if value else "none", return_type=str),
    WithJsonSchema(DURATION_SCHEMA),
]
Keeping = Annotated[
    timedelta | None,
    BeforeValidator(_duration_or_none),
    PlainSerializer(lambda value: format_duration(value) if value else "forever", return_type=str),
    WithJsonSchema(DURATION_SCHEMA),
]
Secret = Annotated[SecretStr, PlainSerializer(_secret, return_type=str)]
Off = BeforeValidator(_word_for_off)
AnyCase = BeforeValidator(_lower)
QueueName = Annotated[str, AfterValidator(_queue_name)]
Level = Annotated[
    JobPriority,
    BeforeValidator(JobPriority.parse),
    PlainSerializer(lambda level: level.word, return_type=str),
    WithJsonSchema({"type": "string", "enum": [level.word for level in JobPriority]}),
]
Levels = Annotated[tuple[Level, ...], AfterValidator(_levels)]
Frozen = AfterValidator(FrozenMapping)
