"""Leases: which workers are alive, and whose jobs are taken over."""

from __future__ import annotations

from typing import Protocol

import msgspec


class WorkerFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a worker tells about itself when it joins. `started` is milliseconds since 1970."""

    host: str = ""
    pid: int = 0
    started: int = 0
    queues: tuple[str, ...] = ()
    slots: int = 0
    job_types: tuple[str, ...] = ()
    http: str | None = None
    version: str = ""


class WorkerStatus(msgspec.Struct, frozen=True):
    """One worker that the store knows: its facts where it told them, its latest beat, and how many jobs are its.

    `beat` is None when its lease is gone; `seen` is the store's time of the latest beat in milliseconds since 1970.
    """

    worker_id: str
    facts: WorkerFacts | None = None
    beat: str | None = None
    seen: int | None = None
    processing: int = 0


class Recovered(msgspec.Struct, frozen=True):
    """One job that was taken over from a dead worker: where it is now, and the crashes it has had."""

    job_id: str
    data: bytes
    crashes: int
    cancelled: bool = False


class Leases(Protocol):
    """Which workers are alive, and whose jobs are taken over. ServerUnavailable is raised by every method when the server is away.

    A worker joins at its first `dequeue` or with its first facts, and its lease is a count of beats. No clock decides:
    who watches a beat stand still for long enough, on a clock of its own, may take the jobs over.
    """

    async def beat(self, worker_id: str, facts: WorkerFacts | None = None) -> dict[str, str]:
        """Count one beat of this worker; the beat of every worker, by id.

        A beat never looks like one before. With `facts` the worker joins, and `workers` tells them. LeaseLost, and
        nothing is counted, when the worker has not joined, has left or was taken over.
        """
        ...

    async def take_over(self, worker_id: str, beat: str | None) -> list[Recovered] | None:
        """Give back all jobs of a dead worker and end its lease; the jobs, or None, and nothing changes, when it is alive.

        It is alive when its beat is not `beat` any more; with None its death is certain. The jobs go to the head of
        their levels in the order they had, the attempt taken back and one crash counted; one whose cancelling was
        requested ends as cancelled. Settlements of the dead worker are refused from then on.
        """
        ...

    async def workers(self) -> list[WorkerStatus]:
        """Every worker that has joined and not left, by id."""
        ...
