"""SchedulePlan: when a schedule is due, and what it does about late instants and overlapping jobs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from ..errors import InvalidJob, Problem
from .misfire_policy import MisfirePolicy
from .overlap_policy import OverlapPolicy
from .recurrence import LONGEST, Recurrence

MOST_BACKLOG = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulePlan:
    """A recurrence and its policies. Any value can be made; `check` refuses.

    misfire: a `MisfirePolicy` or its word. grace: how late an instant still counts as on time. backlog: how many late instants
    `run_all` fires at most, from 1 to 1000. overlap: an `OverlapPolicy` or its word.
    """

    recurrence: Recurrence
    misfire: MisfirePolicy | str = MisfirePolicy.RUN_ONCE
    grace: timedelta = timedelta(minutes=1)
    backlog: int = 100
    overlap: OverlapPolicy | str = OverlapPolicy.ALLOW

    def check(self) -> None:
        """Return if the plan is well formed; InvalidJob names each wrong field and what to write."""
        problems: list[Problem] = []
        try:
            self.recurrence.check()
        except InvalidJob as error:
            problems += error.problems
        problems += self._own_problems()
        if problems:
            raise InvalidJob(problems)

    def _own_problems(self) -> Iterator[Problem]:
        yield from _word_problems("misfire", self.misfire, MisfirePolicy)
        yield from _word_problems("overlap", self.overlap, OverlapPolicy)
        grace: object = self.grace
        if not isinstance(grace, timedelta) or not timedelta(0) <= grace <= LONGEST:
            yield Problem("grace", f"{grace!r} is not a timedelta from 0 to {LONGEST.days} days")
        backlog: object = self.backlog
        if not isinstance(backlog, int) or isinstance(backlog, bool) or not 1 <= backlog <= MOST_BACKLOG:
            yield Problem("backlog", f"{backlog!r} is not a whole number from 1 to {MOST_BACKLOG}")


def _word_problems(field: str, word: str, words: type[StrEnum]) -> Iterator[Problem]:
    if word not in set(words):
        yield Problem(field, f"{word!r} is none of {', '.join(words)}")
