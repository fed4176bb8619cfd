"""`answer`: what the worker does for the process of a run that asks it, through the run's own context."""

from __future__ import annotations

from typing import Any

import msgspec

from ....application.blocking import drive
from ....application.job_context import BlockingJobContext
from ....domain.job_type import JobType
from .protocol import Answer, EffectRecorded, FromChild, Progress, RecordEffect, Submit, encode
from .refusals import to_refusal


def answer(context: BlockingJobContext, asked: FromChild) -> bytes | None:
    """Do what was asked; the encoded answer, or None where none is expected."""
    if isinstance(asked, Progress):
        context.progress(msgspec.json.decode(asked.value))
        return None
    try:
        return encode(Answer(_value(context, asked)))
    except Exception as error:  # noqa: BLE001  # it is raised where the handler is
        return encode(Answer(refusal=to_refusal(error)))


def _value(context: BlockingJobContext, asked: FromChild) -> msgspec.Raw:
    match asked:
        case Submit():
            return msgspec.Raw(encode(_submitted(context, asked)))
        case EffectRecorded(key):
            recorded = drive(context.effects.recorded(key))
            return msgspec.Raw(b"[]" if recorded is None else b"[" + recorded + b"]")
        case RecordEffect(key, value):
            return msgspec.Raw(drive(context.effects.record(key, bytes(value))))
        case _:
            raise TypeError(f"nobody answers a {type(asked).__name__}")


def _submitted(context: BlockingJobContext, asked: Submit) -> str:
    job_type: Any = asked.job_type
    if asked.declared:
        job_type = JobType(asked.job_type, queue=asked.queue, priority=asked.priority)
    return context.submit_job(job_type, msgspec.json.decode(asked.payload), **asked.options)
