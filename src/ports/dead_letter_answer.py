"""DeadLetterAnswer: what became of an act on one dead letter."""

from __future__ import annotations

from enum import StrEnum


class DeadLetterAnswer(StrEnum):
    """What became of one id."""

    DONE = "done"
    NOT_FOUND = "not_found"
    NOT_DEAD = "not_dead"
    UNIQUE_KEY_HELD = "unique_key_held"
