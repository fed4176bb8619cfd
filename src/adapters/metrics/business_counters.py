"""BusinessCounters: the counters that handlers and observers name themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from math import inf
from typing import Any

from .label_limit import OTHER
from .metric_spec import METRICS, MetricSpec, Row

_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}\Z")
_RESERVED = frozenset(
    name
    for spec in METRICS
    for name in (
        spec.family_name,
        *(f"{spec.name}_{part}" for part in ("bucket", "count", "sum") if spec.kind == "histogram"),
    )
)


def business_spec(name: str, labels: tuple[str, ...]) -> MetricSpec:
    """The counter of this name, which ends in `_total`."""
    return MetricSpec(name, "counter", labels, f"Business metric {name.removesuffix('_total')}.")


class BusinessCounters:
    """Counters that handlers and observers name themselves, bounded in number, in series and in labels.

    Names and label names are lower-case words; the labels of the first observation are those of the counter. A series
    beyond `max_series` counts with `other` in every label. Not locked: the owner sees to that.
    """

    def __init__(self, max_names: int = 100, max_series: int = 200) -> None:
        self._max_names = max_names
        self._max_series = max_series
        self._series: dict[str, dict[tuple[str, ...], float]] = {}
        self._labels: dict[str, tuple[str, ...]] = {}
        self._complained: set[str] = set()
        self.refused = 0

    def observe(self, name: str, value: float, labels: Mapping[str, str]) -> str | None:
        """Add `value` to a series, or refuse it; never raises. Answers what is wrong, once for each name."""
        problem = _value_problem(value) or self._name_problem(name) or self._labels_problem(name, labels)
        if problem:
            return self._refuse(name, problem)
        series = self._series.setdefault(name, {})
        names = self._labels.setdefault(name, tuple(sorted(labels)))
        key = tuple(_label_value(labels[label]) for label in names)
        if key not in series and len(series) >= self._max_series:
            key = (OTHER,) * len(key)
        series[key] = series.get(key, 0.0) + value
        return None

    def rows(self) -> Iterator[tuple[MetricSpec, list[Row]]]:
        """Each counter with its series as they are now."""
        for name, series in self._series.items():
            yield business_spec(f"{name}_total", self._labels[name]), list(series.items())

    def _name_problem(self, name: Any) -> str | None:
        if not isinstance(name, str) or not _NAME.match(name) or name.endswith("_total"):
            return "the name must be of lower-case letters, digits and _, without _total at its end"
        if name in _RESERVED:
            return "the name is one of hexjobs' own"
        if name not in self._labels and len(self._labels) >= self._max_names:
            return f"there are {self._max_names} business metrics already"
        return None

    def _labels_problem(self, name: str, labels: Mapping[Any, str]) -> str | None:
        known = self._labels.get(name)
        if known is None:
            legal = all(isinstance(label, str) and _NAME.match(label) for label in labels)
            return None if legal else "a label's name must be of lower-case letters, digits and _"
        same = len(known) == len(labels) and all(label in labels for label in known)
        return None if same else f"its labels are: {', '.join(known) or 'none'}"

    def _refuse(self, name: object, problem: str) -> str | None:
        self.refused += 1
        word = str(name)[:100]
        if word in self._complained or len(self._complained) >= self._max_names:
            return None
        self._complained.add(word)
        return problem


def _value_problem(value: Any) -> str | None:
    legal = isinstance(value, (int, float)) and 0 <= value < inf
    return None if legal else "the value must be a number, zero or more"


def _label_value(value: object) -> str:
    """The text, or `other` where it is too long for a label, cannot be written as UTF-8, or is no text or integer."""
    text = str(value) if isinstance(value, (str, int)) else OTHER
    if len(text) > 128 or any("\ud800" <= character <= "\udfff" for character in text):
        return OTHER
    return text
