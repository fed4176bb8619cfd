"""What a child tells of itself and of its siblings: its reasons to retire, and their health."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from hexjobs.supervised.children_check import ChildrenCheck
from hexjobs.supervised.recycling import MEBIBYTE, Recycling, resident_bytes

WELL: dict[str, Any] = {"reasons": [], "details": {}}
ILL: dict[str, Any] = {"reasons": ["fetch: no answer"], "details": {}}


@pytest.mark.parametrize(
    ("processed", "mebibytes", "details", "reason"),
    [
        (9, 99, {"recycle": None}, None),
        (10, 99, {}, "max_jobs"),
        (0, 100, {}, "max_memory"),
        (0, 0, {"recycle": "zombies"}, "zombies"),
    ],
)
def test_when_a_child_is_replaced(
    processed: int, mebibytes: int, details: dict[str, Any], reason: str | None
) -> None:
    """At its limits, and when the worker itself says so."""
    recycling = Recycling(10, 100, lambda: mebibytes * MEBIBYTE)
    assert recycling.reason(processed, details) == reason
    assert Recycling(None, None, lambda: 1 << 60).reason(1 << 60, {}) is None


def test_the_memory_of_this_process_is_known() -> None:
    """An interpreter has more than four and less than 4,000 MiB."""
    before = resident_bytes()
    assert 4 * MEBIBYTE < before < 4000 * MEBIBYTE
    taken = bytearray(b"x" * 50 * MEBIBYTE)
    assert resident_bytes() - before > 30 * MEBIBYTE
    del taken


def test_another_child_is_ill_when_it_says_so() -> None:
    """One that is starting or is replaced is not; one that never comes up is, where that is asked for."""
    children: list[dict[str, Any]] = [
        {"child": 1, "state": "running", "health": WELL},
        {"child": 2, "state": "starting", "health": {}},
        {"child": 3, "state": "retiring", "health": ILL},
        {"child": 4, "state": "waiting", "failures": 1},
    ]
    assert asyncio.run(ChildrenCheck(lambda: children, with_missing=True).check()).is_healthy
    children.append({"child": 5, "state": "running", "health": ILL})
    children.append({"child": 6, "state": "waiting", "failures": 4})
    ready = asyncio.run(ChildrenCheck(lambda: children).check())
    assert ready.reasons == ("child 5: fetch: no answer",)
    assert [child["child"] for child in ready.details["children"]] == [1, 2, 3, 4, 5, 6]
    workers = asyncio.run(ChildrenCheck(lambda: children, with_missing=True).check())
    assert workers.reasons == ("child 5: fetch: no answer", "child 6: died 4 times in a row")
