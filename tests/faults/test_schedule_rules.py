"""The judge of schedules is judged: each sentence of I9 and I10 is shown evidence that breaks it."""

from __future__ import annotations

from typing import Any

import pytest

from faults.harness.evidence import Evidence
from faults.harness.schedule_rules import EPOCH, fires, instant_of, spans
from faults.harness.store_snapshot import StoreSnapshot

SECOND = 1000
FIRED = {instant: f"schedule:s:1970-01-01T00:00:0{instant // SECOND}Z" for instant in (1000, 2000, 3000)}
ONE = FIRED[1000]


def row(instant: int, **changes: Any) -> dict[str, Any]:
    """A line of the ledger."""
    return {
        "instant": instant,
        "outcome": "fired",
        "at": instant + 5,
        "job_id": FIRED.get(instant, ""),
        **changes,
    }


GOOD = [row(instant) for instant in FIRED]


def judged(
    rows: list[dict[str, Any]] = GOOD,
    jobs: list[str] | None = None,
    ran: list[str] | None = None,
    said: int | None = None,
) -> list[str]:
    """What is said of one schedule at a second's cadence, with these lines, stored jobs, runs and count of fires."""
    jobs = list(FIRED.values()) if jobs is None else jobs
    state = {"fired": str(sum(1 for each in rows if each["outcome"] == "fired") if said is None else said)}
    store = StoreSnapshot(data=dict.fromkeys(jobs), schedules={"s": state}, ledgers={"s": rows})
    starts = [
        {"event": "start", "job": job, "pid": 1, "fence": at, "t": float(at)}
        for at, job in enumerate(jobs if ran is None else ran)
    ]
    return list(fires(Evidence(starts, store, cadences={"s": SECOND})))


def test_a_good_run_breaks_nothing() -> None:
    """Three instants, three jobs, three runs; what was triggered by hand stands beside."""
    assert judged() == []
    by_hand = "schedule:s:manual:1"
    assert judged([*GOOD, row(2000, outcome="triggered", job_id=by_hand)], [*FIRED.values(), by_hand]) == []


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (judged([*GOOD, row(2000, at=2007)]), "I9: s settled 1970-01-01T00:00:02.000+00:00 2 times"),
        (judged([row(1000, at=999), *GOOD[1:]]), "I9: s fired 1970-01-01T00:00:01.000+00:00 before it came"),
        (
            judged([row(1000, job_id="other"), *GOOD[1:]]),
            "I9: s made other for 1970-01-01T00:00:01.000+00:00",
        ),
        (judged(jobs=list(FIRED.values())[1:]), f"I9: {ONE} was fired and is nowhere"),
        (judged(said=4), "I9: s says that it fired 4 times, its ledger has 3"),
        (
            judged(GOOD[1:]),
            "I9: a job of s for 1970-01-01T00:00:01.000+00:00 is stored, its ledger has none",
        ),
        (
            judged([GOOD[0], GOOD[2]]),
            "I9: s left out 1970-01-01T00:00:02.000+00:00 to 1970-01-01T00:00:03.000+00:00, by the ledger",
        ),
        (
            judged(jobs=[FIRED[1000], FIRED[3000]]),
            "I9: s left out 1970-01-01T00:00:02.000+00:00 to 1970-01-01T00:00:03.000+00:00, by the jobs",
        ),
        (
            judged(ran=[FIRED[1000], FIRED[3000]]),
            "I9: s left out 1970-01-01T00:00:02.000+00:00 to 1970-01-01T00:00:03.000+00:00, by the journals",
        ),
        (
            judged(ran=list(FIRED.values())[1:]),
            "I9: s at 1970-01-01T00:00:01.000+00:00 and 0 more: a job that did not run, or a run of none",
        ),
        (
            judged(jobs=[*FIRED.values(), "schedule:s:1970-01-01T00:00:01.000Z"]),
            f"I9: s made 2 jobs for 1970-01-01T00:00:01.000+00:00: {ONE}, schedule:s:1970-01-01T00:00:01.000Z",
        ),
    ],
    ids=lambda value: value[:70] if isinstance(value, str) else None,
)
def test_each_broken_sentence_is_named(broken: list[str], said: str) -> None:
    """With the schedule, the instant, and where it was seen."""
    assert said in broken


@pytest.mark.parametrize(
    ("second_begins", "killed_at", "said"),
    [
        (3.0, None, []),
        (1.5, None, [f"I10: {FIRED[2000]} began while {ONE} ran"]),
        (1.5, 1.4, []),
        (1.5, 1.6, [f"I10: {FIRED[2000]} began while {ONE} ran"]),
    ],
)
def test_jobs_that_run_at_the_same_time_are_seen(
    second_begins: float, killed_at: float | None, said: list[str]
) -> None:
    """A run that was killed ended then; one that goes on is no rival of its own next run."""
    entries: list[dict[str, Any]] = [
        {"event": "start", "job": ONE, "pid": 1, "fence": 1, "t": 1.0},
        {"event": "start", "job": FIRED[2000], "pid": 2, "fence": 2, "t": second_begins},
    ]
    if killed_at is None:
        entries.append({"event": "end", "job": ONE, "pid": 1, "fence": 1, "t": 2.0})
    else:
        entries.append({"event": "killed", "pids": [1], "t": killed_at})
    assert list(spans(Evidence(entries, StoreSnapshot(), alone=frozenset({"s"})))) == said


def test_an_id_tells_schedule_and_instant() -> None:
    """With milliseconds where there are some; a job that was triggered by hand has no instant."""
    assert instant_of("schedule:a_b-1:1970-01-01T00:00:01.500Z") == ("a_b-1", 1500)
    assert instant_of("schedule:a:manual:0190") is None
    assert instant_of("another") is None
    assert EPOCH.timestamp() == 0
