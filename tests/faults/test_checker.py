"""The judge is judged: each invariant is shown evidence that breaks it, and evidence that does not."""

from __future__ import annotations

from collections import Counter
from itertools import count, islice
from pathlib import Path
from typing import Any

import pytest

from faults.harness.checker import left_over, violations
from faults.harness.evidence import Evidence
from faults.harness.fault_schedule import FaultSchedule
from faults.harness.journal import Journal, JournalReader
from faults.harness.store_snapshot import StoreSnapshot

FINE: list[tuple[str, dict[str, Any]]] = [
    ("submit", {"job": "a"}),
    ("acknowledged", {"job": "a"}),
    ("start", {"job": "a", "fence": 1, "pid": 10}),
    ("killed", {"pids": [10]}),
    ("start", {"job": "a", "fence": 2, "pid": 20}),
    ("end", {"job": "a", "fence": 2, "pid": 20, "how": "Done"}),
    ("accepted", {"job": "a", "pid": 20}),
]
STATE = {"status": "completed", "attempt": "1", "crashes": "1", "result": '{"fence": 2}'}
RECOVERED = {"event": "job_recovered", "job_id": "a", "crashes": 1}


def judged(
    entries: list[tuple[str, dict[str, Any]]] = FINE,
    state: dict[str, str] = STATE,
    places: dict[str, list[str]] | None = None,
    log: list[dict[str, Any]] | None = None,
    data: dict[str, Any] | None = None,
    disagreements: tuple[str, ...] = (),
) -> list[str]:
    """What the checker says of a run of one job, its entries a second apart."""
    seconds = count(100)
    store = StoreSnapshot(
        data={"a": {"type": "step"}} if data is None else data,
        states={"a": state},
        places={"a": ["completed"]} if places is None else places,
        disagreements=list(disagreements),
    )
    lines = [{"event": event, "pid": 1, "t": float(next(seconds)), **fields} for event, fields in entries]
    evidence = Evidence(lines, store, [RECOVERED] if log is None else log)
    return violations(evidence, recovery_seconds=2.0)


def without(*words: str) -> list[tuple[str, dict[str, Any]]]:
    """The entries of a good run but for these."""
    return [entry for entry in FINE if entry[0] not in words]


def test_a_good_run_breaks_nothing() -> None:
    """One kill, one crash counted, one completion."""
    assert judged() == []


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (judged(data={}, places={}), "I1: a was acknowledged and is nowhere"),
        (judged(places={}), "I1: a is stored and in no place"),
        (judged(data={}), "I1: a is completed and has no data"),
        (judged(without("submit", "acknowledged")), "I1: a is stored and nobody submitted it"),
        (
            judged(places={"a": ["completed", "processing"]}),
            "I1: a is in several places: completed, processing",
        ),
        (judged(state={**STATE, "status": "pending"}), "I1: a is completed and its status is pending"),
        (
            judged(places={"a": ["waiting"]}, state={**STATE, "status": "pending"}),
            "I1: a has not ended: it is waiting, never run",
        ),
        (judged(places={"a": ["completed", "completed"]}), "I2: 2 completions of a were accepted"),
        (judged([*FINE, FINE[-1]]), "I2: 2 workers heard that their completion of a was accepted"),
        (judged(without("end")), "I2: a is completed by a run that had not ended"),
        (
            judged([*FINE, ("start", {"job": "a", "fence": 3})]),
            "I2: a was completed by a stale fence",
        ),
        (judged([*FINE, FINE[4]]), "I2: two runs of a had the same fence"),
        (judged(state={**STATE, "crashes": "0"}), "I3: a ran 2 times with 1 attempts and 0 crashes"),
        (
            judged(state={**STATE, "attempt": "2"}),
            "I3: a spent 2 attempts, and 1 of its runs ended by themselves",
        ),
        (
            judged([*FINE[:5], *FINE[4:6] * 2, *FINE[5:]]),
            "I3: a ran to a good end 3 times with 1 crashes",
        ),
        (
            judged([*FINE[:4], *[("other", {})] * 2, *FINE[4:]]),
            "I4: a started again 3.0 s after the kill; 2 were allowed",
        ),
        (judged(disagreements=("running of q: 2 said, 1 there",)), "I5: running of q: 2 said, 1 there"),
        (judged(log=[{"event": "other"}]), "I7: a has crashed and no log line says so"),
        (
            judged(without("killed"), {**STATE, "status": "failed"}, {"a": ["failed"]}),
            "I7: a is dead-lettered and no log line says so",
        ),
        (
            judged(
                [
                    ("submit", {"job": "a", "ordered": "q"}),
                    ("submit", {"job": "b", "ordered": "q"}),
                    ("start", {"job": "b", "fence": 1}),
                    ("start", {"job": "a", "fence": 2}),
                ]
            ),
            "I8: b of q began before a, which was submitted before it",
        ),
    ],
    ids=lambda value: value[:60] if isinstance(value, str) else None,
)
def test_each_invariant_that_is_broken_is_named(broken: list[str], said: str) -> None:
    """In a sentence with the job."""
    assert said in broken


def test_an_unacknowledged_submit_may_be_there_or_not() -> None:
    """Its reply was lost, so nothing was promised."""
    assert judged(without("acknowledged")) == []
    assert judged([("submit", {"job": "a"})], {}, {}, data={}) == []


def test_what_is_left_after_a_drain_is_named_by_its_family() -> None:
    """But for the few keys that an empty store has."""
    store = StoreSnapshot(keys=Counter({"meta": 1, "state": 2, "mailbox": 1}))
    assert left_over(store) == ["I6: 1 keys of mailbox are left", "I6: 2 keys of state are left"]


def test_a_journal_keeps_whole_lines_and_drops_a_torn_one(tmp_path: Path) -> None:
    """All journals together are in the order of their times."""
    for name in ("one", "two", "one"):
        journal = Journal(tmp_path / f"{name}.jsonl")
        journal.write("submit", job=name)
        journal.close()
    with (tmp_path / "two.jsonl").open("ab") as torn:
        torn.write(b'{"event": "submit", "t": ')
    reader = JournalReader(tmp_path)
    assert [entry["job"] for entry in reader.entries()] == ["one", "two", "one"]
    with (tmp_path / "two.jsonl").open("ab") as mended:
        mended.write(b"0}\n")
    assert next(entry["t"] for entry in reader.entries()) == 0, "read on from where the whole lines ended"


def test_a_schedule_of_faults_is_had_again_with_its_seed() -> None:
    """Kinds, times and dice; another seed is another schedule."""
    first, again, other = (
        list(islice(FaultSchedule(seed, {"kill": 3, "reset": 1}, 0.1, 0.5), 50)) for seed in (7, 7, 8)
    )
    assert first == again != other
    assert {fault.kind for fault in first} == {"kill", "reset"}
    assert all(0.1 <= fault.after <= 0.5 and 0 <= fault.dice < 1 for fault in first)
