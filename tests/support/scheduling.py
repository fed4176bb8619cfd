"""Scheduling: recurring schedules on a store in memory, whose clock stands still, and what was measured of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from hexjobs import JobOptions, JobType
from hexjobs.adapters.memory.job_queue import MemoryJobQueue
from hexjobs.adapters.memory.job_store import MemoryJobStore
from hexjobs.adapters.memory.schedule_store import MemoryScheduleStore
from hexjobs.adapters.memory.state import MemoryStore
from hexjobs.adapters.metrics.no_job_metrics import NoJobMetrics
from hexjobs.application.cancel_job import CancelJob
from hexjobs.application.intake import Intake
from hexjobs.application.messages import to_instant, to_milliseconds
from hexjobs.application.recurring.make_plan import make_plan
from hexjobs.application.recurring.schedule_configuration import ScheduleConfiguration
from hexjobs.application.recurring.schedule_pass import SchedulePass
from hexjobs.application.recurring.schedules import Schedules
from hexjobs.application.submit_job import SubmitJob
from hexjobs.domain.payload import PayloadLimits
from hexjobs.domain.priority import JobPriority
from hexjobs.domain.transitions import JobEvent
from hexjobs.domain.validator import JobValidator, QueueRules
from hexjobs.ports.delivery import Settlement, Subscription
from hexjobs.ports.envelope import VERSION, Envelope
from hexjobs.ports.job_store import JobQuery
from hexjobs.ports.schedule_entry import Planned, ScheduleDefinition, ScheduleEntry
from support.frozen_clock import FrozenClock

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PLAN = tuple(make_plan.__kwdefaults__ or ())


class RecordingMetrics(NoJobMetrics):
    """Keeps what is said of schedules."""

    def __init__(self) -> None:
        self.late: list[tuple[str, float]] = []
        self.skipped: list[str] = []
        self.missed: list[tuple[str, int]] = []

    def schedule_fired(self, schedule: str, late_seconds: float) -> None:
        """Keep it."""
        self.late.append((schedule, late_seconds))

    def schedule_skipped(self, schedule: str) -> None:
        """Keep it."""
        self.skipped.append(schedule)

    def schedule_missed(self, schedule: str, count: int) -> None:
        """Keep it."""
        self.missed.append((schedule, count))


class Scheduling:
    """A store, the use cases over it, and schedulers. The clock is the store's: nothing else reads one."""

    def __init__(self, start: datetime = NOON) -> None:
        self.clock = FrozenClock(start)
        state = MemoryStore()
        self.store = MemoryScheduleStore(state, self.clock)
        self.queue, self.jobs = MemoryJobQueue(state, self.clock), MemoryJobStore(state, self.clock)
        rules = JobValidator(
            job_types={"noop": JobType("noop"), "other": JobType("other")},
            queues={"default": QueueRules(frozenset(JobPriority), None, 1)},
            limits=PayloadLimits(),
        )
        self.schedules = Schedules(SubmitJob(Intake(self.queue), rules, self.clock), self.store)
        self.metrics = RecordingMetrics()
        self.scheduler = self.another_scheduler()

    def another_scheduler(self, configuration: ScheduleConfiguration | None = None) -> SchedulePass:
        """One more on the same store."""
        return SchedulePass(self.store, CancelJob(self.jobs, None), self.metrics, configuration)

    def configuration(
        self, revision: int, *, prune: bool = False, **schedules: dict[str, Any]
    ) -> ScheduleConfiguration:
        """A configuration of these schedules, each the words of a plan."""
        definitions = [self.definition(name, **words) for name, words in schedules.items()]
        return ScheduleConfiguration(revision, definitions, prune=prune)

    def definition(self, name: str, **words: Any) -> ScheduleDefinition:
        """What a store keeps of such a schedule of the configuration."""
        return self.schedules.definition(name, "noop", {}, make_plan(**words), source="config")

    async def add(self, name: str = "s", **words: Any) -> ScheduleEntry:
        """Keep a schedule of empty jobs; words of the plan and options of the job."""
        plan = {word: words.pop(word) for word in list(words) if word in PLAN}
        options = JobOptions.make(**words)
        return await self.schedules.add(name, "noop", {}, make_plan(**plan), options=options)

    async def put_broken(self, name: str, envelope: bytes = b"{}", **fields: Any) -> None:
        """Keep one that no scheduler of this release can read, due at once."""
        readable = msgspec.json.encode(Envelope(VERSION, "noop"))
        kept = {"cron": "* * * * *", "envelope": msgspec.Raw(envelope or readable), **fields}
        now = await self.store.now()
        await self.store.put(Planned(ScheduleDefinition(name=name, **kept), now, now))

    async def drain(self, scheduler: SchedulePass | None = None) -> float:
        """Let passes follow on each other until one waits; for how long."""
        for _ in range(1000):
            wait = await (scheduler or self.scheduler)()
            if wait > 0:
                return wait
        raise AssertionError("the passes never come to rest")

    async def after(self, seconds: float, scheduler: SchedulePass | None = None) -> list[str]:
        """What `fired` says when so much time has passed, and a scheduler has been there again."""
        self.clock.advance(seconds)
        await self.drain(scheduler)
        return await self.fired()

    async def fired(self, name: str = "s") -> list[str]:
        """The instants of a schedule that have jobs, as their ids tell them, without the date of the first day."""
        found = await self.jobs.find(JobQuery(limit=100_000), ["default"])
        prefix = f"schedule:{name}:"
        texts = sorted(job.job_id.removeprefix(prefix) for job in found if job.job_id.startswith(prefix))
        return [text.removeprefix("2026-03-01T").removesuffix("Z") for text in texts]

    async def entry(self, name: str = "s") -> ScheduleEntry:
        """The schedule as it is."""
        return await self.schedules.get(name)

    async def next_due(self, name: str = "s") -> datetime | None:
        """When it is due next."""
        due = (await self.entry(name)).next_due
        return None if due is None else to_instant(due)

    async def run_next(self) -> str:
        """A worker runs the next job, to its end; its id."""
        (delivery,) = await self.queue.dequeue(Subscription("w", {"default": 1}), 1, timedelta())
        await self.queue.settle([Settlement(delivery, JobEvent.SUCCEEDED)])
        return delivery.job_id

    def milliseconds(self) -> int:
        """The store's clock."""
        return to_milliseconds(self.clock.now())
