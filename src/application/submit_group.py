"""SubmitGroup: concurrent submits share round trips, and where the server writes each call to disk, that write too."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence

from ..ports.delivery import EnqueueResult
from ..ports.envelope import Message
from ..ports.job_queue import JobQueue
from .intake import Intake
from .submit_gates import Gate
from .submit_line import SubmitLine, WaitingSubmit
from .twin_error import twin_of


class SubmitGroup(Intake):
    """An Intake where calls that come while another is on its way gather, and go out as one when it is answered.

    A lone call goes at once. Each caller gets its own answers; what fails the call as a whole is raised to all in it. A
    caller that is cancelled or interrupted leaves the others alone: if it was sending for them, the next one sends again,
    which the ids make harmless. An atomic batch goes by itself.
    """

    def __init__(self, queue: JobQueue, gate: Gate) -> None:
        super().__init__(queue)
        self._gate = gate

    async def enqueue(
        self, messages: Sequence[Message], caps: Mapping[str, int] = {}, *, atomic: bool = False
    ) -> list[EnqueueResult]:
        """See `JobQueue.enqueue`."""
        if atomic:
            return await self._queue.enqueue(messages, caps, atomic=True)
        line, caller = self._gate.line(), self._gate.caller()
        if line.is_idle:
            try:
                with line.sending:
                    line.sender = caller
                    return await self._queue.enqueue(messages, caps)
            finally:
                line.wake_next()
        if line.is_sent_by(caller):  # a signal came while it did, and the handler of the signal submits
            return await self._queue.enqueue(messages, caps)
        submit = WaitingSubmit(messages, caps, self._gate.signal())
        try:
            line.join(submit)
            while not submit.is_answered:
                if submit.may_send and not line.sending.locked():
                    await self._send_front(line, caller)
                elif not await submit.signal.wait():
                    submit.may_send = True
        finally:
            if not submit.is_answered:
                line.leave(submit)
                line.wake_next()
        if submit.error is not None:
            raise submit.error
        return submit.answers or []

    async def begin(
        self, messages: Sequence[Message], caps: Mapping[str, int] = {}
    ) -> Awaitable[list[EnqueueResult]]:
        """See `Intake.begin`."""
        return await self._gate.begin(self.enqueue(messages, caps))

    async def _send_front(self, line: SubmitLine, caller: object) -> None:
        """Send what waits at the front of the line, for all; nothing where another was faster."""
        try:
            with line.sending:
                line.sender = caller
                group = line.front()
                if group:
                    await self._answer(group)
                for submit in group:
                    line.leave(submit)
                    submit.signal.wake()
                if len(group) > 1:
                    await self._gate.give_way()
        finally:
            line.wake_next()

    async def _answer(self, group: Sequence[WaitingSubmit]) -> None:
        messages, caps = _merged(group)
        try:
            answers = await self._queue.enqueue(messages, caps)
        except Exception as error:  # noqa: BLE001  # each caller raises it
            for submit in group:
                submit.error = twin_of(error)
            return
        begin = 0
        for submit in group:
            end = begin + len(submit.messages)
            submit.answers = answers[begin:end]
            begin = end


def _merged(group: Sequence[WaitingSubmit]) -> tuple[list[Message], Mapping[str, int]]:
    messages: list[Message] = []
    caps: Mapping[str, int] = {}
    for submit in group:
        messages += submit.messages
        if caps is not submit.caps:
            caps = {**caps, **submit.caps}
    return messages, caps
