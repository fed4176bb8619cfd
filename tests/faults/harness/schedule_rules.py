"""What schedules must come to, by the store's ledger, by the ids of the jobs, and by the handlers' journals (I9, I10).

I9   a schedule makes one job per instant, never before it, and the ledger has each; `cadences` leave none out
I10  jobs of a schedule in `alone` never run at the same time
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from faults.harness.evidence import Evidence

Row = dict[str, Any]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
KEPT = 1000
"""Entries that a ledger keeps at least: a longer one may have lost some."""


def instant_of(job: str) -> tuple[str, int] | None:
    """The schedule and the instant, milliseconds since 1970, that a job's id tells; None: no schedule fired it.

    Both may be told in several ways, and it would be two jobs of one instant if they were.
    """
    word, _, rest = job.partition(":")
    name, _, text = rest.partition(":")
    if word != "schedule" or text.startswith("manual:"):
        return None
    return name, (datetime.fromisoformat(text) - EPOCH) // timedelta(milliseconds=1)


def fires(evidence: Evidence) -> Iterator[str]:
    """Broken sentences of I9."""
    stored, ran = _by_instant(evidence.store.data), _by_instant(evidence.jobs("start"))
    for name, rows in evidence.store.ledgers.items():
        yield from _ledger(evidence, name, rows)
        if len(rows) < KEPT:
            yield from _comparison(evidence, name, rows, stored.get(name, {}))
    for where, jobs in (("jobs", stored), ("journals", ran)):
        for name, instants in jobs.items():
            for instant, ids in instants.items():
                if len(ids) > 1:
                    yield f"I9: {name} made {len(ids)} jobs for {_text(instant)}: {', '.join(ids)}"
            yield from _gaps(name, where, instants, evidence.cadences)
    for name in evidence.cadences if evidence.is_drained else ():
        lost = sorted(set(stored.get(name, {})) ^ set(ran.get(name, {})))
        if lost:
            yield f"I9: {name} at {_text(lost[0])} and {len(lost) - 1} more: a job that did not run, or a run of none"


def _ledger(evidence: Evidence, name: str, rows: list[Row]) -> Iterator[str]:
    settled = Counter(row["instant"] for row in rows if row["outcome"] != "triggered")
    for instant, times in settled.items():
        if times > 1:
            yield f"I9: {name} settled {_text(instant)} {times} times"
    for instant, row in _fired(rows).items():
        if row["at"] < instant:
            yield f"I9: {name} fired {_text(instant)} before it came"
        if instant_of(row["job_id"]) != (name, instant):
            yield f"I9: {name} made {row['job_id']} for {_text(instant)}"
        if row["job_id"] not in evidence.store.data:
            yield f"I9: {row['job_id']} was fired and is nowhere"
    yield from _gaps(name, "ledger", _fired(rows), evidence.cadences)


def _comparison(evidence: Evidence, name: str, rows: list[Row], stored: Iterable[int]) -> Iterator[str]:
    fired = _fired(rows)
    said = int(evidence.store.schedules.get(name, {}).get("fired", 0))
    if said != len(fired):
        yield f"I9: {name} says that it fired {said} times, its ledger has {len(fired)}"
    for instant in sorted(set(stored) - set(fired)):
        yield f"I9: a job of {name} for {_text(instant)} is stored, its ledger has none"


def _fired(rows: list[Row]) -> dict[int, Row]:
    return {row["instant"]: row for row in rows if row["outcome"] == "fired"}


def spans(evidence: Evidence) -> Iterator[str]:
    """Broken sentences of I10: what a job's last run ended with counts, and a killed run ended when it was killed."""
    killed = {pid: entry["t"] for entry in evidence.of("killed", "") for pid in entry["pids"]}
    for name in evidence.alone:
        runs = []
        for ids in _by_instant(evidence.jobs("start")).get(name, {}).values():
            for job in ids:
                ends = {entry["fence"]: entry["t"] for entry in evidence.of("end", job)}
                for start in evidence.of("start", job):
                    end = ends.get(start["fence"], killed.get(start["pid"], float("inf")))
                    runs.append((start["t"], end, job))
        for earlier, later in itertools.pairwise(sorted(runs)):
            if later[0] < earlier[1] and earlier[2] != later[2]:
                yield f"I10: {later[2]} began while {earlier[2]} ran"


def _by_instant(jobs: Iterable[str]) -> dict[str, dict[int, list[str]]]:
    found: dict[str, dict[int, list[str]]] = {}
    for job in jobs:
        told = instant_of(job)
        if told is not None:
            found.setdefault(told[0], {}).setdefault(told[1], []).append(job)
    return found


def _gaps(name: str, where: str, instants: Iterable[int], cadences: Mapping[str, int]) -> Iterator[str]:
    if name not in cadences:
        return
    for earlier, later in itertools.pairwise(sorted(instants)):
        if later - earlier != cadences[name]:
            yield f"I9: {name} left out {_text(earlier + cadences[name])} to {_text(later)}, by the {where}"


def _text(instant: int) -> str:
    return (EPOCH + timedelta(milliseconds=instant)).isoformat(timespec="milliseconds")
