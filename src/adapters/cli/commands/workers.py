"""`hexjobs workers`: looking at workers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from ....domain.duration import format_duration
from ..invocation import Invocation, common_options
from ..output import Column, print_list

if TYPE_CHECKING:
    from ....ports.leases import WorkerStatus


def _span(seconds: float | None) -> str | None:
    return None if seconds is None else format_duration(timedelta(seconds=round(seconds)))


def _last_beat(worker: Any) -> str | None:
    return _span(worker["last_beat_seconds_ago"]) if worker["alive"] else "lost"


COLUMNS = (
    Column("WORKER", lambda worker: worker["worker_id"]),
    Column("HOST", lambda worker: worker["host"]),
    Column("PID", lambda worker: worker["pid"], right=True),
    Column("UP", lambda worker: _span(worker["up_seconds"]), right=True),
    Column("LAST BEAT", _last_beat, right=True),
    Column("SLOTS", lambda worker: worker["slots"], right=True),
    Column("RUNNING", lambda worker: worker["running"], right=True),
    Column("HTTP", lambda worker: worker["http"]),
    Column("QUEUES", lambda worker: ",".join(worker["queues"])),
)


@click.group()
@common_options
def workers() -> None:
    """Look at workers."""


@workers.command("list")
@common_options
@click.pass_obj
def list_workers(invocation: Invocation) -> None:
    """List the workers that the store knows, with what they run.

    LAST BEAT is how long ago a worker showed that it is alive; `lost` where its lease is gone and its jobs are taken
    over. Without a terminal: one line for each worker, the values between tabs.

    \b
    Examples:
      hexjobs workers list
      hexjobs workers list --json
    """
    with invocation.jobs() as service:
        found = service.workers()
    now = datetime.now(UTC)
    documents = [_document(each, now) for each in found]
    print_list(documents, COLUMNS, as_json=invocation.as_json, what="workers")


def _document(worker: WorkerStatus, now: datetime) -> dict[str, Any]:
    facts = worker.facts
    started = None if facts is None or not facts.started else _instant(facts.started)
    seen = None if worker.seen is None else _instant(worker.seen)
    return {
        "worker_id": worker.worker_id,
        "alive": worker.beat is not None,
        "host": facts.host if facts else None,
        "pid": facts.pid if facts else None,
        "started_at": started and started.isoformat(timespec="milliseconds"),
        "up_seconds": started and _seconds(now - started),
        "last_beat_at": seen and seen.isoformat(timespec="milliseconds"),
        "last_beat_seconds_ago": seen and _seconds(now - seen),
        "queues": list(facts.queues) if facts else [],
        "slots": facts.slots if facts else None,
        "running": worker.processing,
        "job_types": list(facts.job_types) if facts else [],
        "http": facts.http if facts else None,
        "version": facts.version if facts else None,
    }


def _instant(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _seconds(age: timedelta) -> float:
    return max(0.0, round(age.total_seconds(), 1))
