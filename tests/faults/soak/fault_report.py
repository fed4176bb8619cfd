"""FaultReport: what a soak came to, as docs/fault-report.md. `make soak` writes that page, and nothing else does."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent.parent
PAGE = ROOT / "docs" / "fault-report.md"
INSTANT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
NEEDED = {
    "commit": r"`[0-9a-f]{40}`(?: with uncommitted changes)?",
    "seed": r"\d+",
    "start": INSTANT,
    "end": INSTANT,
    "acknowledged submits": r"[\d,]+",
    "completed": r"[\d,]+",
    "runs": r"[\d,]+",
    "faults": r"[\d,]+",
    "broken invariants": r"[\d,]+",
}


@dataclass(slots=True)
class FaultReport:
    """One run: from when to when, its counts, its figures, and what was found wrong."""

    commit: str
    seed: int
    start: str
    end: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    faults: Mapping[str, int] = field(default_factory=dict)
    figures: Mapping[str, str] = field(default_factory=dict)
    wrong: Sequence[str] = ()

    def text(self) -> str:
        """The page."""
        head = {
            "commit": self.commit,
            "seed": str(self.seed),
            "start": self.start,
            "end": self.end,
            **{name: f"{count:,}" for name, count in self.counts.items()},
            "faults": f"{sum(self.faults.values()):,}",
            "broken invariants": f"{len(self.wrong):,}",
        }
        lines = [
            "# Fault report",
            "",
            "Written by `make soak`: random faults of the [battery](faults.md) against real servers and workers, then a",
            "drain, and the checker's verdict. The same seed has the same faults again.",
            "",
            *_table("", "", head),
            "",
            "## Faults",
            "",
            *_table("fault", "times", {name: f"{count:,}" for name, count in sorted(self.faults.items())}),
            "",
            "## Figures",
            "",
            *_table("figure", "value", self.figures),
            "",
            "## What was wrong",
            "",
            *([f"- {line}" for line in self.wrong[:100]] or ["Nothing."]),
        ]
        return "\n".join(lines) + "\n"

    def write(self, page: Path = PAGE) -> None:
        """Write the page; ValueError where it would not stand."""
        problems = problems_of(self.text())
        if problems:
            raise ValueError("; ".join(problems))
        page.write_text(self.text(), "utf-8")


def _table(left: str, right: str, rows: Mapping[str, str]) -> list[str]:
    return [
        f"| {left} | {right} |",
        "| --- | --- |",
        *(f"| {name} | {value} |" for name, value in rows.items()),
    ]


def problems_of(text: str) -> list[str]:
    """Why a page is no report: each thing that it does not say, or not in its form."""
    said = dict(re.findall(r"^\| ([\w ]+?) \| (.+?) \|$", text, re.MULTILINE))
    found = [
        f"it does not say {name}" if name not in said else f"{name} is {said[name]!r}"
        for name, form in NEEDED.items()
        if not re.fullmatch(form, said.get(name, ""))
    ]
    if not found and said["start"] >= said["end"]:
        found.append("it ends before it starts")
    return found


def commit_here() -> str:
    """The commit of the tree that runs, as the page says it; `unknown` outside of a repository."""
    try:
        commit = _git("rev-parse", "HEAD").strip()
        changed = _git("status", "--porcelain", "--", ".", f":!{PAGE.relative_to(ROOT)}").strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"`{commit}`" + (" with uncommitted changes" if changed else "")


def _git(*arguments: str) -> str:
    command = ["git", *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
