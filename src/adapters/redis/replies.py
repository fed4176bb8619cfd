"""Reading what the scripts answer: pure, and the same for both transports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from itertools import islice
from typing import Any, Literal

import msgspec

from ...domain.errors import JobIdConflict, QueueFull
from ...domain.priority import HIGHEST_FIRST, JobPriority
from ...domain.status import JobStatus
from ...ports.delivery import Delivery, EnqueueResult, QueueStats
from ...ports.envelope import MalformedEnvelope, Message, decode_envelope, made_at
from ...ports.job_store import StoredJob

AT_FIRST_DELIVERY = 3
KEPT_OUT = b"none"
_STATE = msgspec.json.Decoder(dict[str, str])


def enqueue_results(
    messages: Sequence[Message], answers: Sequence[Any] | Literal[0], caps: Mapping[str, int]
) -> list[EnqueueResult]:
    """One result per message. Where an atomic batch was kept out, what refused it also answers for the others."""
    if answers == 0:
        return [EnqueueResult(message.job_id) for message in messages]
    results = [
        _enqueue_result(message, answer, caps) for message, answer in zip(messages, answers, strict=True)
    ]
    cause = next((result.error for result in results if result.error is not None), None)
    for result, answer in zip(results, answers, strict=True):
        if answer == KEPT_OUT:
            result.error = cause
    return results


def _enqueue_result(message: Message, answer: Any, caps: Mapping[str, int]) -> EnqueueResult:
    if answer == 0:
        return EnqueueResult(message.job_id)
    if answer == KEPT_OUT:
        return EnqueueResult(message.job_id, is_new=False)
    code, value = answer
    if code == b"held":
        return EnqueueResult(value.decode(), is_new=False)
    if code == b"full":
        queue = value.decode()
        return EnqueueResult(message.job_id, is_new=False, error=QueueFull(queue, caps[queue]))
    same = is_same_job(message, value)
    return EnqueueResult(message.job_id, is_new=False, error=None if same else JobIdConflict(message.job_id))


def is_same_job(message: Message, data: bytes) -> bool:
    """Whether stored data are of the same type and payload as the message."""
    try:
        stored = decode_envelope(data)
    except MalformedEnvelope:
        return False
    if stored.type != message.envelope.type:
        return False
    ours, theirs = bytes(message.envelope.payload), bytes(stored.payload)
    return ours == theirs or _canonical(ours) == _canonical(theirs)


def _canonical(payload: bytes) -> bytes:
    """One text for all ways to write the same JSON; `1`, `1.0` and `true` stay apart, which Python's `==` mixes up."""
    return msgspec.json.encode(msgspec.json.decode(payload), order="deterministic")


def deliveries(reply: Sequence[Any], worker_id: str) -> list[Delivery]:
    """The deliveries of a dequeue's answer, those from the worker's mailbox first."""
    found = [posted_delivery(text, worker_id) for text in reply[2]]
    if len(reply) > AT_FIRST_DELIVERY:
        fence, lines, ids, data, again = reply[AT_FIRST_DELIVERY:]
        first = len(found)
        rows = zip(ids, data, strict=True)
        for at in range(0, len(lines), 2):
            queue, priority = _place(lines[at])
            for job_id, text in islice(rows, lines[at + 1]):
                found.append(Delivery(job_id.decode(), queue, priority, text or b"", 1, fence, 0, worker_id))
                fence += 1
        for at in range(0, len(again), 3):
            delivery = found[first + again[at] - 1]
            delivery.attempt, delivery.crashes = again[at + 1], again[at + 2]
    return found


def settled(refused: Sequence[int], order: Sequence[int]) -> list[bool]:
    """Whether each settlement was recorded; `order` as `settle_arguments` gives it."""
    results = [True] * len(order)
    for number in refused:
        results[order[number - 1]] = False
    return results


def is_delivery(text: bytes) -> bool:
    """Whether what lay in a mailbox is a job; else it is a token that only wakes."""
    return b"\n" in text


def posted_delivery(text: bytes, worker_id: str) -> Delivery:
    """The delivery that lay in a worker's mailbox, as `handing.lua` writes it."""
    head, _, data = text.partition(b"\n")
    job_id, queue, level, attempt, crashes, fence = head.decode().split(" ")
    priority = JobPriority.parse(level)
    return Delivery(job_id, queue, priority, data, int(attempt), int(fence), int(crashes), worker_id)


@lru_cache(maxsize=4096)
def _place(line: bytes) -> tuple[str, JobPriority]:
    """The queue and level of which a list holds the ids that wait."""
    _, queue, level = line.decode().rsplit(":", 2)
    return queue, JobPriority.parse(level)


def queue_stats(queue: str, now: int, row: Sequence[Any]) -> QueueStats:
    """The figures of one queue. Its oldest waiting job is the oldest among the next ones of each level."""
    numbers = row[:9]
    waiting, (scheduled, retrying, processing, failed, paused) = numbers[:4], numbers[4:]
    heads = [int(row[at + 2] or waiting_since(row[at].decode(), row[at + 1])) for at in range(9, len(row), 3)]
    return QueueStats(
        name=queue,
        by_priority={level.word: count for level, count in zip(HIGHEST_FIRST, waiting, strict=True)},
        waiting=sum(waiting),
        scheduled=scheduled,
        retrying=retrying,
        processing=processing,
        failed=failed,
        paused=paused == 1,
        oldest_waiting_seconds=max((max(0, now - since) / 1000 for since in heads if since), default=None),
    )


def waiting_since(job_id: str, data: bytes) -> int:
    """The millisecond from which a job could have run; 0 when unknown."""
    try:
        envelope = decode_envelope(data)
    except MalformedEnvelope:
        return 0
    return max(made_at(job_id, envelope), envelope.due or 0)


def stored_job(job_id: str, answer: Sequence[Any]) -> StoredJob | None:
    """One looked-up job, None when it is unknown."""
    if not answer:
        return None
    data, due, text = answer
    state = job_state(text)
    status = state.get("status") or ("scheduled" if due else "pending")
    try:
        queue = decode_envelope(data).queue
    except MalformedEnvelope:
        queue = state.get("queue") or ""
    result = state.get("result")
    return StoredJob(
        job_id=job_id,
        data=data,
        status=JobStatus(status),
        queue=queue,
        reason=state.get("reason"),
        attempt=int(state.get("attempt", 0)),
        crashes=int(state.get("crashes", 0)),
        due=int(float(due)) if due else _integer(state.get("moved")),
        started=_integer(state.get("started")),
        finished=_integer(state.get("finished")),
        progress=msgspec.json.decode(state["progress"]) if "progress" in state else None,
        result=None if result is None else result.encode(),
        error=state.get("error"),
        worker_id=state.get("worker"),
    )


def job_state(text: bytes) -> dict[str, str]:
    """The fields of a job's state, as `state.lua` writes them; none where it is lost, or cannot be read."""
    try:
        return _STATE.decode(text.decode("utf-8", "replace"))
    except msgspec.DecodeError:
        return {}


def milliseconds(duration: timedelta | None, default: int = -1) -> int:
    """A duration as scripts take it; `default` stands for None."""
    return default if duration is None else max(0, round(duration.total_seconds() * 1000))


def _integer(value: str | None) -> int | None:
    return int(value) if value else None
