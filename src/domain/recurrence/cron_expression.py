"""CronExpression: five fields, six with seconds in front, or a name such as @daily."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..suggestion import nearest
from .cron_field import FIELDS, SECOND

ALIASES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
LONGEST = 256
_FIXED = re.compile(r"[0-9,]+\Z")


@dataclass(frozen=True, slots=True)
class CronExpression:
    """A cron expression: `minute hour day-of-month month weekday`, with `second` in front where there are six fields.

    Where both day fields are restricted, either may match (`0 0 13 * 5`: each 13th and each Friday), unless one starts
    with `*` (`0 0 */2 * 5`): then both must. That is Debian's rule. The other members hold for an expression without
    `problems` only.
    """

    text: str

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with the expression, each with its field and character and how to mend it; empty: nothing."""
        text = self.text.strip()
        if len(text) > LONGEST:
            return (f"is longer than {LONGEST} characters",)
        if text.startswith("@"):
            return () if text.lower() in ALIASES else (_unknown_alias(text.lower()),)
        words = [(match[0], match.start() + 1) for match in re.finditer(r"\S+", self.text)]
        if len(words) not in (5, 6):
            count = "1 field" if len(words) == 1 else f"{len(words)} fields"
            return (
                f"has {count}: write five, minute hour day-of-month month weekday, or six, the second in front",
            )
        fields = FIELDS if len(words) == 5 else (SECOND, *FIELDS)
        return tuple(
            problem
            for field, (word, at) in zip(fields, words, strict=True)
            for problem in field.problems(word, at)
        )

    @property
    def fields(self) -> tuple[str, str, str, str, str, str]:
        """Second, minute, hour, day of month, month and weekday, in capitals; the second of five fields is `0`."""
        text = self.text.strip()
        words = ALIASES.get(text.lower(), text).upper().split()
        second, minute, hour, day, month, weekday = words if len(words) == 6 else ["0", *words]
        return second, minute, hour, day, month, weekday

    @property
    def has_seconds(self) -> bool:
        """Whether it was written with six fields."""
        return len(self.text.split()) == 6

    @property
    def is_fixed(self) -> bool:
        """Whether it names times of day, so that each of them is due once a day whatever the clock does.

        So it is when second, minute and hour are numbers or lists of numbers. With a `*`, a range or a step in any of the
        three it is a rhythm: due at each instant at which the local clock shows a time that matches.
        """
        return all(_FIXED.match(field) for field in self.fields[:3])


def _unknown_alias(text: str) -> str:
    if text.startswith("@reboot"):
        return "is not supported: submit the job where the program starts"
    if text.startswith("@every"):
        return "is an interval, not a cron expression"
    return "is not known" + nearest(text.split(maxsplit=1)[0], [*ALIASES, "@every 90s"])
