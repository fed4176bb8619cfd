"""OverlapPolicy: what a schedule does while a job of an earlier instant has not ended."""

from __future__ import annotations

from enum import StrEnum


class OverlapPolicy(StrEnum):
    """What a schedule does at an instant while a job of an earlier one has not ended; a dead letter has.

    `allow`: both run. `skip`: the instant does not fire. `queue_one`: it fires as soon as the earlier jobs have ended; while one
    instant waits so, further ones do not fire. `cancel_running`: the earlier jobs are cancelled.
    """

    ALLOW = "allow"
    SKIP = "skip"
    QUEUE_ONE = "queue_one"
    CANCEL_RUNNING = "cancel_running"
