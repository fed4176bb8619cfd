"""Findings: what a check has found so far, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ....ports.store_check import Finding, StoreReport

MOST_KEPT = 1000
SENTENCES = {
    "data_lost": "its data are lost ({detail}): it cannot run again",
    "state_lost": "its state is lost ({detail})",
    "not_queued": "it is pending, and in no queue's list",
    "not_delayed": "it is {detail}, and not among the delayed jobs",
    "not_processing": "it is processing, and its worker does not have it ({detail})",
    "not_indexed": "it is {detail}, and not listed among these",
    "misplaced": "it is {detail}, which does not fit this place",
    "queued_twice": "it waits twice",
    "worker_unknown": "worker {detail} has jobs, and nobody knows it",
    "worker_silent": "worker {detail} is known, and has no beat",
    "worker_unlisted": "worker {detail} beats, and is not listed",
    "unique_missing": "its unique key is not held",
    "unique_stale": "this unique key is held by a job that has ended or is gone",
    "not_ready": "jobs wait in queue {detail}, which is not known to be ready",
    "fence_behind": "the last fence token is lower than one that was given out: {detail}",
    "count_wrong": "the counter says {told} for {counter}, and there are {number}",
    "idle_unknown": "worker {detail} waits for jobs, and nobody knows it",
    "mailbox_stale": "it lies in the mailbox of worker {detail}, which does not have it",
    "mailbox_unknown": "worker {detail} has a mailbox, and nobody knows it",
    "effects_orphaned": "effects are kept of a job that is gone",
    "schedule_without_due": "schedule {detail} is neither due, nor paused, nor has it ended",
    "schedule_misplaced": "schedule {detail} is where it does not belong, or in two places",
    "schedule_lost": "something is kept of schedule {detail}, and there is no such schedule",
    "schedule_state_lost": "the state of schedule {detail} is lost",
    "schedule_ledger_lost": "the ledger of schedule {detail} is lost",
    "schedule_fires_lost": "the latest jobs of schedule {detail} are lost",
    "schedule_queued_lost": "an instant of schedule {detail} waits, and its job is lost",
    "schedule_queued_untold": "a job of schedule {detail} waits, and its state does not say so",
}


class Findings:
    """What a check has found so far. The first findings are kept whole, all are counted."""

    def __init__(self, *, repair: bool) -> None:
        self.repair = repair
        self.looked_at: Counter[str] = Counter()
        self._kept: list[Finding] = []
        self._counts: Counter[str] = Counter()
        self._jobs: set[str] = set()

    def add(self, code: str, job_id: str, where: str, detail: str = "") -> None:
        """Note a finding. One that is not repaired may be met twice from two sides; the second time is left out."""
        if not self.repair and job_id and job_id in self._jobs:
            return
        self._jobs.add(job_id)
        self._counts[code] += 1
        if len(self._kept) < MOST_KEPT:
            self._kept.append(Finding(code, where, _sentence(code, detail), job_id or None, self.repair))

    def add_all(self, rows: Sequence[Sequence[Any]]) -> None:
        """Note what a script has found."""
        for row in rows:
            self.add(*(value.decode("utf-8", "replace") for value in row))

    def knows(self, job_id: bytes) -> bool:
        """Whether this job has a finding that stays."""
        return not self.repair and job_id.decode("utf-8", "replace") in self._jobs

    def report(self) -> StoreReport:
        """All of it."""
        found = sum(self._counts.values())
        return StoreReport(
            findings=self._kept,
            counts=dict(self._counts),
            left=0 if self.repair else found,
            looked_at=dict(self.looked_at),
        )


def _sentence(code: str, detail: str) -> str:
    counter, _, numbers = detail.partition(" ")
    told, _, number = numbers.partition(" ")
    return SENTENCES[code].format(detail=detail, counter=counter, told=told, number=number)
