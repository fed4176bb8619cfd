"""JobPriority: four levels and their words."""

from __future__ import annotations

from typing import Any

import pytest

from hexjobs.domain.priority import HIGHEST_FIRST, JobPriority


def test_numbers_and_words() -> None:
    """As in keys and on the wire: they never change."""
    assert {level.word: int(level) for level in JobPriority} == {
        "low": 0,
        "normal": 1,
        "high": 2,
        "critical": 3,
    }
    assert [level.word for level in HIGHEST_FIRST] == ["critical", "high", "normal", "low"]


@pytest.mark.parametrize("level", JobPriority)
def test_each_form_is_read(level: JobPriority) -> None:
    """A member, its number, its word in any case."""
    for form in (level, int(level), level.word, level.word.upper(), level.word.title()):
        assert JobPriority.parse(form) is level


@pytest.mark.parametrize("value", ["urgent", "", "1", 4, -1, True, False, None, 1.0, [1]])
def test_what_is_no_level(value: Any) -> None:
    """ValueError names the legal words."""
    with pytest.raises(ValueError, match="one of: low, normal, high, critical"):
        JobPriority.parse(value)
