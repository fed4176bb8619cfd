"""ProcessFigures: what one process counted and measured, in a form that can be handed to another and added up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Self

Series = tuple[str, str, tuple[str, ...], tuple[str, ...]]
"""A series: its kind (`counter`, `gauge`, `histogram`), its metric's name, the names of its labels, and their values."""
Value = float | list[float]
"""A number; of a histogram the count of each bucket, not cumulated, and the sum of all values as the last."""


class ProcessFigures:
    """The series of a process, or of several added up. Imports nothing, so that the smallest process can hold it."""

    def __init__(self, series: Iterable[tuple[Series, Value]] = ()) -> None:
        self._series: dict[Series, Value] = {key: _copy(value) for key, value in series}

    def __iter__(self) -> Iterator[tuple[Series, Value]]:
        return iter(self._series.items())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ProcessFigures) and self._series == other._series

    __hash__ = None  # type: ignore[assignment]  # it changes

    def add(self, others: Iterable[tuple[Series, Value]]) -> Self:
        """Add to each series what the other one has, histograms bucket by bucket; itself.

        A histogram of other buckets cannot be added: it is left out.
        """
        for key, value in others:
            mine = self._series.get(key)
            if mine is None:
                self._series[key] = _copy(value)
            elif isinstance(mine, list) and isinstance(value, list) and len(mine) == len(value):
                self._series[key] = [a + b for a, b in zip(mine, value, strict=True)]
            elif not isinstance(mine, list) and not isinstance(value, list):
                self._series[key] = mine + value
        return self

    def of_the_dead(self) -> Self:
        """What stays of a process that has ended: all that counts up. Its gauges ended with it."""
        return type(self)((key, value) for key, value in self if key[0] != "gauge")

    def to_json(self) -> list[Any]:
        """A JSON-safe form."""
        return [[kind, name, list(labels), list(words), value] for (kind, name, labels, words), value in self]

    @classmethod
    def from_json(cls, rows: Iterable[Any]) -> Self:
        """The figures that `to_json` wrote down."""
        return cls(
            ((kind, name, tuple(labels), tuple(words)), value) for kind, name, labels, words, value in rows
        )


def _copy(value: Value) -> Value:
    return value[:] if isinstance(value, list) else value
