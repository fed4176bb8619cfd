"""What passes between a queue and a worker: subscriptions, deliveries, settlements, and their answers."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Any

import msgspec

from ..domain.errors import JobError
from ..domain.priority import JobPriority
from ..domain.transitions import JobEvent


class Subscription(msgspec.Struct, frozen=True):
    """Which queues a worker takes jobs from.

    `weights` maps queue to weight (1 and more); among non-empty queues turns follow the weights, or the mapping's order
    where `strict`. `worker_id` is the identity whose jobs these become; never reused.
    """

    worker_id: str
    weights: dict[str, int]
    strict: bool = False


class Delivery(msgspec.Struct, gc=False):
    """One run of one job, handed to one worker. It can be run without a look-up.

    `data` are the stored bytes as they are; `decode_envelope` reads them. `attempt` counts from 1. `fence` grows with
    each delivery of the job and is checked at settle; `receipt` is the adapter's own.
    """

    job_id: str
    queue: str
    priority: JobPriority
    data: bytes
    attempt: int
    fence: int
    crashes: int = 0
    worker_id: str = ""
    receipt: Any = None


class Settlement(msgspec.Struct, gc=False):
    """How a delivery ended: one event of the table of transitions, and what belongs to it.

    `delay` goes with ERRED and SNOOZED; `result` is JSON and goes with SUCCEEDED; `error` is text for people, `reason` a
    stable word; `keep` is how long an ended job is kept (None: for ever); `unique` is the unique key to free.
    """

    delivery: Delivery
    event: JobEvent
    delay: timedelta | None = None
    result: bytes | None = None
    error: str | None = None
    reason: str | None = None
    keep: timedelta | None = None
    unique: str | None = None


class EnqueueResult(msgspec.Struct, gc=False):
    """The answer for one message: the id of the job that now stands for it, or the error that kept it out.

    `is_new` is false when an existing job answered (the same job_id, or the same unique_key).
    """

    job_id: str
    is_new: bool = True
    error: JobError | None = None


class LeaseState(StrEnum):
    """What `extend` found for a delivery."""

    HELD = "held"
    LOST = "lost"
    CANCEL_REQUESTED = "cancel_requested"


class QueueStats(msgspec.Struct):
    """How many jobs of one queue are where."""

    name: str
    by_priority: dict[str, int]
    waiting: int = 0
    scheduled: int = 0
    retrying: int = 0
    processing: int = 0
    failed: int = 0
    paused: bool = False
    oldest_waiting_seconds: float | None = None


class Capabilities(msgspec.Struct, frozen=True):
    """What an adapter can do; the core emulates the rest or refuses at start. None means unbounded."""

    max_delay: timedelta | None = None
    max_bytes: int | None = None
    priorities: int = 4
    lookup: bool = True
    cancel_waiting: bool = True
    fence: bool = True
    order: bool = True
    exact_cap: bool = True
    dedupe_window: timedelta | None = None
    durable: bool = True
