"""ChildRun: one run of a handler, in the process that is its own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any, NoReturn

import structlog

from ....application.handler_registry import BoundHandler, HandlerRegistry
from ....application.job_context import BlockingJobContext, JobContext
from ....application.job_result import outcome_of_returned
from ....application.verdict import outcome_of
from ....domain.byte_size import format_byte_size
from ....domain.errors import InvalidJob
from ....domain.job_type import JobType
from ....domain.outcome import Fail, Outcome, Retry
from ..thread_caller import JobScope
from .channel import Channel
from .kernel import address_space, go_first_when_memory_ends, limit_this_process
from .line_effects import LineEffects
from .outcomes import to_ended
from .protocol import Order, decode_order
from .worker_line import WorkerLine


class ChildRun:
    """Reads its order from the channel, runs the handler inside the job scopes, tells what it came to, and exits.

    `sys.exit` in a handler ends the process, as it would anywhere.
    """

    def __init__(self, channel: Channel, registry: HandlerRegistry, scopes: Sequence[JobScope]) -> None:
        self._channel = channel
        self._registry = registry
        self._scopes = scopes
        self._runner = asyncio.Runner()

    def run(self) -> NoReturn:
        """Begin, and never return."""
        status = 1
        try:
            order = self._channel.receive()
            if order is not None:
                self._obey(decode_order(order))
            status = 0
        except SystemExit as asked:
            status = asked.code if isinstance(asked.code, int) else int(asked.code is not None)
        except BaseException:  # noqa: BLE001  # the worker learns it from the status
            traceback.print_exc()
        finally:
            _flush()
            os._exit(status & 0xFF)

    def _obey(self, order: Order) -> None:
        structlog.contextvars.bind_contextvars(
            job_id=order.job_id, job_type=order.job_type, attempt=order.attempt
        )
        line = WorkerLine(self._channel)
        handler = self._registry.get(order.job_type)
        outcome: Outcome
        if handler is None:
            outcome = Retry(f"the helper process has no handler for job type {order.job_type!r}")
        else:
            outcome = _limited(handler.job_type) or self._outcome(handler, order, line)
        if line.is_ours:  # and not a fork that came back from the handler too
            line.tell(to_ended(outcome))

    def _outcome(self, handler: BoundHandler, order: Order, line: WorkerLine) -> Outcome:
        try:
            payload = handler.job_type.decode(bytes(order.payload))
        except (InvalidJob, ValueError) as error:
            return Fail(str(error), "invalid_payload")
        try:
            return outcome_of_returned(self._call(handler, _context(handler, order, line), payload))
        except SystemExit:
            raise
        except MemoryError as error:
            traceback.clear_frames(error.__traceback__)  # what they hold is needed to say so
            limit = handler.job_type.memory_limit
            said = outcome_of(error)
            if limit is not None and isinstance(said, Retry):
                return Retry(f"{said.error}\nits memory limit is {format_byte_size(limit)}")
            return said
        except BaseException as error:  # noqa: BLE001  # whatever it is, it is what the run came to
            return outcome_of(error)

    def _call(self, handler: BoundHandler, context: JobContext, payload: Any) -> Any:
        if not handler.is_async:
            with self._entered(context):
                return handler.call(context, payload)

        async def call() -> Any:
            with self._entered(context):
                return await handler.call(context, payload)

        return self._runner.run(call())

    def _entered(self, context: JobContext) -> contextlib.ExitStack:
        with contextlib.ExitStack() as stack:
            for scope in self._scopes:
                stack.enter_context(scope(context))
            return stack.pop_all()


def _limited(job_type: JobType[Any, Any]) -> Outcome | None:
    """Hold this process to its limits; an outcome where it cannot even begin within them."""
    go_first_when_memory_ends()
    limit, used = job_type.memory_limit, address_space()
    if limit is not None and used is not None and used >= limit:
        has, may = format_byte_size(used), format_byte_size(limit)
        return Retry(f"a process begins with {has} of address space, and memory_limit is {may}: raise it")
    limit_this_process(limit, job_type.cpu_limit)
    return None


def _context(handler: BoundHandler, order: Order, line: WorkerLine) -> JobContext:
    known: dict[str, Any] = {
        "job_id": order.job_id,
        "job_type": order.job_type,
        "queue": order.queue,
        "attempt": order.attempt,
        "max_retries": order.max_retries,
        "fence_token": order.fence_token,
        "deadline": order.deadline,
        "tags": order.tags,
        "metadata": order.metadata,
        "headers": order.headers,
        "save_progress": line.progress,
        "effects": LineEffects(line, waits=handler.is_async),
    }
    if handler.is_async:
        return JobContext(submit=line.submit_async, **known)
    return BlockingJobContext(blocking_submit=line.submit, **known)


def _flush() -> None:
    for flush in (sys.stdout.flush, sys.stderr.flush, logging.shutdown):
        with contextlib.suppress(Exception):
            flush()
