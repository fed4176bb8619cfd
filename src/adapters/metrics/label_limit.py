"""LabelLimit: keeps the number of values of one label bounded."""

from __future__ import annotations

from collections.abc import Callable, Iterable

OTHER = "other"


class LabelLimit:
    """Lets the first `limit` legal values of a label through; every further one, and every illegal one, is `other`.

    `reserved` values are always let through and take up no room, so that a flood cannot displace them. A value that was
    let through stays so: a counter never changes its label.
    """

    def __init__(self, limit: int, is_legal: Callable[[object], bool], reserved: Iterable[str] = ()) -> None:
        self._admitted = set(reserved)
        self._room = limit
        self._is_legal = is_legal

    @property
    def is_full(self) -> bool:
        """Whether no new value will be let through."""
        return self._room <= 0

    def label(self, value: str) -> str:
        """`value`, or `other`."""
        if value in self._admitted:
            return value
        if self._room <= 0 or not self._is_legal(value):
            return OTHER
        self._room -= 1
        self._admitted.add(value)
        return value
