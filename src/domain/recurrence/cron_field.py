"""CronField: what one field of a cron expression may hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..suggestion import nearest

_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_LAST = re.compile(r"[0-7]L\Z")
_NTH = re.compile(r"(.+)#([1-5])\Z")


@dataclass(frozen=True, slots=True)
class CronField:
    """One field: its name, its lowest and highest number, the words that stand for numbers, its special marks.

    A field is a list, parted by commas, of `*`, numbers, words, ranges `a-b`, and any of these with a step `/n`. The day
    of the month may also be `L` (the last) or `LW` (the last that is no Saturday or Sunday); the weekday also `5L` (the
    last Friday) and `5#2` (the second Friday). 0 and 7 are Sunday.
    """

    name: str
    lowest: int
    highest: int
    words: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()

    def problems(self, text: str, at: int) -> Iterator[str]:
        """What is wrong with each term of `text` and how to mend it; `at` is the place of its first character, from 1."""
        for term in text.split(","):
            wrong = self._wrong(term.upper())
            if wrong:
                yield f"{self.name} {term!r} (character {at}) {wrong}"
            at += len(term) + 1

    def _wrong(self, term: str) -> str:
        if not term:
            return "is empty: take out the extra comma"
        if term == "?":
            return "is not supported: write *"
        if term in self.marks or (self.words == _DAYS and _LAST.match(term)):
            return ""
        nth = _NTH.match(term) if self.words == _DAYS else None
        if nth:
            return self._wrong_value(nth[1])
        base, slash, step = term.partition("/")
        if slash and (wrong := self._wrong_step(step)):
            return wrong
        if base == "*":
            return ""
        first, dash, last = base.partition("-")
        wrong = self._wrong_value(first) or (self._wrong_value(last) if dash else "")
        if wrong or not dash or self._number(first) <= self._number(last):
            return wrong
        return f"is a range that goes down: write {self._turned(self._number(first), self._number(last))}"

    def _wrong_step(self, step: str) -> str:
        if not _is_number(step) or int(step) == 0:
            return "has a step that is not a number from 1: write it like */5"
        if int(step) > self.highest - self.lowest + 1:
            return (
                f"has a step longer than the field, {self.lowest} to {self.highest}: for an interval that does not"
                ' fit it use every, such as "90m"'
            )
        return ""

    def _wrong_value(self, text: str) -> str:
        legal = f"{self.lowest} to {self.highest}"
        if _is_number(text):
            return (
                "" if self.lowest <= int(text) <= self.highest else f"is out of range: it goes from {legal}"
            )
        if text in self.words:
            return ""
        if "W" in text and self.marks:
            return f"is not supported: write a number from {legal}, L, or LW for the last working day of the month"
        if self.words:
            return f"is not a number from {legal} or one of {self.words[0]} to {self.words[-1]}" + (
                nearest(text, self.words) if text.isalpha() else ""
            )
        return f"is not a number from {legal}, a range like {self.lowest}-{self.highest}, or *"

    def _number(self, value: str) -> int:
        if _is_number(value):
            return int(value)
        return self.words.index(value) + (1 if self.words == _MONTHS else 0)

    def _turned(self, first: int, last: int) -> str:
        lowest = 1 if self.words == _DAYS else self.lowest  # 7 is Sunday too
        parts = [_range(first, self.highest)] + ([_range(lowest, last)] if last >= lowest else [])
        return ",".join(parts)


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


SECOND = CronField("second", 0, 59)
FIELDS = (
    CronField("minute", 0, 59),
    CronField("hour", 0, 23),
    CronField("day of month", 1, 31, marks=("L", "LW")),
    CronField("month", 1, 12, words=_MONTHS),
    CronField("weekday", 0, 7, words=_DAYS),
)
