"""Writing what the scripts are asked: pure, and the same for both transports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...ports.delivery import Settlement
from ...ports.envelope import Message
from .replies import milliseconds
from .transport import Argument


def enqueue_arguments(
    prefix: str, messages: Sequence[Message], caps: Mapping[str, int], *, atomic: bool
) -> list[Argument]:
    """The arguments of `enqueue.lua`. Messages of one queue, level and type share a kind."""
    kinds: dict[tuple[str, str, str, int | str, str], int] = {}
    rows: list[Argument] = []
    for message in messages:
        envelope = message.envelope
        due, unique = envelope.due, envelope.unique
        kind = (envelope.queue, envelope.priority, envelope.type, "" if due is None else due, unique or "")
        number = kinds.setdefault(kind, len(kinds) + 1)
        rows += (message.job_id, message.data, number)
    arguments: list[Argument] = [prefix, int(atomic), len(caps), len(kinds)]
    for pair in caps.items():
        arguments += pair
    for kind in kinds:
        arguments += kind
    return arguments + rows


def settle_arguments(prefix: str, settlements: Sequence[Settlement]) -> list[Argument]:
    """The arguments of `settle.lua`. Settlements that differ in nothing but job and result share a kind."""
    kinds: dict[tuple[Any, ...], int] = {}
    rows: list[Argument] = []
    for settlement in settlements:
        delivery = settlement.delivery
        kind = (
            delivery.worker_id,
            settlement.event,
            delivery.queue,
            delivery.priority,
            settlement.delay,
            settlement.keep,
            settlement.error,
            settlement.reason,
            settlement.unique,
        )
        number = kinds.get(kind)
        if number is None:
            number = kinds[kind] = len(kinds) + 1
        rows += (delivery.job_id, delivery.fence, number, settlement.result or b"")
    arguments: list[Argument] = [prefix, len(kinds)]
    for worker_id, event, queue, priority, delay, keep, error, reason, unique in kinds:
        arguments += (
            worker_id,
            event.value,
            queue,
            priority.word,
            milliseconds(delay, 0),
            milliseconds(keep),
        )
        arguments += (error or "", reason or event.value, unique or "")
    return arguments + rows
