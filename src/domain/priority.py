"""JobPriority: which of the waiting jobs of a queue goes first."""

from __future__ import annotations

from enum import IntEnum


class JobPriority(IntEnum):
    """Four levels; the higher number goes first. Written as the lower-case word in YAML, JSON and keys."""

    LOW = 0
    NORMAL = 1
    HIGH = 2
    CRITICAL = 3

    @property
    def word(self) -> str:
        """The lower-case name, as in YAML, JSON and keys."""
        return _WORDS[self]

    @classmethod
    def parse(cls, value: JobPriority | int | str) -> JobPriority:
        """The level for a member, its number or its word in any case; ValueError names the legal words."""
        if isinstance(value, cls):
            return value
        if isinstance(value, str) and value.lower() in _BY_WORD:
            return _BY_WORD[value.lower()]
        if isinstance(value, int) and not isinstance(value, bool) and value in (0, 1, 2, 3):
            return cls(value)
        raise ValueError(f"{value!r} is not a priority; one of: {', '.join(_BY_WORD)}")


_BY_WORD = {level.name.lower(): level for level in JobPriority}
_WORDS = tuple(_BY_WORD)
HIGHEST_FIRST = tuple(sorted(JobPriority, reverse=True))
