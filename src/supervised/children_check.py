"""ChildrenCheck: how the other children of the supervisor are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..ports.health_check import Health

OFTEN = 3


class ChildrenCheck:
    """Ill when another child says so of itself, or, `with_missing`, when one died again and again at its start.

    A child that is being started or replaced is no illness. Details: each child's state and health, by its number.
    """

    name = "children"

    def __init__(
        self, children: Callable[[], Iterable[Mapping[str, Any]]], *, with_missing: bool = False
    ) -> None:
        self._children = children
        self._with_missing = with_missing

    async def check(self) -> Health:
        """How they were at their latest report."""
        reasons: list[str] = []
        children = [dict(child) for child in self._children()]
        for child in children:
            number = child["child"]
            if child["state"] == "running":
                reasons += [f"child {number}: {reason}" for reason in child["health"].get("reasons", ())]
            failures = child.get("failures", 0)
            if self._with_missing and failures >= OFTEN:
                reasons.append(f"child {number}: died {failures} times in a row")
        return Health(tuple(reasons), {"children": children})
