"""Interrupts reach the call they are meant for and nothing else, wherever they fall."""

from __future__ import annotations

import asyncio
import random
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from hexjobs import JobContext, JobType
from hexjobs.adapters.worker.thread_call import ThreadCall
from hexjobs.adapters.worker.thread_caller import ThreadCaller
from hexjobs.application import interruption
from hexjobs.application.blocking import drive
from hexjobs.application.handler_registry import BoundHandler
from hexjobs.application.interruption import Interrupted, Interruption, uninterrupted
from support.run import run

CALLS = 1000


def new_context() -> JobContext:
    """That of one run."""
    return JobContext(job_id="j", job_type="t", queue="q", attempt=1, max_retries=0, fence_token=1)


def bound(function: Any) -> BoundHandler:
    """A `def` handler."""
    return BoundHandler(JobType("t"), function, is_async=False)


@contextmanager
def switching_often() -> Iterator[None]:
    """Threads are switched between any two steps."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)


def test_an_interrupt_never_hits_the_next_call() -> None:
    """Sent at random moments around the end of a call: the thread's next call and its end are never hit."""
    chance = random.Random(20)
    interrupted: set[str] = set()

    def counts(context: JobContext, payload: int) -> None:
        try:
            for _ in range(payload):
                pass
        except Interrupted:
            interrupted.add(threading.current_thread().name)
            raise

    def looks(context: JobContext, payload: Any) -> bool:
        for _ in range(200):
            pass
        return threading.current_thread().name in interrupted

    async def scenario() -> None:
        caller = ThreadCaller()
        stopped = 0
        for _ in range(CALLS):
            context = new_context()
            task = asyncio.ensure_future(caller(bound(counts), context, chance.randrange(60_000)))
            await asyncio.sleep(chance.random() / 5000)
            context.cancel()
            task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                stopped += 1
            assert await caller(bound(looks), new_context(), None) is False, "the thread was used again"
        caller.close()
        assert 20 < stopped < CALLS

    with switching_often():
        run(scenario(), deadline=50)
    assert interrupted, "some hit the handler itself"


def test_a_call_cancelled_without_a_word_is_left_to_itself() -> None:
    """So an event loop that ends waits for no thread; a second cancelling leaves also a call that was told."""
    release = threading.Event()

    def waits(context: JobContext, payload: threading.Event) -> None:
        payload.set()
        release.wait(20)

    async def scenario(*, told: bool) -> None:
        caller, context, begun = ThreadCaller(), new_context(), threading.Event()
        task = asyncio.ensure_future(caller(bound(waits), context, begun))
        await asyncio.to_thread(begun.wait, 5)
        if told:
            context.cancel()
            task.cancel()
            await asyncio.sleep(0.01)
            assert not task.done()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        caller.close()

    for told in (False, True):
        run(scenario(told=told), deadline=5)
    release.set()


def test_holding_and_interrupting_exclude_each_other() -> None:
    """Whichever comes first: a held call is interrupted at the release, one that was interrupted cannot be held."""
    held = Interruption()
    held.begin()
    assert held.hold()
    assert not held.hold(), "once is enough"
    assert not held.interrupt(), "it comes later"
    with pytest.raises(Interrupted):
        held.release()
    assert not held.end()
    held.wait_out()

    early = Interruption()
    assert not early.interrupt(), "it has not begun"
    with pytest.raises(Interrupted):
        early.begin()
    with pytest.raises(Interrupted):
        early.hold()
    assert not early.end()

    ended = Interruption()
    ended.begin()
    assert ended.end()
    assert not ended.interrupt()
    with uninterrupted():
        assert interruption.current_interruption() is None


def test_an_interrupt_that_is_on_its_way_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that ends between the decision to interrupt it and the sending: its thread does nothing else before."""
    sending, go_on, ended = threading.Event(), threading.Event(), threading.Event()
    send, answers = interruption._send, []

    def late(thread: int, exception: type[BaseException] | None) -> bool:
        if exception is not None:
            sending.set()
            go_on.wait(5)
        return send(thread, exception)

    monkeypatch.setattr(interruption, "_send", late)
    loop = asyncio.new_event_loop()
    call = ThreadCall(lambda: sending.wait(5), lambda ended: None, loop)

    def serve() -> None:
        answers.append(call.run())
        ended.set()
        for _ in range(10_000):
            pass  # would be hit here

    thread = threading.Thread(target=serve)
    thread.start()
    interrupter = threading.Thread(target=call.interrupt)
    interrupter.start()
    assert sending.wait(5)
    assert not ended.wait(0.1)
    go_on.set()
    thread.join()
    interrupter.join()
    loop.close()
    assert answers == [False]


def test_a_driven_operation_runs_whole() -> None:
    """A thread that is interrupted in the middle of an operation of the blocking service is so at its end."""
    begun, seen = threading.Event(), []

    async def operation(context: JobContext) -> None:
        begun.set()
        while not context.cancelled:
            pass
        ends = time.monotonic() + 0.1  # the interrupt is sent in the meantime
        while time.monotonic() < ends:
            pass
        seen.append("whole")

    def submits(context: JobContext, payload: Any) -> None:
        drive(operation(context))
        seen.append("went on")

    async def scenario() -> None:
        caller, context = ThreadCaller(), new_context()
        task = asyncio.ensure_future(caller(bound(submits), context, None))
        await asyncio.to_thread(begun.wait, 5)
        context.cancel()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        caller.close()

    run(scenario())
    assert seen == ["whole"]


def test_an_interpreter_that_cannot_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then threads see `cancelled`, and nothing else happens."""
    monkeypatch.setattr(interruption, "_can_send", lambda: False)
    call = Interruption()
    call.begin()
    assert not call.interrupt()
    assert call.end()


def test_no_thread_can_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run fails, nothing is left in the line, and a later call has its thread."""
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async def scenario() -> None:
        caller = ThreadCaller()
        monkeypatch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="new thread"):
            await caller(bound(lambda *_: 1), new_context(), None)
        monkeypatch.setattr(threading.Thread, "start", start)
        assert await caller(bound(lambda *_: 2), new_context(), None) == 2
        caller.close()

    run(scenario())
