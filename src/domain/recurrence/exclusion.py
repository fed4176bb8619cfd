"""Exclusion: a date, or a cron expression, on which a schedule is not due."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from .cron_expression import CronExpression

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")


@dataclass(frozen=True, slots=True)
class Exclusion:
    """What is left out: all of a local date (`2026-12-25`), or the times that a cron expression matches.

    The expression is compared with what the local clock shows, to the minute, or to the second where it has six fields.
    """

    text: str

    @property
    def problem(self) -> str:
        """What is wrong with it and how to mend it; an empty text: nothing."""
        if not _DATE.match(self.text.strip()):
            found = CronExpression(self.text).problems
            return (
                f"is neither a date like 2026-12-25 nor a cron expression: {'; '.join(found)}"
                if found
                else ""
            )
        try:
            date.fromisoformat(self.text.strip())
        except ValueError as error:
            return f"is no date of the calendar: {error}"
        return ""

    @property
    def date(self) -> date | None:
        """The date; None where it is an expression."""
        text = self.text.strip()
        return date.fromisoformat(text) if _DATE.match(text) else None

    @property
    def expression(self) -> CronExpression | None:
        """The expression; None where it is a date."""
        return None if _DATE.match(self.text.strip()) else CronExpression(self.text)
