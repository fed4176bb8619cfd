"""WorkerLine: what a handler in a process of its own asks of its worker."""

from __future__ import annotations

import asyncio
import os
import threading
from datetime import datetime, timedelta
from typing import Any

import msgspec

from ....domain.errors import ServerUnavailable
from ....domain.job_type import JobType
from ....domain.options import OPTION_NAMES, JobOptions
from ....domain.payload import json_problems
from ....domain.priority import JobPriority
from .channel import Channel
from .protocol import FromChild, Progress, Submit, decode_answer, encode
from .refusals import to_error


class WorkerLine:
    """Asks one thing after the other, for any thread of the process that it was made in."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._lock = threading.Lock()
        self._owner = os.getpid()

    @property
    def is_ours(self) -> bool:
        """Whether this is the process of the run, and not one that its handler forked."""
        return os.getpid() == self._owner

    def tell(self, message: FromChild) -> None:
        """Say something that is not answered."""
        with self._lock:
            self._send(message)

    def ask(self, message: FromChild) -> msgspec.Raw:
        """The answer; what the worker raised is raised here again."""
        with self._lock:
            self._send(message)
            reply = self._channel.receive()
        if reply is None:
            raise ServerUnavailable("the worker of this run is gone")
        answer = decode_answer(reply)
        if answer.refusal is not None:
            raise to_error(answer.refusal)
        return answer.value

    def progress(self, value: Any) -> None:
        """See `JobContext.progress`; ValueError where it is not JSON."""
        problems = json_problems(value, path="progress")
        if problems:
            raise ValueError("; ".join(map(str, problems)))
        self.tell(Progress(msgspec.Raw(encode(value))))

    def submit(self, job_type: JobType[Any, Any] | str, payload: Any = None, **options: Any) -> str:
        """See `BlockingJobContext.submit_job`."""
        declared = isinstance(job_type, JobType)
        described: JobType[Any, Any] = job_type if isinstance(job_type, JobType) else JobType(job_type)
        made = JobOptions.make(**options)
        wanted = Submit(
            described.name,
            msgspec.Raw(described.encode({} if payload is None else payload).raw),
            {name: _plain(value) for name in OPTION_NAMES if (value := getattr(made, name)) is not None},
            declared,
            described.queue,
            None if described.priority is None else described.priority.word,
        )
        return msgspec.json.decode(self.ask(wanted), type=str)

    async def submit_async(self, job_type: Any, payload: Any = None, **options: Any) -> str:
        """See `JobContext.submit_job`."""
        return await asyncio.to_thread(self.submit, job_type, payload, **options)

    def _send(self, message: FromChild) -> None:
        if not self.is_ours:
            raise RuntimeError("a process that the handler forked has no part in the run's context")
        try:
            self._channel.send(encode(message))
        except OSError as error:
            raise ServerUnavailable("the worker of this run is gone") from error


def _plain(value: Any) -> Any:
    """An option as JSON, in a form that `JobOptions.make` takes."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, JobPriority):
        return value.word
    return value
