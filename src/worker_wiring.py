"""What the settings come to for a worker: its queues, its roles, its lease. Names no adapter; `container.py` does."""

from __future__ import annotations

import os
import pickle
import socket
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from . import __version__
from .application.async_service import UseCases
from .application.lease_watch import LeaseWatch
from .domain.errors import InvalidConfiguration, InvalidJob, Problem
from .domain.options import JobOptions
from .domain.suggestion import nearest
from .domain.validator import JobValidator
from .handler_modules import HandlerModules
from .handler_wiring import circuits
from .ports.circuits import CircuitRules
from .ports.delivery import Subscription
from .ports.leases import WorkerFacts
from .ports.worker import PoolStatistics
from .settings import Settings, place

if TYPE_CHECKING:
    from .application.recurring.schedule_configuration import ScheduleConfiguration

STARTED = int(time.time() * 1000)


def subscription(settings: Settings, rules: JobValidator, worker_id: str) -> Subscription:
    """The queues that this process takes jobs from: those asked for, else all."""
    wanted = settings.jobs.worker_pool.queues or tuple(rules.queues)
    for name in wanted:
        if name not in rules.queues:
            message = f"{name!r} is not a configured queue{nearest(name, rules.queues)}"
            raise InvalidConfiguration([Problem("jobs.worker_pool.queues", message)])
    weights = {name: rules.queues[name].weight for name in wanted}
    return Subscription(worker_id, weights, strict=settings.jobs.worker_pool.strict)


def worker_facts(
    weights: Mapping[str, int], statistics: Callable[[], PoolStatistics], job_types: Iterable[str]
) -> WorkerFacts:
    """What a worker tells about itself."""
    return WorkerFacts(
        host=socket.gethostname(),
        pid=os.getpid(),
        started=STARTED,
        queues=tuple(weights),
        slots=statistics().slots,
        job_types=tuple(sorted(job_types)),
        version=__version__,
    )


def seconds_between_beats(settings: Settings) -> float:
    """As is promised; each beat also looks after the others."""
    return settings.jobs.worker_pool.beat_every.total_seconds()


def lease_watch(settings: Settings) -> LeaseWatch:
    """Who decides that other workers are dead. Looks that miss half a lease prove nothing."""
    lease = settings.jobs.worker_pool.lease.total_seconds()
    return LeaseWatch(lease, longest_gap=lease / 2 + seconds_between_beats(settings))


def longest_block_seconds(settings: Settings) -> float:
    """How long a handler may block the event loop before the log tells."""
    return settings.jobs.worker_pool.lease.total_seconds() / 2


def isolation_command() -> list[str]:
    """What starts the helper process of isolated handlers: `src/isolated.py`."""
    return [sys.executable, "-m", f"{__package__}.isolated"]


def isolation_setup(settings: Settings) -> bytes:
    """What that process is told first: where modules are found, and the settings."""
    return pickle.dumps((sys.path, settings))


def enabled_roles(
    settings: Settings,
    schedule: Callable[[], Any],
    sweep: Callable[[], Any],
    reconcile: Callable[[], Any],
    collect: Callable[[], Any],
) -> list[Any]:
    """The background roles of a worker, in the order of their start."""
    roles = [sweep(), reconcile()]
    if settings.jobs.scheduler.enabled:
        roles.append(schedule())
    if settings.jobs.metrics.enabled:
        roles.append(collect())
    return roles


def schedule_configuration(settings: Settings, use_cases: UseCases) -> ScheduleConfiguration | None:
    """The schedules under `schedules:`; None where nothing was ever said about them.

    InvalidConfiguration where a job could not be submitted here, such as one of an unknown type.
    """
    if not settings.schedules and not settings.schedules_revision:
        return None
    # A worker without schedules loads none of the calendar.
    from .application.recurring.make_plan import make_plan
    from .application.recurring.schedule_configuration import ScheduleConfiguration

    definitions, problems = [], []
    for name, section in settings.schedules.items():
        try:
            plan, options = make_plan(**section.plan), JobOptions.make(**section.options)
            definitions.append(
                use_cases.schedule.definition(name, section.type, section.payload, plan, options, "config")
            )
        except InvalidJob as error:
            for problem in error.problems:
                own = "type" if problem.field == "job_type" else problem.field.removeprefix("options.")
                field = f"schedules.{name}.{own}"
                problems.append(Problem(field, problem.message + place(settings, field)))
    if problems:
        raise InvalidConfiguration(problems)
    return ScheduleConfiguration(settings.schedules_revision, definitions, prune=settings.schedules_prune)


def longest_fetch_wait(settings: Settings) -> timedelta:
    """How long an idle worker waits for jobs at a time; with a read that nobody answers it has still made progress in time."""
    return min(timedelta(seconds=8), settings.jobs.worker_pool.stuck_after / 4)


def longest_schedule_wait(settings: Settings) -> timedelta:
    """How long a scheduler rests at most, likewise."""
    return min(timedelta(seconds=20), settings.jobs.worker_pool.stuck_after / 3)


def circuit_rules(settings: Settings) -> dict[str, CircuitRules]:
    """The rules of the configured circuits by name."""
    return {
        name: CircuitRules(
            failures=circuit.failures,
            window=circuit.window,
            open_for=circuit.open_for,
            max_open_for=circuit.max_open_for,
        )
        for name, circuit in settings.circuits.items()
    }


def circuit_names(settings: Settings, modules: HandlerModules) -> tuple[str, ...]:
    """The circuits that are measured: the configured ones and those that handlers name."""
    return tuple(sorted({*settings.circuits, *circuits(modules)}))
