"""Whoever silences a checker says why, on the same line: `# noqa: X  # reason`."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator

import pytest

from support.source_tree import modules

SILENCING = re.compile(r"#\s*(?:noqa|type:\s*ignore|pyright:|mypy:|ruff:|fmt:\s*off|pragma:)", re.IGNORECASE)
WITH_REASON = re.compile(
    r"# (?:noqa: [A-Z]+\d+(?:, [A-Z]+\d+)*|type: ignore\[[a-z-]+(?:, [a-z-]+)*\]|pyright: ignore\[\w+(?:, \w+)*\])"
    r"  # (?!noqa|type:|pyright:).{3,}"
)


def unreasoned(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a Python text that silence a checker in another form than with code and reason."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        is_silencing = token.type == tokenize.COMMENT and SILENCING.search(token.string)
        if is_silencing and not WITH_REASON.fullmatch(token.string):
            yield token.start[0], token.string


def test_nobody_silences_a_checker_without_a_reason() -> None:
    """Neither here nor in the tests."""
    found = [
        f"{module}:{line}: {comment}" for module in modules(".") for line, comment in unreasoned(module.text)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("comment", "is_reasoned"),
    [
        ("# noqa: S603  # the keeper's own file", True),
        ("# type: ignore[arg-type, misc]  # any", True),
        ("# pyright: ignore[reportCallIssue]  # that is tested", True),
        ("# an explanation of noqa and of type ignores", True),
        ("# noqa", False),
        ("# noqa: S603", False),
        ("# noqa: S603  the reason is part of the codes", False),
        ("# type: ignore", False),
        ("# type: ignore  # all of them", False),
        ("# type: ignore[misc]", False),
        ("# type: ignore[misc]  # noqa: S603", False),
        ("# pyright: basic", False),
        ("# ruff: noqa", False),
    ],
)
def test_what_a_reason_is(comment: str, is_reasoned: bool) -> None:
    """A code, two blanks, a comment of its own."""
    assert bool(list(unreasoned(f"x = 1  {comment}\n"))) is not is_reasoned
