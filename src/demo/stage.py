"""Stage: tells how the demonstration goes, and what came of it."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..adapters.cli.output import print_data, print_json, print_note
from ..adapters.cli.progress_bar import ProgressBar
from ..adapters.cli.terminal import encodes, styled
from .place import Place


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what it was about, whether it held, and what was seen."""

    title: str
    held: bool
    seen: str


class Stage:
    """Progress goes to standard error as it happens, the summary to standard output."""

    def __init__(self) -> None:
        self._bar = ProgressBar()
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._began

    def say(self, text: str) -> None:
        """One line of progress."""
        self._bar.clear()
        print_note(f"{self.seconds:6.2f} s  {text}")

    def show_progress(self, done: int, of: int) -> None:
        """How many of the jobs have ended, as a bar where a person looks."""
        self._bar.show(done, of, f"{done} of {of} jobs have ended")

    def end_progress(self) -> None:
        """Take the bar away."""
        self._bar.clear()

    def summarise(self, findings: Sequence[Finding], place: Place, program: str) -> None:
        """The table of the checks, where the outputs lie, and how to look further."""
        width = max(len(finding.title) for finding in findings)
        print_data("")
        for finding in findings:
            print_data(f"  {_mark(finding.held)} {finding.title.ljust(width)}  {finding.seen}")
        held = sum(finding.held for finding in findings)
        print_data(f"\n{held} of {len(findings)} checks held, after {self.seconds:.1f} s")
        command = f"{program} --config {place.config}"
        print_data(
            f"\nWhat came out of it:\n"
            f"  {place.mail}/       the mails that arrived\n"
            f"  {place.files}/      the picture, and its thumbnail\n"
            f"  {place.temporary}/  what the clean-up left\n"
            f"  {place.webhooks}/   what the webhook received\n"
            f"  {place.log}  the worker's log\n"
            f"\nLook further:\n"
            f"  {command} jobs list\n"
            f"  {command} dead list\n"
            f"  {program} demo --keep-running   # leaves health and metrics open"
        )


def _mark(held: bool) -> str:
    yes, no = ("✓", "✗") if encodes("✓✗", sys.stdout) else ("ok  ", "FAIL")
    return styled(yes, sys.stdout, fg="green") if held else styled(no, sys.stdout, fg="red", bold=True)


def print_findings(findings: Sequence[Finding], place: Place, seconds: float, urls: dict[str, str]) -> None:
    """The same as JSON."""
    document: dict[str, Any] = {
        "held": all(finding.held for finding in findings),
        "seconds": round(seconds, 3),
        "checks": [{"title": each.title, "held": each.held, "seen": each.seen} for each in findings],
        "folder": str(place.folder),
        "config": str(place.config),
        **urls,
    }
    print_json(document)
