"""LineChart: a small line chart as SVG text, readable on light and on dark pages, without any library."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 720, 380
LEFT, RIGHT, TOP, BOTTOM = 76, 96, 52, 56
COLOURS = ("a", "b", "c")
STYLE = """\
text{font:13px system-ui,sans-serif;fill:#424a53}.title{font-size:15px;font-weight:600}.grid{stroke:#8c959f;stroke-opacity:.3}
.a{stroke:#0969da;fill:#0969da}.b{stroke:#bc4c00;fill:#bc4c00}.c{stroke:#1a7f37;fill:#1a7f37}
path{fill:none!important;stroke-width:2.5}text.a,text.b,text.c{stroke:none;font-weight:600}
@media(prefers-color-scheme:dark){text{fill:#c9d1d9}.a{stroke:#58a6ff;fill:#58a6ff}.b{stroke:#f0883e;fill:#f0883e}
.c{stroke:#56d364;fill:#56d364}}"""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its name and its points, by rising x."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis from `low` to `high`, in decades (`log`) or in even steps from zero."""

    label: str
    low: float
    high: float
    log: bool

    @classmethod
    def over(cls, label: str, values: Sequence[float], *, log: bool) -> Axis:
        """An axis that all values are on, its ends round."""
        if log:
            low = 10 ** math.floor(math.log10(min(values)))
            high = 10 ** math.ceil(math.log10(max(values)))
            return cls(label, low, max(high, low * 10), log)
        step = cls.step(max(values))
        return cls(label, 0.0, math.ceil(max(values) / step) * step, log)

    @staticmethod
    def step(highest: float) -> float:
        """A round step of which about five make the highest value."""
        rough = highest / 5
        unit: float = 10.0 ** math.floor(math.log10(rough))
        return next(unit * each for each in (1, 2, 5, 10) if unit * each >= rough)

    def share(self, value: float) -> float:
        """Where a value is, from 0 to 1."""
        if self.log:
            return math.log10(value / self.low) / math.log10(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """The values that are written."""
        if self.log:
            decades = round(math.log10(self.high / self.low))
            return [self.low * 10**decade for decade in range(decades + 1)]
        step = self.step(self.high)
        return [step * number for number in range(round(self.high / step) + 1)]


def line_chart(title: str, x: Axis, y: Axis, lines: Sequence[Line]) -> str:
    """The chart as an SVG document."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>{STYLE}</style>",
        f'<text class="title" x="{LEFT}" y="24">{escape(title)}</text>',
    ]
    for tick in y.ticks():
        height = _down(y, tick)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{height}" y2="{height}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{height + 4:.1f}" text-anchor="end">{tick:,.10g}</text>')
    for tick in x.ticks():
        across = _across(x, tick)
        parts.append(f'<line class="grid" x1="{across}" x2="{across}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>')
        text = f"{tick:,.10g}"
        parts.append(f'<text x="{across}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{text}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - 12}" text-anchor="middle">{escape(x.label)}</text>')
    parts.append(f'<text x="{LEFT - 60}" y="44">{escape(y.label)}</text>')
    for colour, line in zip(COLOURS, lines, strict=False):
        parts += _drawn(x, y, line, colour)
    return "\n".join([*parts, "</svg>", ""])


def _drawn(x: Axis, y: Axis, line: Line, colour: str) -> list[str]:
    places = [(_across(x, a), _down(y, b)) for a, b in line.points]
    path = " ".join(f"{'L' if number else 'M'}{a} {b}" for number, (a, b) in enumerate(places))
    dots = [f'<circle class="{colour}" cx="{a}" cy="{b}" r="3.5"/>' for a, b in places]
    end, value = places[-1], line.points[-1][1]
    label = f"{line.name} {value:,.0f}" if value >= 100 else f"{line.name} {value:.2g}"
    text = f'<text class="{colour}" x="{end[0] + 9}" y="{end[1] + 4:.1f}">{escape(label)}</text>'
    return [f'<path class="{colour}" d="{path}"/>', *dots, text]


def _across(x: Axis, value: float) -> float:
    return round(LEFT + x.share(value) * (WIDTH - LEFT - RIGHT), 1)


def _down(y: Axis, value: float) -> float:
    return round(HEIGHT - BOTTOM - y.share(value) * (HEIGHT - TOP - BOTTOM), 1)
