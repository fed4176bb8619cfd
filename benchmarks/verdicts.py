"""Verdicts: what the rounds of a run come to, and whether each target is met."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from .catalogue import Bound, Figure, Target

Round = Mapping[str, float]


class Verdict(StrEnum):
    """What became of a target."""

    MET = "met"
    MISSED = "missed"
    UNKNOWN = "not measured"
    NONE = ""
    """The figure has no target."""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of a run: the median of its rounds, and the median of its ratios to the figure beside it.

    Each ratio is of two figures of the same round. None where nothing was measured.
    """

    figure: Figure
    median: float | None
    beside: float | None
    ratio: float | None
    verdict: Verdict


def judge(figure: Figure, rounds: Sequence[Round]) -> Row:
    """The row of one figure."""
    target = figure.target
    other = figure.beside if target is None or target.of is None else target.of
    both = [each for each in rounds if other is not None and figure.key in each and each.get(other)]
    ratio = median([each[figure.key] / each[other] for each in both]) if other is not None else None
    value = median([each[figure.key] for each in rounds if figure.key in each])
    return Row(
        figure=figure,
        median=value,
        beside=median([each[other] for each in both]) if other is not None else None,
        ratio=ratio,
        verdict=verdict(target, ratio if target is not None and target.of is not None else value),
    )


def verdict(target: Target | None, reached: float | None) -> Verdict:
    """Whether what was reached is on the right side of the limit, the limit itself included."""
    if target is None:
        return Verdict.NONE
    if reached is None:
        return Verdict.UNKNOWN
    is_met = reached >= target.limit if target.bound is Bound.AT_LEAST else reached <= target.limit
    return Verdict.MET if is_met else Verdict.MISSED


def median(values: Sequence[float]) -> float | None:
    """The median, None of nothing."""
    return statistics.median(values) if values else None
