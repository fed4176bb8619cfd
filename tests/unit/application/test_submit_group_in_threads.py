"""SubmitGroup between threads: one sends for all, and no end of a thread leaves another waiting."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, cast

import pytest

from hexjobs import QueueFull, ServerUnavailable
from hexjobs.application import submit_gates
from hexjobs.application.blocking import drive
from hexjobs.application.submit_gates import ThreadGate, ThreadSignal
from hexjobs.application.submit_group import SubmitGroup
from hexjobs.ports.delivery import EnqueueResult
from hexjobs.ports.job_queue import JobQueue
from support.messages import message
from support.recording_queue import RecordingQueue
from support.run import run
from support.until import until

Answers = Future[list[EnqueueResult]]
DEADLINE = 10.0


class Stage:
    """A group before a queue whose calls wait for the test; `errors` are what they then raise, by number."""

    def __init__(self, threads: ThreadPoolExecutor) -> None:
        self.queue = RecordingQueue(self._hold)
        self.group = SubmitGroup(cast("JobQueue", self.queue), ThreadGate())
        self.errors: dict[int, BaseException] = {}
        self.open = threading.Semaphore(0)
        self._threads = threads

    async def _hold(self, _: list[str]) -> None:
        number = len(self.queue.calls) - 1
        assert self.open.acquire(timeout=DEADLINE)
        if number in self.errors:
            raise self.errors[number]

    def enqueue(self, *job_ids: str) -> list[EnqueueResult]:
        """As the blocking service does."""
        return drive(self.group.enqueue([message(job_id) for job_id in job_ids]))

    def submit(self, *job_ids: str) -> Answers:
        """Submit in a thread; returns when that thread is in line, or its call is on its way."""
        calls, length = len(self.queue.calls), self.group._gate.line().length
        answers = self._threads.submit(self.enqueue, *job_ids)
        run(until(lambda: len(self.queue.calls) > calls or self.group._gate.line().length > length))
        return answers


@pytest.fixture
def stage() -> Iterator[Stage]:
    with ThreadPoolExecutor(8) as threads:
        staged = Stage(threads)
        yield staged
        staged.open.release(100)


def ids(answers: Answers) -> list[str]:
    return [result.job_id for result in answers.result(DEADLINE)]


def test_a_lone_call_goes_at_once(stage: Stage) -> None:
    """In the caller's own thread."""
    stage.open.release()
    assert [result.job_id for result in stage.enqueue("a")] == ["a"]
    assert stage.queue.calls == [["a"]]


def test_what_comes_meanwhile_goes_together(stage: Stage) -> None:
    """One of those who wait sends for all, in the order of their coming; each has its own answers."""
    stage.queue.refused["c"] = full = QueueFull("default", 1)
    first, *others = [stage.submit(*job_ids) for job_ids in (["a"], ["b"], ["c", "d"], ["e"])]
    assert stage.queue.calls == [["a"]]
    stage.open.release(2)
    assert [ids(answers) for answers in (first, *others)] == [["a"], ["b"], ["c", "d"], ["e"]]
    assert stage.queue.calls == [["a"], ["b", "c", "d", "e"]]
    assert [result.error for result in others[1].result()] == [full, None]


def test_a_call_that_fails_fails_for_all_in_it(stage: Stage) -> None:
    """With an exception for each."""
    stage.errors[1] = ServerUnavailable("it is away")
    first, *others = [stage.submit(job_id) for job_id in "abc"]
    stage.open.release(2)
    raised = [answers.exception(DEADLINE) for answers in others]
    assert [str(error) for error in raised] == ["it is away"] * 2
    assert raised[0] is not raised[1]
    assert ids(first) == ["a"]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(1)])
@pytest.mark.parametrize("number", [0, 1])
def test_a_sender_that_is_interrupted_leaves_the_others_to_the_next(
    stage: Stage, error: BaseException, number: int
) -> None:
    """Whether it sent for itself alone or for all: they are sent again, and have their answers."""
    stage.errors[number] = error
    submits = [stage.submit(job_id) for job_id in "abcd"]
    stage.open.release(3)
    ends = [answers.exception(DEADLINE) for answers in submits]
    [interrupted] = [place for place, end in enumerate(ends) if end is not None]
    assert ends[interrupted] is error
    assert [ids(answers) for answers in submits if answers.exception() is None] == [
        [job_id] for place, job_id in enumerate("abcd") if place != interrupted
    ]
    assert stage.group._gate.line().is_idle


def test_a_thread_that_was_not_told_looks_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupt may come between the end of a call and the waking of the next."""
    monkeypatch.setattr(submit_gates, "LOOK_AGAIN_SECONDS", 0.02)
    with stage.group._gate.line().sending:
        answers = stage.submit("a")
    stage.open.release()
    assert ids(answers) == ["a"]


def test_a_thread_that_comes_when_the_last_one_has_gone(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It found somebody sending, who was done before it stood in line: it does not wait to be told."""
    monkeypatch.setattr(submit_gates, "LOOK_AGAIN_SECONDS", 2 * DEADLINE)
    gate, line = stage.group._gate, stage.group._gate.line()

    def too_late() -> ThreadSignal:
        line.sending.release()
        return ThreadSignal()

    monkeypatch.setattr(gate, "signal", too_late)
    line.sending.acquire()
    stage.open.release()
    assert ids(stage.submit("a")) == ["a"]


def test_an_answer_that_was_not_told_is_found(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Likewise between the answers and the waking of those they are for; nothing is sent twice."""
    monkeypatch.setattr(submit_gates, "LOOK_AGAIN_SECONDS", 0.02)
    line = stage.group._gate.line()
    with line.sending:
        answers = stage.submit("a")
        [submit] = line.front()
        submit.answers = [EnqueueResult("a")]
        assert line.front() == []
        assert ids(answers) == ["a"]
    assert stage.queue.calls == []


@pytest.mark.parametrize("waits", [False, True])
def test_a_real_interrupt_in_the_main_thread(stage: Stage, waits: bool) -> None:
    """Ctrl-C while it sends, and while it waits; the others go on."""
    others = [stage.submit("first")] if waits else []
    line = stage.group._gate.line()

    def interrupt() -> None:
        run(until(lambda: line.length > 0 if waits else ["main"] in stage.queue.calls))
        os.kill(os.getpid(), signal.SIGINT)

    interrupter = threading.Thread(target=interrupt)
    interrupter.start()
    with pytest.raises(KeyboardInterrupt):
        stage.enqueue("main")
    interrupter.join()
    others.append(stage.submit("last"))
    stage.open.release(len(others))
    assert [job_id for answers in others for job_id in ids(answers)] == ["first", "last"][-len(others) :]
    assert (["main"] in stage.queue.calls) is not waits


def test_the_handler_of_a_signal_may_submit(stage: Stage) -> None:
    """In the middle of a submit of the same thread, which it cannot wait for."""

    async def submit_once(ids: list[str]) -> None:
        if ids == ["a"]:
            assert [result.job_id for result in stage.enqueue("b")] == ["b"]

    stage.queue.hold = submit_once
    assert [result.job_id for result in stage.enqueue("a")] == ["a"]
    assert stage.queue.calls == [["a"], ["b"]]


def test_a_forked_child_begins_with_an_empty_line() -> None:
    """Whoever sent and waited at the fork is in the parent alone."""
    queue = RecordingQueue()
    group = SubmitGroup(cast("JobQueue", queue), ThreadGate())
    line = group._gate.line()
    with line.sending:  # as a thread of the parent that is in the middle of a call
        child = os.fork()
        if not child:
            signal.alarm(5)
            drive(group.enqueue([message("child")]))
            os._exit(0 if queue.calls == [["child"]] else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert group._gate.line() is line


def test_many_threads_share_calls() -> None:
    """Every submit is answered with its own id, and sent once."""
    queue = RecordingQueue()
    group = SubmitGroup(cast("JobQueue", queue), ThreadGate())
    together = threading.Barrier(16)

    def submits(thread: int) -> list[Any]:
        together.wait(DEADLINE)
        return [drive(group.enqueue([message(f"{thread}-{number}")]))[0].job_id for number in range(200)]

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(submits, range(16)))
    assert answers == [[f"{thread}-{number}" for number in range(200)] for thread in range(16)]
    assert sorted(job_id for call in queue.calls for job_id in call) == sorted(
        job_id for some in answers for job_id in some
    )
