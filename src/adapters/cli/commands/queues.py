"""`hexjobs queues`: looking at queues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ....domain.priority import HIGHEST_FIRST, JobPriority
from ..invocation import Invocation, common_options
from ..output import Column, print_list

if TYPE_CHECKING:
    from ....ports.delivery import QueueStats


def _level_column(level: JobPriority) -> Column:
    return Column(level.word.upper(), lambda queue: queue["by_priority"].get(level.word, 0), right=True)


COLUMNS = (
    Column("QUEUE", lambda queue: queue["name"]),
    Column("WAITING", lambda queue: queue["waiting"], right=True),
    *map(_level_column, HIGHEST_FIRST),
    Column("SCHEDULED", lambda queue: queue["scheduled"], right=True),
    Column("RETRYING", lambda queue: queue["retrying"], right=True),
    Column("PROCESSING", lambda queue: queue["processing"], right=True),
    Column("FAILED", lambda queue: queue["failed"], right=True),
    Column("OLDEST", lambda queue: _age(queue["oldest_waiting_seconds"]), right=True),
)


@click.group()
@common_options
def queues() -> None:
    """Look at queues."""


@queues.command("list")
@common_options
@click.pass_obj
def list_queues(invocation: Invocation) -> None:
    """List the queues and how many jobs of each are where.

    OLDEST is how long the oldest waiting job could have run already. Without a terminal: one line for each queue, the
    values between tabs.

    \b
    Examples:
      hexjobs queues list
      hexjobs queues list --json
    """
    with invocation.jobs() as service:
        stats = service.queue_stats()
    print_list([_document(each) for each in stats], COLUMNS, as_json=invocation.as_json, what="queues")


def _document(stats: QueueStats) -> dict[str, Any]:
    return {
        "name": stats.name,
        "waiting": stats.waiting,
        "scheduled": stats.scheduled,
        "retrying": stats.retrying,
        "processing": stats.processing,
        "failed": stats.failed,
        "paused": stats.paused,
        "by_priority": stats.by_priority,
        "oldest_waiting_seconds": stats.oldest_waiting_seconds,
    }


def _age(seconds: float | None) -> str | None:
    return None if seconds is None else f"{seconds:.0f}s"
