"""The sections of the settings that concern the job system itself. Each description is a row of docs/configuration.md."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from ..domain.payload import MAX_BYTES, MAX_DEPTH
from ..domain.priority import JobPriority
from .fields import (
    AnyCase,
    Count,
    CountOrNone,
    Duration,
    Keeping,
    Levels,
    Limit,
    Natural,
    Period,
    Port,
    QueueName,
    Text,
    Weight,
)
from .keys import Section
from .store_sections import EmbeddedSettings, RedisSettings

SHORTEST_STUCK_AFTER = timedelta(seconds=10)
SHORTEST_LEASE = timedelta(milliseconds=500)
LATER_PROVIDERS = ("postgres", "sqs", "pubsub", "servicebus")


def _is_built(provider: Any) -> Any:
    if provider in LATER_PROVIDERS:
        raise ValueError(f"{provider} is not supported yet; one of: embedded, redis, memory")
    return provider


class WorkerPoolSettings(Section):
    """How a worker process runs jobs. Handlers and submits may say their own retries and timeouts."""

    processes: Count = Field(default=1, description="Child processes of one worker, each with its own slots.")
    worker_count: Count = Field(default=5, description="Jobs that one process runs at the same time.")
    queues: tuple[QueueName, ...] = Field(default=(), description="Queues to take jobs from; empty for all.")
    strict: bool = Field(
        default=False,
        description="Whether a queue goes first until it is empty, in the written order, instead of by weight.",
    )
    max_retries: Natural = Field(default=3, description="Runs that may follow a failed first one.")
    retry_delay: Duration = Field(
        default=timedelta(seconds=5),
        description="Wait before the first retry; it doubles with each further one.",
    )
    max_backoff: Duration = Field(default=timedelta(hours=1), description="Longest wait before a retry.")
    timeout: Limit = Field(
        default=timedelta(minutes=30), description="How long one run may take; `none` lifts the limit."
    )
    shutdown_timeout: Duration = Field(
        default=timedelta(seconds=25),
        description="How long running jobs may go on after a request to stop; then they are given back.",
    )
    lease: Period = Field(
        default=timedelta(seconds=6),
        description="How long a worker's heartbeat may stand still before others take its jobs over.",
    )
    heartbeat: Period = Field(
        default=timedelta(seconds=2),
        description="How often a worker shows that it is alive, and learns which jobs were cancelled; a third of the lease where that is less.",
    )
    crash_limit: Count = Field(
        default=3,
        description="How often the worker may die under a job before the job is dead-lettered as `crashed`.",
    )
    zombie_limit: Natural = Field(
        default=5,
        description="Handlers past their timeout that cannot be stopped and are replaced; with more the process is recycled.",
    )
    max_jobs_per_child: CountOrNone = Field(
        default=None,
        description="Runs after which a child process is replaced by a fresh one; `none` for never.",
    )
    max_memory_per_child: CountOrNone = Field(
        default=None,
        description="Resident memory in MiB above which a child process is replaced by a fresh one; `none` for never.",
    )
    stuck_after: Period = Field(
        default=timedelta(seconds=60),
        description="How long a worker may make no progress before it counts as stuck.",
    )

    @property
    def beat_every(self) -> timedelta:
        """How often a worker shows that it is alive."""
        return min(self.heartbeat, self.lease / 3)

    @field_validator("lease")
    @classmethod
    def _outlasts_a_delay(cls, lease: timedelta) -> timedelta:
        if lease < SHORTEST_LEASE:
            raise ValueError("must be at least 500ms: a busy machine may delay a heartbeat that long")
        return lease

    @field_validator("stuck_after")
    @classmethod
    def _outlasts_a_wait(cls, stuck_after: timedelta) -> timedelta:
        if stuck_after < SHORTEST_STUCK_AFTER:
            raise ValueError(
                "must be at least 10s: a worker that waits for jobs shows itself every few seconds"
            )
        return stuck_after


class SchedulerSettings(Section):
    """Recurring jobs, and the sweep of what is kept."""

    enabled: bool = Field(default=True, description="Whether workers fire the recurring schedules.")
    cleanup_interval: Period = Field(
        default=timedelta(minutes=1),
        description="How often jobs whose retention is over are removed and the store is reconciled.",
    )


class MetricsSettings(Section):
    """Prometheus metrics."""

    enabled: bool = Field(default=True, description="Whether metrics are collected and served.")
    collection_interval: Period = Field(
        default=timedelta(seconds=30),
        description="How often the sizes of the queues are read from the store.",
    )
    prefix: str = Field(
        default="hexjobs",
        pattern=r"^[a-z][a-z0-9_]{0,63}$",
        description="What the name of every metric begins with.",
    )


class PayloadSettings(Section):
    """What a payload may be."""

    max_bytes: Count = Field(default=MAX_BYTES, description="Largest payload, in bytes of JSON.")
    max_depth: Count = Field(default=MAX_DEPTH, description="Deepest nesting of objects and lists.")


class RetentionSettings(Section):
    """How long finished jobs are kept."""

    completed: Duration = Field(default=timedelta(hours=1), description="How long a completed job is kept.")
    completed_max: Natural = Field(default=100_000, description="Most completed jobs that are kept.")
    cancelled: Duration = Field(default=timedelta(hours=24), description="How long a cancelled job is kept.")
    failed: Keeping = Field(
        default=None, description="How long a dead letter is kept; `forever` until somebody removes it."
    )


class JobsSettings(Section):
    """The job system."""

    enabled: bool = Field(
        default=True, description="Whether jobs run at all: when false, workers exit and a submit is refused."
    )
    provider: Annotated[Literal["embedded", "redis", "memory"], BeforeValidator(_is_built)] = Field(
        default="embedded",
        description="What keeps the jobs: a server that hexjobs starts itself, your Redis or Valkey, or this process's memory.",
    )
    handlers: tuple[str, ...] = Field(default=(), description="Modules with handlers, such as `myapp.jobs`.")
    embedded: EmbeddedSettings = EmbeddedSettings()
    redis: RedisSettings = RedisSettings()
    require_durable: bool = Field(
        default=False,
        description="Whether to refuse a server that may lose acknowledged jobs: it evicts, or has no append-only file.",
    )
    worker_pool: WorkerPoolSettings = WorkerPoolSettings()
    scheduler: SchedulerSettings = SchedulerSettings()
    metrics: MetricsSettings = MetricsSettings()
    payload: PayloadSettings = PayloadSettings()
    retention: RetentionSettings = RetentionSettings()

    @field_validator("require_durable")
    @classmethod
    def _can_be_durable(cls, require_durable: bool, info: ValidationInfo) -> bool:
        embedded = info.data.get("embedded")
        if require_durable and info.data.get("provider") == "memory":
            raise ValueError("is true, but provider is memory: jobs end with the process")
        if (
            require_durable
            and info.data.get("provider") == "embedded"
            and embedded
            and embedded.fsync == "no"
        ):
            raise ValueError(
                "is true, but jobs.embedded.fsync is no: set it to always, or to everysec to lose a second at most"
            )
        return require_durable


class HttpSettings(Section):
    """Where health, metrics and the API answer."""

    host: Text = Field(default="127.0.0.1", description="Address to listen on.")
    port: Port = Field(default=8080, description="Port to listen on; 0 for any free one.")


class LoggingSettings(Section):
    """What the command line logs; an application that uses hexjobs as a library configures logging itself."""

    level: Annotated[Literal["debug", "info", "warning", "error", "critical"], AnyCase] = Field(
        default="info", description="Least important level that is logged."
    )
    format: Literal["auto", "console", "json"] = Field(
        default="auto", description="How lines look; `auto` is `console` on a terminal and `json` elsewhere."
    )


class QueueSettings(Section):
    """One queue."""

    not_yet: ClassVar[frozenset[str]] = frozenset({"provider"})

    priority_levels: Levels = Field(
        default=tuple(JobPriority), description="Levels that jobs of this queue may have."
    )
    max_jobs: CountOrNone = Field(
        default=None,
        description="Most waiting and scheduled jobs; a submit beyond is refused. `none` for no cap.",
    )
    weight: Weight = Field(
        default=1, description="Share of the workers' attention compared with other queues."
    )
