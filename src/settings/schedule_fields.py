"""Field types of a schedule's settings: texts that the domain can read, objects of JSON, instants."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema

from ..domain.duration import format_duration
from ..domain.errors import InvalidJob, Problem
from ..domain.names import is_job_type
from ..domain.options import Timeout, parse_timeout
from ..domain.payload import json_problems
from ..domain.recurrence.exclusion import Exclusion
from ..domain.recurrence.recurrence import Recurrence
from ..domain.recurrence.schedule_plan import MOST_BACKLOG
from ..domain.recurrence.time_zone import time_zone
from .fields import DURATION_SCHEMA, number


def said(problems: tuple[Problem, ...]) -> str:
    """What is wrong, without the name of the field, which the path of the key says."""
    return "; ".join(problem.message for problem in problems)


def _job_type(text: str) -> str:
    if not is_job_type(text):
        raise ValueError("must be 1 to 64 of lower-case letters, digits, _ - . and :")
    return text


def _cron(text: str) -> str:
    try:
        Recurrence(cron=text).check()
    except InvalidJob as error:
        raise ValueError(said(error.problems)) from None
    return text


def _zone(text: str) -> str:
    try:
        time_zone(text)
    except InvalidJob as error:
        raise ValueError(said(error.problems)) from None
    return text


def _excluded(text: str) -> str:
    problem = Exclusion(text).problem
    if problem:
        raise ValueError(f"{text!r} {problem}")
    return text


def _iso(value: Any) -> Any:
    """YAML reads an instant without quotes as a date or a datetime."""
    return value.isoformat() if isinstance(value, date) else value


def _instant(text: str) -> str:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"{text!r} is not an ISO 8601 instant; write it like 2026-03-01T08:00, or with a time zone of its own"
        ) from None
    return text


def _object(value: Any) -> Any:
    """The object itself, or the one that a text from the environment holds."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise ValueError('is not a JSON object; write {"a": 1}') from None
    if not isinstance(value, Mapping):
        raise ValueError(  # noqa: TRY004  # pydantic reports ValueErrors
            f"must be an object of keys and values, not {type(value).__name__}"
        )
    problems = json_problems(value, path="")
    if problems:
        raise ValueError("; ".join(f"{problem.field.lstrip('.')} {problem.message}" for problem in problems))
    return dict(value)


def _timeout_text(value: Timeout | None) -> str | None:
    return format_duration(value) if isinstance(value, timedelta) else value


JobTypeName = Annotated[str, AfterValidator(_job_type)]
Backlog = Annotated[int, Field(ge=1, le=MOST_BACKLOG), BeforeValidator(number)]
Cron = Annotated[str, AfterValidator(_cron)]
Zone = Annotated[str, AfterValidator(_zone)]
Excluded = Annotated[str, BeforeValidator(_iso), AfterValidator(_excluded)]
Instant = Annotated[str, BeforeValidator(_iso), AfterValidator(_instant)]
JsonObject = Annotated[dict[str, Any], BeforeValidator(_object), WithJsonSchema({"type": "object"})]
RunLimit = Annotated[
    timedelta | Literal["none"],
    BeforeValidator(parse_timeout),
    PlainSerializer(_timeout_text, return_type=str | None),
    WithJsonSchema(DURATION_SCHEMA),
]
