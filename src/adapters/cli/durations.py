"""`read_duration`: reads an option's duration, such as `90s` or `1h30m`; a usage error says what is legal."""

from __future__ import annotations

from datetime import timedelta

import click

from ...domain.duration import parse_duration


def read_duration(context: click.Context, parameter: click.Parameter, value: str | None) -> timedelta | None:
    """The timedelta, None where the option was not given; for `callback` of an option."""
    if value is None:
        return None
    try:
        duration = parse_duration(value)
    except ValueError as error:
        raise click.BadParameter(str(error), context, parameter) from None
    if duration < timedelta(0):
        raise click.BadParameter(f"{value!r} must not be negative", context, parameter)
    return duration
