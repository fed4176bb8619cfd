"""The report of a run: Markdown for people, JSON for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from .catalogue import Bound, Figure, Group
from .verdicts import Round, Row, Verdict, judge

HEAD = """\
# Figures

Written by `make bench`; [how it measures](../docs/benchmarks.md). Medians of interleaved rounds; a ratio is the median of
the ratios within each round. Read the ratios and verdicts: absolute numbers are those of this machine.
"""
LINE = "| figure | median | beside it | ratio | target | verdict |"
RULE = "| --- | ---: | ---: | ---: | --- | --- |"


def number(value: float | None) -> str:
    """A number as people read it: three digits that matter, all of what stands before the point."""
    if value is None:
        return ""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) >= 0.1 or value == 0 else f"{value:.3f}"


def said_target(figure: Figure) -> str:
    """A target in words."""
    target = figure.target
    if target is None:
        return ""
    sign = "≥" if target.bound is Bound.AT_LEAST else "≤"
    limit = f"{sign} {target.limit:.2f}x" if target.of else f"{sign} {number(target.limit)} {figure.unit}"
    return f"{limit} ({target.said})" if target.said else limit


def table(group: Group, rows: Sequence[Row]) -> list[str]:
    """One group as lines of Markdown."""
    lines = [f"## {group.title}", "", LINE, RULE]
    for row in rows:
        value = "not measured" if row.median is None else f"{number(row.median)} {row.figure.unit}"
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        verdict = f"**{row.verdict}**" if row.verdict is Verdict.MISSED else row.verdict
        cells = [row.figure.what, value, number(row.beside), ratio, said_target(row.figure), verdict]
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, ""]


def judged(groups: Sequence[Group], rounds: Sequence[Round]) -> list[tuple[Group, list[Row]]]:
    """Every figure of the groups, measured or not."""
    return [(group, [judge(figure, rounds) for figure in group.figures]) for group in groups]


def markdown(
    about: Mapping[str, str], found: Sequence[tuple[Group, Sequence[Row]]], problems: Sequence[str]
) -> str:
    """The whole page."""
    lines = [HEAD, *(f"- {name}: {value}" for name, value in about.items()), f"- verdicts: {summary(found)}"]
    lines += [f"- **a subject failed**: {problem}" for problem in problems]
    lines.append("")
    for group, rows in found:
        lines += table(group, rows)
    return "\n".join(lines).rstrip() + "\n"


def summary(found: Sequence[tuple[Group, Sequence[Row]]]) -> str:
    """How many targets are met, missed, and not measured."""
    counts = Counter(row.verdict for _, rows in found for row in rows)
    parts = [
        f"{counts[each]} {each}" for each in (Verdict.MET, Verdict.MISSED, Verdict.UNKNOWN) if counts[each]
    ]
    return ", ".join(parts) or "none"


def document(
    about: Mapping[str, str],
    found: Sequence[tuple[Group, Sequence[Row]]],
    rounds: Sequence[Round],
    problems: Sequence[str],
) -> dict[str, Any]:
    """The same for programs, with every round."""
    figures = {
        row.figure.key: {
            "what": f"{group.title}: {row.figure.what}",
            "unit": row.figure.unit,
            "median": row.median,
            "beside": row.figure.target.of
            if row.figure.target and row.figure.target.of
            else row.figure.beside,
            "ratio": row.ratio,
            "target": said_target(row.figure),
            "verdict": str(row.verdict),
        }
        for group, rows in found
        for row in rows
    }
    return {
        "about": dict(about),
        "figures": figures,
        "problems": list(problems),
        "rounds": [dict(r) for r in rounds],
    }
