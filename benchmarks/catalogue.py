"""The catalogue: every figure of `make bench`, in the order of the report, with what it must reach.

A target is a ratio to another figure of the same run wherever that can be. Where a target was set in jobs a second, it
was set on a machine whose bare client awaited 7,349 LPUSH a second; it is taken as the ratio to that.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

REFERENCE_PUSHES = 7_349
"""Awaited LPUSH a second of the bare client where the targets were set."""


class Bound(StrEnum):
    """On which side of its limit a figure must be."""

    AT_LEAST = "at least"
    AT_MOST = "at most"


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure must reach: a limit, or with `of` that many times another figure of the same round."""

    bound: Bound
    limit: float
    of: str | None = None
    said: str = ""
    """How the target was set, where that is not as a ratio."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: its key in the results, what it is, its unit, and its target where it has one."""

    key: str
    what: str
    unit: str
    target: Target | None = None
    beside: str | None = None
    """The figure of the same round that it is shown beside, where its target names none."""


@dataclass(frozen=True, slots=True)
class Group:
    """The figures of one subject."""

    title: str
    figures: tuple[Figure, ...]


def at_least(limit: float, of: str | None = None, said: str = "") -> Target:
    """A target to reach or exceed."""
    return Target(Bound.AT_LEAST, limit, of, said)


def at_most(limit: float, of: str | None = None) -> Target:
    """A target not to exceed."""
    return Target(Bound.AT_MOST, limit, of)


def pushes(per_second: int) -> Target:
    """A target that was set in jobs a second."""
    said = f"{per_second:,}/s where that is {REFERENCE_PUSHES:,}/s"
    return at_least(per_second / REFERENCE_PUSHES, "bare.async", said)


PUSH, POP = "bare LPUSH", "bare push to blocked pop"
SLOTS = "one worker process, 100 slots"
CATALOGUE = (
    Group(
        "Draining",
        (
            Figure(
                "drain.async.jobs_per_second", f"`async def`, {SLOTS}", "jobs/s", at_least(4.0, "bare.async")
            ),
            Figure("drain.async.worker_us", "CPU of the worker a job", "µs", at_most(25)),
            Figure("drain.async.server_s_per_10k", "CPU of the server for 10,000 jobs", "s", at_most(0.20)),
            Figure("drain.threads.jobs_per_second", f"`def` in threads, {SLOTS}", "jobs/s", pushes(12_000)),
            Figure("drain.threads.worker_us", "CPU of the worker a job", "µs"),
            Figure("drain.threads.server_s_per_10k", "CPU of the server for 10,000 jobs", "s"),
            Figure("drain.async_5.jobs_per_second", "`async def`, 5 slots", "jobs/s", beside="bare.async"),
            Figure("drain.async_5.worker_us", "CPU of the worker a job", "µs"),
            Figure("drain.async_5.server_s_per_10k", "CPU of the server for 10,000 jobs", "s"),
        ),
    ),
    Group(
        "Submitting",
        (
            Figure("bare.async", f"{PUSH}, awaited one by one", "/s"),
            Figure("submit.async", "`submit_job`, awaited one by one", "/s", at_least(0.8, "bare.async")),
            Figure("bare.blocking", f"{PUSH}, blocking, one by one", "/s"),
            Figure(
                "submit.blocking", "`submit_job`, blocking, one by one", "/s", at_least(0.7, "bare.blocking")
            ),
            Figure("submit.tasks", "`submit_job`, 50 tasks on one service", "/s", pushes(40_000)),
            Figure("submit.threads", "`submit_job`, 50 threads on one service", "/s", pushes(15_000)),
            Figure("bare.pipelines", f"{PUSH}, pipelines of 100", "/s"),
            Figure("submit.bulk", "`submit_jobs`, 1,000 in each", "/s", at_least(1.3, "bare.pipelines")),
        ),
    ),
    Group(
        "From submit to the handler's first line",
        (
            Figure("bare.start_p50", f"{POP}, p50", "ms"),
            Figure("start.p50", "idle worker, p50", "ms", at_most(1.3, "bare.start_p50")),
            Figure("bare.start_p99", f"{POP}, p99", "ms"),
            Figure("start.p99", "idle worker, p99", "ms", at_most(2.0, "bare.start_p99")),
        ),
    ),
    Group(
        "An idle worker",
        (
            Figure("idle.requests", "requests", "/s", at_most(1)),
            Figure("idle.commands", "commands in `INFO`", "/s", at_most(5)),
            Figure("idle.cpu", "CPU of the child", "% of a core", at_most(0.5)),
            Figure("idle.supervisor_cpu", "CPU of the supervisor", "% of a core"),
            Figure("idle.child_rss", "memory of a child without HTTP", "MiB", at_most(80)),
            Figure("idle.supervisor_rss", "memory of the supervisor", "MiB", at_most(15)),
        ),
    ),
    Group(
        "Jobs that are due at one instant",
        (
            Figure("burst.waiting", "as many that wait in their queue", "jobs/s"),
            Figure(
                "burst.delayed",
                "delayed ones, from that instant on",
                "jobs/s",
                at_least(0.5, "burst.waiting"),
            ),
            Figure("burst.quiet_p50", "a submit on the quiet server, p50", "ms"),
            Figure("burst.quiet_p99", "a submit on the quiet server, p99", "ms"),
            Figure("burst.draining_p50", "a submit while they are drained that wait, p50", "ms"),
            Figure("burst.draining_p99", "a submit while they are drained that wait, p99", "ms"),
            Figure(
                "burst.promoting_p50",
                "a submit while the delayed ones start, p50",
                "ms",
                at_most(1.5, "burst.draining_p50"),
            ),
            Figure(
                "burst.promoting_p99",
                "a submit while the delayed ones start, p99",
                "ms",
                at_most(1.5, "burst.draining_p99"),
            ),
        ),
    ),
    Group(
        "Jobs that are due far ahead",
        (
            Figure("far.submit_empty", "a submit on an empty server", "µs"),
            Figure("far.submit", "a submit beside them", "µs", at_most(1.25, "far.submit_empty")),
            Figure("far.bytes", "one delayed job", "bytes", at_most(340)),
            Figure("far.requests", "requests of an idle worker beside them", "/s", at_most(1)),
        ),
    ),
    Group(
        "From the instant for which a job was scheduled to the handler's first line",
        (
            Figure("lateness.p50", "one job, idle worker, p50", "ms"),
            Figure("lateness.p99", "one job, idle worker, p99", "ms", at_most(100)),
            Figure("lateness.schedule_p50", "a schedule of every second, idle worker, p50", "ms"),
            Figure(
                "lateness.schedule_p99", "a schedule of every second, idle worker, p99", "ms", at_most(100)
            ),
        ),
    ),
    Group("Memory of the server", (Figure("bytes.waiting", "one waiting job", "bytes", at_most(240)),)),
    Group(
        "Starting",
        (
            Figure("startup.python", "`python -c pass`", "ms"),
            Figure("startup.help", "`hexjobs --help`, over that", "ms", at_most(120)),
            Figure("startup.package", "`import hexjobs`, over that", "ms", at_most(40)),
            Figure("startup.libraries", "the libraries that the design names, over that", "ms"),
            Figure(
                "startup.service",
                "`from hexjobs import BackgroundJobService`, over that",
                "ms",
                at_most(1.2, "startup.libraries"),
            ),
            Figure("startup.ready", "`hexjobs worker`, to the start of a job that waits", "ms", at_most(900)),
        ),
    ),
    Group(
        "Submitting with `appendfsync always`",
        (
            Figure(
                "durable.tasks",
                "`submit_job`, 50 tasks",
                "/s",
                at_least(10_000),
                beside="durable.bare_at_once",
            ),
            Figure("durable.threads", "`submit_job`, 50 threads", "/s", beside="durable.bare_at_once"),
            Figure("durable.bare_at_once", f"{PUSH}, 50 tasks", "/s"),
            Figure("durable.lone", "`submit_job`, a lone one", "/s", beside="durable.bare_lone"),
            Figure("durable.bare_lone", f"{PUSH}, a lone one", "/s"),
        ),
    ),
)

COSTS: tuple[tuple[str, str, str, Target], ...] = (
    ("lone_us", "server, a lone submit", "µs/call", at_most(1.10)),
    ("submit_us", "server, a submit of 1,000 at once", "µs/job", at_most(1.10)),
    ("drain_us", "server, fetching and settling", "µs/job", at_most(1.10)),
    ("worker_us", "CPU of the worker", "µs/job", at_most(1.10)),
    ("submits_per_second", "`submit_jobs`", "/s", at_least(0.75)),
    ("jobs_per_second", "drained", "jobs/s", at_least(0.75)),
)
SITUATIONS = {
    "backlog": "With a backlog of {large_backlog:,}",
    "queues": "With {queues:,} queues",
    "delayed": "With {large_backlog:,} delayed jobs",
    "dead": "With {dead_letters:,} dead letters",
    "spread": "Where every job of a call is in another of {queues:,} queues",
}
WITHOUT_TARGET = "spread"
"""Calls that are about jobs of a thousand queues are others than those that are about jobs of one: what they cost is told."""


def growth_groups(**sizes: int) -> tuple[Group, ...]:
    """The same calls must cost the same as beside `small_backlog` alone; the sizes are those of `Sizes`."""
    return tuple(
        Group(
            f"{title.format(**sizes)}, beside {sizes['small_backlog']:,} that wait alone",
            tuple(_grown(name, *cost) for cost in COSTS),
        )
        for name, title in SITUATIONS.items()
    )


def _grown(name: str, key: str, what: str, unit: str, target: Target) -> Figure:
    base = f"growth.{name}.base.{key}"
    judged = None if name == WITHOUT_TARGET else Target(target.bound, target.limit, base)
    return Figure(f"growth.{name}.{key}", what, unit, judged, beside=base)
