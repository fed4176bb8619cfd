"""JobOptions: everything that a submit may say about a job besides its type and payload."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Self

from .duration import parse_duration
from .errors import InvalidJob, Problem, UnsupportedOption
from .names import is_job_id, is_name
from .payload import json_problems
from .priority import JobPriority
from .suggestion import nearest

Timeout = timedelta | Literal["none"]
ZERO = timedelta(0)
FIRST_INSTANT = datetime.min.replace(tzinfo=UTC)
LAST_INSTANT = datetime.max.replace(tzinfo=UTC)
MAX_UNIQUE_KEY = 256
MAX_TAGS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOptions:
    """What the caller set; None means "not set", so that handler, queue and configuration decide.

    Durations are timedeltas; the `make` constructor also takes seconds and texts such as `"5m"`. Instants are aware
    datetimes.
    """

    queue: str | None = None
    priority: JobPriority | None = None
    delay: timedelta | None = None
    """Start after this long; not together with `scheduled_at`."""
    scheduled_at: datetime | None = None
    """Start at this instant."""
    max_retries: int | None = None
    """Runs after the first one; 0 means a single run."""
    timeout: Timeout | None = None
    """How long one run may take; `"none"` lifts the limit."""
    expires_at: datetime | None = None
    """A job that has not started by then is cancelled."""
    deadline: datetime | None = None
    """No run starts or goes on after it, over all attempts."""
    job_id: str | None = None
    """The caller's own id: a second submit with it answers the first job."""
    unique_key: str | None = None
    """At most one unfinished job has this key: a second submit answers the first job's id."""
    tags: tuple[str, ...] | None = None
    metadata: Mapping[str, Any] | None = None
    """The caller's own notes, kept with the job and given to the handler."""
    retention: timedelta | None = None
    """How long a completed or cancelled job is kept."""

    @classmethod
    def make(cls, base: JobOptions | None = None, **given: Any) -> Self:
        """Options from `base` and keywords as people write them; InvalidJob lists all that is wrong, by name."""
        values = {} if base is None else {field.name: getattr(base, field.name) for field in fields(base)}
        problems: list[Problem] = []
        for name, value in given.items():
            if name not in OPTION_NAMES:
                hint = nearest(name, OPTION_NAMES)
                raise UnsupportedOption([Problem(f"options.{name}", f"is not an option{hint}")])
            if value is None:
                continue
            try:
                values[name] = _CONVERT[name](value)
            except (ValueError, TypeError) as error:
                problems.append(Problem(f"options.{name}", str(error)))
        options = cls(**values)
        problems += options.problems()
        if problems:
            raise InvalidJob(problems)
        return options

    def starts_at(self, now: datetime) -> datetime | None:
        """The instant before which a job submitted `now` does not start; None: it may start at once.

        InvalidJob where the delay leads beyond the calendar.
        """
        try:
            return now + self.delay if self.delay else self.scheduled_at
        except OverflowError:
            raise InvalidJob([Problem("options.delay", "must end by the year 9999")]) from None

    def problems(self) -> Iterator[Problem]:
        """What is wrong with these options by themselves."""
        if self.job_id is not None and not is_job_id(self.job_id):
            yield Problem("options.job_id", "must be 1 to 128 of letters, digits and _ . : @ + -")
        if self.queue is not None and not is_name(self.queue):
            yield Problem("options.queue", "must be 1 to 64 of lower-case letters, digits, _ and -")
        if self.delay is not None and self.scheduled_at is not None:
            yield Problem("options.delay", "cannot be given together with scheduled_at")
        if self.delay is not None and self.delay < ZERO:
            yield Problem("options.delay", "must not be negative")
        if self.max_retries is not None and self.max_retries < 0:
            yield Problem("options.max_retries", "must be 0 or more")
        if isinstance(self.timeout, timedelta) and self.timeout <= ZERO:
            yield Problem("options.timeout", 'must be more than 0, or "none"')
        if self.retention is not None and self.retention < ZERO:
            yield Problem("options.retention", "must not be negative")
        for name in ("scheduled_at", "expires_at", "deadline"):
            instant = getattr(self, name)
            if instant is not None and instant.tzinfo is None:
                yield Problem(f"options.{name}", "must be an aware datetime: add a time zone")
            elif instant is not None and not FIRST_INSTANT <= instant <= LAST_INSTANT:
                yield Problem(f"options.{name}", "must lie in the years 1 to 9999 of UTC")
        if self.unique_key is not None and not 1 <= len(self.unique_key) <= MAX_UNIQUE_KEY:
            yield Problem("options.unique_key", f"must have 1 to {MAX_UNIQUE_KEY} characters")
        if self.tags is not None and len(self.tags) > MAX_TAGS:
            yield Problem("options.tags", f"must be at most {MAX_TAGS} tags")
        if self.metadata is not None:
            yield from json_problems(self.metadata, path="options.metadata")


NO_OPTIONS = JobOptions()


def _instant(value: Any) -> datetime:
    instant = datetime.fromisoformat(value) if isinstance(value, str) else value
    if not isinstance(instant, datetime):
        raise TypeError("must be an aware datetime or an ISO 8601 text")
    return instant


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"must be a text, not {type(value).__name__}")
    value.encode()
    return value


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"must be a whole number, not {value!r}")
    return value


def parse_timeout(value: Any) -> Timeout:
    """`"none"`, or a duration as `parse_duration` reads it."""
    return "none" if value == "none" else parse_duration(value)


def _tags(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        raise TypeError("must be a list of texts, not one text")
    return tuple(_text(tag) for tag in value)


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError(f"must be a mapping, not {type(value).__name__}")
    return value


_CONVERT: dict[str, Any] = {
    "queue": _text,
    "priority": JobPriority.parse,
    "delay": parse_duration,
    "scheduled_at": _instant,
    "max_retries": _count,
    "timeout": parse_timeout,
    "expires_at": _instant,
    "deadline": _instant,
    "job_id": _text,
    "unique_key": _text,
    "tags": _tags,
    "metadata": _mapping,
    "retention": parse_duration,
}
OPTION_NAMES = tuple(_CONVERT)
