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
    if len(messages) == 1:
        [message] = messages
        envelope = message.envelope
        if envelope.due is None and not (atomic or caps or envelope.unique):
            begin = (prefix, 0, 0, 1, envelope.queue, envelope.priority, envelope.type, "", "")
            return [begin, message.job_id.encode(), message.data, b"1"]
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


def settle_arguments(prefix: str, settlements: Sequence[Settlement]) -> tuple[list[Argument], Sequence[int]]:
    """The arguments of `settle.lua`, and the position of each settlement in the order in which they stand there.

    Settlements that differ in nothing but job and result share a kind.
    """
    kinds: dict[tuple[Any, ...], tuple[list[Argument], list[int]]] = {}
    for position, settlement in enumerate(settlements):
        delivery, result = settlement.delivery, settlement.result
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
            bool(result),
        )
        of_kind = kinds.get(kind)
        if of_kind is None:
            of_kind = kinds[kind] = [], []
        rows, positions = of_kind
        positions.append(position)
        if result:
            rows += (delivery.job_id, delivery.fence, result)
        else:
            rows += (delivery.job_id, delivery.fence)
    arguments: list[Argument] = [prefix, len(kinds)]
    order: list[int] = []
    for kind, (rows, positions) in kinds.items():
        worker_id, event, queue, priority, delay, keep, error, reason, unique, has_results = kind
        arguments += (
            worker_id,
            event.value,
            queue,
            priority.word,
            milliseconds(delay, 0),
            milliseconds(keep),
        )
        arguments += (error or "", reason or event.value, unique or "", int(has_results), len(positions))
        arguments += rows
        order += positions
    return arguments, order
