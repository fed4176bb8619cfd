"""What a worker, the guard of a run and the process of the run say to each other: JSON, never pickled objects."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec


class Order(msgspec.Struct):
    """Worker to child: run this. The payload is as it was stored."""

    job_id: str
    job_type: str
    queue: str
    attempt: int
    max_retries: int
    fence_token: int
    payload: msgspec.Raw
    deadline: datetime | None = None
    tags: tuple[str, ...] = ()
    metadata: dict[str, Any] = {}
    headers: dict[str, Any] = {}


class Progress(msgspec.Struct, tag="progress"):
    """Child to worker: the latest progress. It is not answered."""

    value: msgspec.Raw


class Submit(msgspec.Struct, tag="submit"):
    """Child to worker: submit this job; answered with its id.

    `declared` is true where the handler gave a JobType: its queue and priority are then part of this, and the payload is
    checked already.
    """

    job_type: str
    payload: msgspec.Raw
    options: dict[str, Any]
    declared: bool = False
    queue: str | None = None
    priority: str | None = None


class EffectRecorded(msgspec.Struct, tag="effect_recorded"):
    """Child to worker: what is recorded under this key; answered with a list of it, or an empty one."""

    key: str


class RecordEffect(msgspec.Struct, tag="record_effect"):
    """Child to worker: record what an effect came to; answered with what holds."""

    key: str
    value: msgspec.Raw


class Ended(msgspec.Struct, tag="ended"):
    """Child to worker: what the run came to: the name of an outcome, and its fields (for `Done` the result)."""

    outcome: str
    fields: msgspec.Raw


class Refusal(msgspec.Struct):
    """Why something asked for was not done: the name of an error of hexjobs, its message, its attributes."""

    error: str
    message: str
    facts: dict[str, Any] = {}


class Answer(msgspec.Struct):
    """Worker to child: what was asked for, or why not."""

    value: msgspec.Raw = msgspec.Raw(b"null")
    refusal: Refusal | None = None


class Started(msgspec.Struct, tag="started"):
    """Guard to worker: the child runs."""

    pid: int


class NotStarted(msgspec.Struct, tag="not_started"):
    """Guard to worker: there was no child."""

    error: str


class Gone(msgspec.Struct, tag="gone"):
    """Guard to worker: the child and all its descendants are gone. `status` is that of `waitpid`."""

    status: int
    cpu_seconds: float


FromChild = Progress | Submit | EffectRecorded | RecordEffect | Ended
FromGuard = Started | NotStarted | Gone
encode = msgspec.json.Encoder().encode
decode_order = msgspec.json.Decoder(Order).decode
decode_answer = msgspec.json.Decoder(Answer).decode
decode_from_child = msgspec.json.Decoder[FromChild](FromChild).decode
decode_from_guard = msgspec.json.Decoder[FromGuard](FromGuard).decode
