"""A recurrence in plain language."""

from __future__ import annotations

from datetime import UTC, datetime

from ...domain.duration import format_duration
from ...domain.recurrence.cron_expression import CronExpression
from ...domain.recurrence.exclusion import Exclusion
from ...domain.recurrence.recurrence import Recurrence

_ANY = ("*", "*/1")


def describe(recurrence: Recurrence) -> str:
    """A well-formed recurrence in English, such as `at 02:30, only on Monday, in Europe/Berlin; except on 2026-12-28`."""
    expression, interval = recurrence.expression, recurrence.interval
    parts = []
    if expression is not None:
        parts.append(f"{_cron_words(expression)}, in {recurrence.timezone}")
    elif interval is not None:
        parts.append(f"every {format_duration(interval)}")
    if recurrence.start:
        parts.append(f"from {_moment(recurrence.start)}")
    if recurrence.end:
        parts.append(f"until {_moment(recurrence.end)}")
    if recurrence.limit:
        parts.append("once" if recurrence.limit == 1 else f"at most {recurrence.limit} times")
    exclusions = [Exclusion(text) for text in recurrence.exclude]
    dates = [exclusion.date.isoformat() for exclusion in exclusions if exclusion.date]
    if dates:
        parts.append(f"except on {_list(dates)}")
    parts += [f"except {_cron_words(item.expression)}" for item in exclusions if item.expression]
    if recurrence.jitter:
        parts.append(f"put off by less than {format_duration(recurrence.jitter)}")
    return "; ".join(parts)


def _cron_words(expression: CronExpression) -> str:
    second, minute, hour, day, month, weekday = expression.fields
    seconds = [second] if expression.has_seconds else []
    if day in _ANY or weekday in _ANY:
        return _words(*seconds, minute, hour, day, month, weekday)
    # The library says "or" between the day fields also where both must match.
    both = day.startswith("*") or weekday.startswith("*")
    weekdays = _after_time("*", weekday).removeprefix("only ")
    words = [
        _words(*seconds, minute, hour, day, "*", "*"),
        f"only if also {weekdays}" if both else f"or {weekdays}",
    ]
    return ", ".join(words if month == "*" else [*words, _after_time(month, "*")])


def _after_time(month: str, weekday: str) -> str:
    return _words("0", "0", "*", month, weekday).partition(", ")[2]


def _words(*fields: str) -> str:
    from cron_descriptor import Options, get_description

    # The locale is given because the library warns, or speaks another language, where the environment differs.
    options = Options(locale_code="en_US", use_24hour_time_format=True)
    words = str(get_description(" ".join(fields), options))
    return words[:1].lower() + words[1:]


def _list(words: list[str]) -> str:
    shown = words[:5]
    more = len(words) - len(shown)
    return ", ".join(shown) + (f" and {more} more dates" if more else "")


def _moment(value: datetime) -> str:
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
