"""The checker: reads the evidence of a run and says which of the invariants I1 to I10 were broken, a sentence each.

I1  every acknowledged submit ends in exactly one terminal state, or is still there, in one place
I2  per job, at most one accepted completion, and none of a stale fence or of a run that had not ended
I3  no more runs than attempts and crashes account for, and no attempt spent by a crash
I4  what a killed process ran starts again in time
I5  the counts by state sum to the submits
I6  keys return to the baseline after a drain (`left_over`)
I7  every failure is visible in the log
I8  jobs that ask for it start in the order of their submits
I9, I10  what schedules come to (`schedule_rules`)
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

from faults.harness import schedule_rules
from faults.harness.evidence import Evidence
from faults.harness.store_snapshot import ENDED, StoreSnapshot

STATUSES = {
    "waiting": {"", "pending"},
    "delayed": {"", "scheduled", "retrying"},
    "processing": {"processing"},
    "completed": {"completed"},
    "cancelled": {"cancelled"},
    "failed": {"failed"},
}
UNSPENT = {"CancelledError", "Snooze", "RetryLater"}
"""Ends of runs that spend no attempt: given back, lost, or put off."""
PERMANENT = {
    "meta",
    "fence",
    "pass",
    "enqueued",
    "running",
    "delayed",
    "workers",
    "beats",
    "reconciler",
    "durability",
}
"""The families of keys that an empty store may have."""


def violations(evidence: Evidence, *, recovery_seconds: float | None = None) -> list[str]:
    """Every broken invariant, empty when all hold; `recovery_seconds` is the bound of I4, None where nothing was killed."""
    found = [line for rule in RULES for line in rule(evidence)]
    if recovery_seconds is not None:
        found += _late_recoveries(evidence, recovery_seconds)
    return sorted(set(found))


def left_over(store: StoreSnapshot, permanent: set[str] = PERMANENT) -> list[str]:
    """The families of keys that should be gone once every ended job was deleted and every worker has left (I6)."""
    return [
        f"I6: {count} keys of {family} are left"
        for family, count in sorted(store.keys.items())
        if family not in permanent
    ]


def _places(evidence: Evidence) -> Iterator[str]:
    store = evidence.store
    submitted = set(evidence.jobs("submit")) | evidence.foreign | store.fired
    for job in evidence.jobs("acknowledged"):
        if job not in store.data and job not in store.places:
            yield f"I1: {job} was acknowledged and is nowhere"
    for job in store.data:
        if job not in store.places:
            yield f"I1: {job} is stored and in no place"
        if job not in submitted:
            yield f"I1: {job} is stored and nobody submitted it"
    for job, places in store.places.items():
        if job not in store.data:
            yield f"I1: {job} is {places[0]} and has no data"
        if len(places) > 1:
            yield f"I1: {job} is in several places: {', '.join(places)}"
        status = store.states.get(job, {}).get("status", "")
        if status not in STATUSES[places[0]]:
            yield f"I1: {job} is {places[0]} and its status is {status or 'unset'}"
        if evidence.is_drained and not set(places) <= ENDED:
            yield f"I1: {job} has not ended: it is {places[0]}, {store.states.get(job, {}).get('reason', 'never run')}"


def _completions(evidence: Evidence) -> Iterator[str]:
    store = evidence.store
    for job, places in store.places.items():
        if places.count("completed") > 1:
            yield f"I2: {places.count('completed')} completions of {job} were accepted"
        if "completed" not in places:
            continue
        heard = len(evidence.of("accepted", job))
        if heard > 1:
            yield f"I2: {heard} workers heard that their completion of {job} was accepted"
        fences = [entry["fence"] for entry in evidence.of("start", job)]
        finished = {entry["fence"] for entry in evidence.of("end", job) if entry["how"] == "Done"}
        result = store.result(job)
        accepted = result.get("fence") if isinstance(result, dict) else None
        if accepted is None:
            if fences and not finished:
                yield f"I2: {job} is completed and no run of it has ended well"
            continue
        if accepted not in finished:
            yield f"I2: {job} is completed by a run that had not ended"
        if accepted < max(fences, default=0):
            yield f"I2: {job} was completed by a stale fence"
    for job in evidence.jobs("start"):
        fences = [entry["fence"] for entry in evidence.of("start", job)]
        if len(set(fences)) < len(fences):
            yield f"I2: two runs of {job} had the same fence"


def _runs(evidence: Evidence) -> Iterator[str]:
    retried = set(evidence.jobs("retried"))
    repaired = evidence.logged("store_repaired", "job_runs_again")
    for job in evidence.jobs("start"):
        state = evidence.store.states.get(job)
        if state is None or job in retried:
            continue
        starts, ends = evidence.of("start", job), evidence.of("end", job)
        attempts, crashes = int(state.get("attempt", 0)), int(state.get("crashes", 0))
        unspent = sum(1 for end in ends if end["how"] in UNSPENT)
        if len(starts) > attempts + crashes + unspent:
            yield f"I3: {job} ran {len(starts)} times with {attempts} attempts and {crashes} crashes"
        done = sum(1 for end in ends if end["how"] == "Done")
        if done > 1 + crashes and job not in repaired:
            yield f"I3: {job} ran to a good end {done} times with {crashes} crashes"
        # A quarantined job was delivered once more and not run; a cancelled run spends its attempt.
        taken = 1 if state.get("reason") == "crashed" or state.get("status") == "cancelled" else 0
        if attempts > len(ends) - unspent + taken and evidence.is_drained:
            yield f"I3: {job} spent {attempts} attempts, and {len(ends) - unspent} of its runs ended by themselves"


def recoveries(evidence: Evidence) -> Iterator[tuple[str, float]]:
    """Each job that a kill interrupted and that started again, with the seconds from the kill to that start."""
    for killed in evidence.of("killed", ""):
        for job in evidence.jobs("start"):
            starts = evidence.of("start", job)
            ended = {entry["fence"] for entry in evidence.of("end", job)}
            interrupted = [
                entry["fence"]
                for entry in starts
                if entry["pid"] in killed["pids"] and entry["t"] < killed["t"] and entry["fence"] not in ended
            ]
            again = [entry["t"] for entry in starts if interrupted and entry["fence"] > interrupted[-1]]
            if again:
                yield job, min(again) - killed["t"]


def _late_recoveries(evidence: Evidence, seconds: float) -> Iterator[str]:
    for job, late in recoveries(evidence):
        if late > seconds:
            yield f"I4: {job} started again {late:.1f} s after the kill; {seconds:g} were allowed"


def _counts(evidence: Evidence) -> Iterator[str]:
    store = evidence.store
    yield from (f"I5: {line}" for line in store.disagreements)
    placed = sum(len(places) for places in store.places.values())
    if placed != len(store.data):
        yield f"I5: {len(store.data)} jobs are stored, and {placed} are counted by state"


def _visibility(evidence: Evidence) -> Iterator[str]:
    if not evidence.log:
        return
    crashed = evidence.logged("job_recovered", "job_crashed", "job_runs_again")
    dead = evidence.logged("job_dead", "settle_failed", "store_repaired", "result_refused")
    killed = {pid for entry in evidence.of("killed", "") for pid in entry["pids"]}
    silenced = {
        entry["job"] for entry in evidence.entries if entry["event"] == "start" and entry["pid"] in killed
    }
    for job, state in evidence.store.states.items():
        if int(state.get("crashes", 0)) and job not in crashed:
            yield f"I7: {job} has crashed and no log line says so"
        if state.get("status") == "failed" and job not in dead and job not in silenced:
            yield f"I7: {job} is dead-lettered and no log line says so"


def _order(evidence: Evidence) -> Iterator[str]:
    asked = [entry for entry in evidence.entries if entry["event"] == "submit" and entry.get("ordered")]
    begun = {job: evidence.of("start", job)[0]["fence"] for job in evidence.jobs("start")}
    levels: dict[str, list[str]] = {}
    for entry in asked:
        if entry["job"] in begun:
            levels.setdefault(entry["ordered"], []).append(entry["job"])
    for level, jobs in levels.items():
        for earlier, later in itertools.pairwise(jobs):
            if begun[earlier] > begun[later]:
                yield f"I8: {later} of {level} began before {earlier}, which was submitted before it"


RULES: tuple[Callable[[Evidence], Iterator[str]], ...] = (
    _places,
    _completions,
    _runs,
    _counts,
    _visibility,
    _order,
    schedule_rules.fires,
    schedule_rules.spans,
)
