"""`write_plots`: the two plots of docs/benchmarks.md from the figures of a run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .line_chart import Axis, Line, line_chart


def curve(figures: Mapping[str, float], name: str) -> list[tuple[float, float]]:
    """The points of one curve by rising x."""
    prefix = f"curve.{name}."
    return sorted(
        (float(key.removeprefix(prefix)), value) for key, value in figures.items() if key.startswith(prefix)
    )


def write_plots(figures: Mapping[str, float], folder: Path) -> list[Path]:
    """Write `throughput.svg` and `latency.svg`, each where its points were measured; the files written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    drained = curve(figures, "drain")
    if drained:
        x = Axis.over("jobs that wait", [a for a, _ in drained], log=True)
        y = Axis.over("jobs a second", [b for _, b in drained], log=False)
        chart = line_chart("Throughput of one worker process against backlog", x, y, [Line("", drained)])
        written.append(folder / "throughput.svg")
        written[-1].write_text(chart)
    middle, slow = curve(figures, "p50"), curve(figures, "p99")
    if middle:
        x = Axis.over("jobs submitted a second", [a for a, _ in middle], log=True)
        y = Axis.over("milliseconds", [b for _, b in (*middle, *slow)], log=True)
        lines = [Line("p99", slow), Line("p50", middle)]
        chart = line_chart("From submit to the handler's first line, against load", x, y, lines)
        written.append(folder / "latency.svg")
        written[-1].write_text(chart)
    return written
