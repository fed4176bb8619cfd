"""Schedulers that act on what they saw long ago, or each as if it were alone: fault 31."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from faults.harness.sabotage import GATE, VARIABLE
from faults.harness.stage import Stage

SABOTAGE = "faults.harness.sabotage"
NAME = "each-second"


def stale_claims(stage: Stage, schedulers: int) -> int | None:
    """The instant that so many schedulers have seen due and not claimed yet; None: not so many yet."""
    holding: dict[int, set[int]] = {}
    for entry in stage.entries("holding"):
        holding.setdefault(entry["instant"], set()).add(entry["pid"])
    return next((instant for instant, pids in holding.items() if len(pids) == schedulers), None)


def fired(stage: Stage, at_least: int) -> list[int]:
    """The instants that fired, where there are so many; else none."""
    rows = stage.snapshot().ledgers.get(NAME, [])
    instants = sorted(row["instant"] for row in rows if row["outcome"] == "fired")
    return instants if len(instants) >= at_least else []


def has_resumed_all(stage: Stage) -> bool:
    """Whether both schedulers that were held have heard of their claim."""
    return len({entry["pid"] for entry in stage.entries("claimed_late")}) == 2


@pytest.mark.parametrize(
    "others", [0, 1], ids=["two that believe to be alone", "two that sleep while a third goes on"]
)
def test_a_claim_from_an_old_look_makes_no_second_job(tmp_path: Path, others: int) -> None:
    """Two schedulers stop between look and fire at the same instant, and both fire it: one job.

    Where a third one went on meanwhile, both are refused, and go on with what is due by then.
    """
    with Stage(tmp_path, handlers=(SABOTAGE,)) as stage:
        for _ in range(2):
            stage.start_worker(address=stage.server.url, **{VARIABLE: "hold_fires"})
        stage.service.schedule_recurring(
            NAME, "step", {}, every="1s", misfire="run_all", backlog=1000, grace="1s"
        )
        stage.cadences[NAME] = 1000
        instant = stage.until(partial(stale_claims, stage, 2), "both have looked and not fired")
        assert not fired(stage, 1)
        for _ in range(others):
            stage.start_worker(address=stage.server.url)
            stage.until(partial(fired, stage, 3), "another one goes on")
        (stage.journals / GATE).touch()
        stage.until(partial(has_resumed_all, stage), "both have fired what they saw")
        answers = [e["outcome"] for e in stage.entries("claimed_late") if e["instant"] == instant]
        assert sorted(answers) == (["refused", "refused"] if others else ["fired", "refused"])
        count = len(fired(stage, 1))
        stage.until(partial(fired, stage, count + 2), "they fire on")
        stage.service.pause_schedule(NAME)
        stage.drain()
        assert fired(stage, 1)[0] == instant
        assert stage.judge() == []


def ended_twice(stage: Stage) -> bool:
    """Whether some job has ended well two times."""
    ends = [entry["job"] for entry in stage.entries("end") if entry["how"] == "Done"]
    return len(set(ends)) < len(ends)


@pytest.mark.parametrize(
    ("guard", "shows", "said"),
    [
        ("fire_unclaimed", has_resumed_all, f"I9: {NAME} settled"),
        ("fire_doubled", ended_twice, f"I3: schedule:{NAME}:"),
    ],
    ids=["without the claim", "and without the id"],
)
def test_a_claim_that_is_not_checked_is_seen(
    tmp_path: Path, guard: str, shows: Callable[[Stage], bool], said: str
) -> None:
    """Negative control: the store fires whatever it is told. Also where its second guard, the job's id, is gone."""
    with Stage(tmp_path, handlers=(SABOTAGE,)) as stage:
        for _ in range(2):
            stage.start_worker(address=stage.server.url, **{VARIABLE: guard})
        stage.service.schedule_recurring(NAME, "step", {}, every="1s")
        stage.until(partial(stale_claims, stage, 2), "both have looked and not fired")
        (stage.journals / GATE).touch()
        stage.until(partial(shows, stage), "both have fired the same instant")
        for worker in stage.workers:
            stage.kill(worker)
        assert [line for line in stage.judge(is_drained=False) if line.startswith(said)]
