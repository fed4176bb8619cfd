"""`hexjobs queues`: looking at queues, pausing, resuming and emptying them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from ....domain.errors import UnknownQueue
from ....domain.priority import HIGHEST_FIRST, JobPriority
from ..completions import complete_queues
from ..confirmation import confirm
from ..exit_code import ExitCode
from ..invocation import Invocation, common_options
from ..output import Column, print_data, print_error, print_json, print_list, print_note

if TYPE_CHECKING:
    from ....ports.delivery import QueueStats


def _level_column(level: JobPriority) -> Column:
    return Column(level.word.upper(), lambda queue: queue["by_priority"].get(level.word, 0), right=True)


QUEUE = click.argument("queue", metavar="QUEUE", shell_complete=complete_queues)
COLUMNS = (
    Column("QUEUE", lambda queue: queue["name"]),
    Column("WAITING", lambda queue: queue["waiting"], right=True),
    *map(_level_column, HIGHEST_FIRST),
    Column("SCHEDULED", lambda queue: queue["scheduled"], right=True),
    Column("RETRYING", lambda queue: queue["retrying"], right=True),
    Column("PROCESSING", lambda queue: queue["processing"], right=True),
    Column("FAILED", lambda queue: queue["failed"], right=True),
    Column("OLDEST", lambda queue: _age(queue["oldest_waiting_seconds"]), right=True),
    Column("PAUSED", lambda queue: "paused" if queue["paused"] else None),
)


@click.group()
@common_options
def queues() -> None:
    """Look at queues, pause them, resume them, empty them."""


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


@queues.command("pause")
@QUEUE
@common_options
@click.pass_obj
def pause_queue(invocation: Invocation, queue: str) -> ExitCode:
    """Let a queue hand out no more jobs, to any worker, until it is resumed.

    Running jobs go on; new jobs, due jobs and retries come in and wait. It holds until `hexjobs queues resume`, over
    restarts of everything.

    \b
    Example:
      hexjobs queues pause email
    """
    with invocation.jobs() as service, _known():
        changed = service.pause_queue(queue)
        return _tell(invocation, queue, "paused" if changed else "was paused already", changed=changed)
    return ExitCode.NOT_FOUND


@queues.command("resume")
@QUEUE
@common_options
@click.pass_obj
def resume_queue(invocation: Invocation, queue: str) -> ExitCode:
    """Let a paused queue hand out its jobs again.

    \b
    Example:
      hexjobs queues resume email
    """
    with invocation.jobs() as service, _known():
        changed = service.resume_queue(queue)
        return _tell(invocation, queue, "resumed" if changed else "was not paused", changed=changed)
    return ExitCode.NOT_FOUND


@queues.command("purge")
@QUEUE
@click.option("-y", "--yes", is_flag=True, help="Go on without asking.")
@common_options
@click.pass_obj
def purge_queue(invocation: Invocation, queue: str, *, yes: bool) -> ExitCode:
    """Remove the jobs of a queue that wait, are scheduled or retrying, for good.

    Running jobs, dead letters and ended jobs stay. It tells how many there are and asks. What comes in meanwhile may go
    with them: pause the queue first, or stop who submits.

    \b
    Example:
      hexjobs queues purge email --yes
    """
    with invocation.jobs() as service, _known():
        waiting = sum(
            stats.waiting + stats.scheduled + stats.retrying
            for stats in service.queue_stats()
            if stats.name == queue
        )
        count = f"{waiting} job{'s' if waiting != 1 else ''}"
        if waiting and not confirm(f"Remove {count} of queue {queue!r} for good?", yes=yes):
            print_note("nothing was changed")
            return ExitCode.FAILED
        return _tell(invocation, queue, "purged", removed=service.purge_queue(queue))
    return ExitCode.NOT_FOUND


@contextmanager
def _known() -> Iterator[None]:
    """Say that a queue is not known, and go on behind the block: here that is `not found`, not bad input."""
    try:
        yield
    except UnknownQueue as error:
        for problem in error.problems:
            print_error(str(problem))


def _tell(invocation: Invocation, queue: str, outcome: str, **more: int) -> ExitCode:
    if invocation.as_json:
        print_json({"name": queue, "outcome": outcome, **more})
    else:
        shown = [str(number) for name, number in more.items() if name == "removed"]
        print_data("\t".join([queue, outcome, *shown]))
    return ExitCode.DONE


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
