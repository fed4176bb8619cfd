"""Writing what the scripts are asked: pure, and the same for both transports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from ...domain.priority import JobPriority
from ...ports.delivery import Settlement
from ...ports.envelope import Message
from .replies import milliseconds
from .transport import Argument


def enqueue_one_arguments(prefix: str, message: Message, cap: int | None) -> list[Argument]:
    """The arguments of `enqueue_one.lua`; `cap` is the queue's `max_jobs`. What most messages share stands in front."""
    envelope = message.envelope
    begin = (prefix, envelope.type, envelope.queue, envelope.priority, "" if cap is None else cap)
    due = b"" if envelope.due is None else b"%d" % envelope.due
    return [begin, message.job_id.encode(), message.data, due]


def enqueue_arguments(
    prefix: str, messages: Sequence[Message], caps: Mapping[str, int], *, atomic: bool
) -> list[Argument]:
    """The arguments of `enqueue.lua`. Messages of one queue, level and sort share a kind."""
    sorts: dict[tuple[str, int | str, str], dict[tuple[str, str], int]] = {}
    rows: list[Argument] = []
    count = 0
    for message in messages:
        envelope = message.envelope
        due, unique = envelope.due, envelope.unique
        sort = (envelope.type, "" if due is None else due, unique or "")
        kinds = sorts.get(sort)
        if kinds is None:
            kinds = sorts[sort] = {}
        place = (envelope.queue, envelope.priority)
        number = kinds.get(place)
        if number is None:
            number = kinds[place] = count = count + 1
        rows += (message.job_id, message.data, number)
    if len(sorts) > 1:  # kinds were counted as they came, and stand with those of their sort
        came = chain.from_iterable(kinds.values() for kinds in sorts.values())
        final: dict[Argument, int] = {number: position for position, number in enumerate(came, 1)}
        rows[2::3] = [final[number] for number in rows[2::3]]
    arguments: list[Argument] = [prefix, int(atomic), len(caps), len(sorts)]
    for pair in caps.items():
        arguments += pair
    for sort, kinds in sorts.items():
        arguments += (*sort, len(kinds), *chain.from_iterable(kinds))
    return arguments + rows


def settle_arguments(prefix: str, settlements: Sequence[Settlement]) -> tuple[list[Argument], Sequence[int]]:
    """The arguments of `settle.lua`, and the position of each settlement in the order in which they stand there.

    Settlements that differ in nothing but job, queue, level and result share a kind.
    """
    kinds: dict[tuple[Any, ...], dict[tuple[str, JobPriority], tuple[list[Argument], list[int]]]] = {}
    for position, settlement in enumerate(settlements):
        delivery, result = settlement.delivery, settlement.result
        kind = (
            delivery.worker_id,
            settlement.event,
            settlement.delay,
            settlement.keep,
            settlement.error,
            settlement.reason,
            settlement.unique,
            bool(result),
        )
        levels = kinds.get(kind)
        if levels is None:
            levels = kinds[kind] = {}
        level = (delivery.queue, delivery.priority)
        of_level = levels.get(level)
        if of_level is None:
            of_level = levels[level] = [], []
        rows, positions = of_level
        positions.append(position)
        if result:
            rows += (delivery.job_id, delivery.fence, result)
        else:
            rows += (delivery.job_id, delivery.fence)
    arguments: list[Argument] = [prefix, len(kinds)]
    order: list[int] = []
    for kind, levels in kinds.items():
        worker_id, event, delay, keep, error, reason, unique, has_results = kind
        arguments += (worker_id, event.value, milliseconds(delay, 0), milliseconds(keep), error or "")
        arguments += (reason or event.value, unique or "", int(has_results), len(levels))
        for (queue, priority), (rows, positions) in levels.items():
            arguments += (queue, priority.word, len(positions))
            arguments += rows
            order += positions
    return arguments, order
