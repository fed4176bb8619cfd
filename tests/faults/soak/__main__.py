"""`make soak MINUTES=n`: random faults for n minutes, then the report. From ten minutes on, or with KILLS=, also the kills.

SEED= has the same faults again; KILLS= and JOBS= say how many workers are killed at the default lease, under how many
jobs; MINUTES=0 leaves the random faults out. Exits 0 only when nothing was wrong; docs/fault-report.md is written either way.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from faults.harness.fault_schedule import seed_of_run
from faults.soak.fault_report import FaultReport, commit_here
from faults.soak.kills import Kills
from faults.soak.soak import Soak

LONG_MINUTES = 10.0
KILLS, JOBS = 100, 20_000


def main() -> int:
    """Run, write, and the exit code."""
    minutes = float(os.environ.get("MINUTES") or 1)
    kills = int(os.environ.get("KILLS") or (KILLS if minutes >= LONG_MINUTES else 0))
    jobs = int(os.environ.get("JOBS") or JOBS * kills // KILLS)
    seed = seed_of_run()
    report = FaultReport(commit_here(), seed, now())
    counts: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    figures: dict[str, str] = {}
    wrong: list[str] = []
    if minutes:
        with tempfile.TemporaryDirectory(prefix="hs-") as folder:
            soak = Soak(Path(folder), seed)
            soak.run(minutes * 60)
        counts += soak.counts
        faults += soak.faults
        figures |= soak.figures
        wrong += soak.wrong
    if kills and not wrong:
        with tempfile.TemporaryDirectory(prefix="hs-") as folder:
            killing = Kills(Path(folder), seed, kills, jobs)
            killing.run()
        counts += killing.counts
        faults["worker killed"] += kills
        figures |= killing.figures
        wrong += killing.wrong
    report.end, report.counts, report.faults = now(), dict(counts), dict(faults)
    report.figures, report.wrong = figures, wrong
    sys.stdout.write(report.text())
    report.write()
    return 1 if wrong else 0


def now() -> str:
    """The present instant, as the report says it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


if __name__ == "__main__":
    sys.exit(main())
