"""`figures_of` and `rows_of`: the rows of metrics as figures that can be handed on, and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...ports.process_figures import ProcessFigures
from .business_counters import business_spec
from .histogram import SECONDS, Histogram
from .metric_spec import METRICS, MetricSpec, Row

_SPECS: dict[tuple[str, str, tuple[str, ...]], MetricSpec] = {
    (spec.kind, spec.name, spec.labels): spec for spec in METRICS
}
_NAMES = frozenset(spec.name for spec in METRICS)


def figures_of(rows: Iterable[tuple[MetricSpec, Row]]) -> ProcessFigures:
    """The rows, as plain numbers."""
    return ProcessFigures(
        (
            (spec.kind, spec.name, spec.labels, labels),
            [*value.counts, value.sum] if isinstance(value, Histogram) else value,
        )
        for spec, (labels, value) in rows
    )


def rows_of(figures: ProcessFigures) -> Iterator[tuple[MetricSpec, Row]]:
    """The figures, as rows.

    Of a business counter to which two processes gave different labels, the first one's are shown. What is unknown here,
    as that of another version, is left out.
    """
    business: dict[str, MetricSpec] = {}
    for (kind, name, labels, values), value in figures:
        spec = _SPECS.get((kind, name, labels))
        if spec is None and kind == "counter" and name not in _NAMES:
            spec = business.setdefault(name, business_spec(name, labels))
        if spec is None or spec.labels != labels:
            continue
        if not isinstance(value, list):
            yield spec, (values, value)
        elif len(value) == len(SECONDS) + 2:
            histogram = Histogram()
            *counts, histogram.sum = value
            histogram.counts = [int(count) for count in counts]
            yield spec, (values, histogram)
