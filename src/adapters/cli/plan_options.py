"""`plan_options`: the options that say when a schedule is due, which `schedules add` and `schedules edit` share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])
NONE = "none"
REMOVABLE = ("start", "end", "limit", "jitter")
NUMBERS = ("limit", "backlog")
MISFIRES = ("skip", "run_once", "run_all")
OVERLAPS = ("allow", "skip", "queue_one", "cancel_running")


def plan_options(command: F) -> F:
    """Add `--cron` to `--overlap`; each is None where it was not given."""
    for decorate in reversed(
        (
            click.option(
                "--cron", metavar="EXPRESSION", help='Due at these times, such as "0 2 * * *" or @daily.'
            ),
            click.option("--every", metavar="DURATION", help='Due at this interval, such as "90s".'),
            click.option(
                "--timezone",
                metavar="ZONE",
                help="IANA zone of --cron, --exclude, --start and --end; else UTC.",
            ),
            click.option(
                "--start", metavar="INSTANT", help='First ISO 8601 instant that may be due, or "none".'
            ),
            click.option(
                "--end", metavar="INSTANT", help='Last ISO 8601 instant that may be due, or "none".'
            ),
            click.option("--limit", metavar="N", help='How often it fires at most, or "none".'),
            click.option(
                "--exclude",
                multiple=True,
                metavar="DATE-OR-EXPRESSION",
                help='Date or cron expression on which it is not due; may be repeated; "none" for no exclusion.',
            ),
            click.option(
                "--jitter", metavar="DURATION", help='Put each instant off by less than this, or "none".'
            ),
            click.option(
                "--misfire",
                type=click.Choice(MISFIRES),
                help="Instants that are found later than --grace allows: none fires, the latest, or all; else run_once.",
            ),
            click.option(
                "--grace",
                metavar="DURATION",
                help="How late an instant still counts as on time; else 1m.",
            ),
            click.option(
                "--backlog", metavar="N", help="Most late instants that --misfire run_all fires; else 100."
            ),
            click.option(
                "--overlap",
                type=click.Choice(OVERLAPS),
                help="While a job of an earlier instant has not ended; else allow.",
            ),
        )
    ):
        command = decorate(command)
    return command


def read_plan(options: Mapping[str, Any]) -> dict[str, Any]:
    """The plan among the options as the service takes it: what was given alone, `none` as None, numbers as such."""
    return {
        name: _value(name, options[name])
        for name in _NAMES
        if options[name] is not None and options[name] != ()
    }


def other_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that are not of the plan and were given."""
    return {name: value for name, value in options.items() if name not in _NAMES and value is not None}


_NAMES = (
    *("cron", "every", "timezone", "start", "end", "limit", "exclude", "jitter"),
    *("misfire", "grace", "backlog", "overlap"),
)


def _value(name: str, given: Any) -> Any:
    if name == "exclude":
        return () if given == (NONE,) else given
    if given == NONE and name in REMOVABLE:
        return None
    # What is no number stays a text, which the plan's own check refuses by name.
    return int(given) if name in NUMBERS and given.isdecimal() else given
