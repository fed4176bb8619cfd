"""SubmitGroup between tasks: concurrent submits go out together, and each is told its own end."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Coroutine
from typing import Any, cast
from weakref import ref

import pytest

from hexjobs import JobError, QueueFull, ServerUnavailable
from hexjobs.application.submit_gates import LoopGate, LoopSignal
from hexjobs.application.submit_group import SubmitGroup
from hexjobs.application.submit_line import MOST_MESSAGES
from hexjobs.ports.delivery import EnqueueResult
from hexjobs.ports.job_queue import JobQueue
from support.messages import message, messages
from support.recording_queue import RecordingQueue
from support.run import run

Answers = asyncio.Task[list[EnqueueResult]]


class Stage:
    """A group before a queue that answers a call when the test opens the door for it."""

    def __init__(self) -> None:
        self.queue = RecordingQueue(self._hold)
        self.group = SubmitGroup(cast("JobQueue", self.queue), LoopGate())
        self.doors: list[asyncio.Future[None]] = []

    async def _hold(self, _: list[str]) -> None:
        door = asyncio.get_running_loop().create_future()
        self.doors.append(door)
        await door

    async def submit(self, *job_ids: str, **options: Any) -> Answers:
        """A task that submits, as far as it comes without an answer."""
        batch = [message(job_id, **options) for job_id in job_ids]
        task = asyncio.create_task(self.group.enqueue(batch))
        await turn()
        return task

    async def open(self, number: int, error: Exception | None = None) -> None:
        """Answer the call of this number, or have it fail."""
        door = self.doors[number]
        door.set_exception(error) if error else door.set_result(None)
        await turn()


async def turn() -> None:
    """Let every task go on until none of them can."""
    for _ in range(10):
        await asyncio.sleep(0)


def on_stage(play: Callable[[Stage], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """A test, played to its end in an event loop of its own."""

    def test() -> None:
        async def main() -> None:
            await play(Stage())

        run(main())

    test.__doc__ = play.__doc__
    return test


def ids(task: Answers) -> list[str]:
    return [result.job_id for result in task.result()]


@on_stage
async def test_a_lone_call_goes_at_once(stage: Stage) -> None:
    """It is on its way before anything else has a turn, and takes no task of its own."""
    call = stage.group.enqueue([message("a")])
    call.send(None)
    assert stage.queue.calls == [["a"]]
    assert len(asyncio.all_tasks()) == 1
    call.close()


@on_stage
async def test_what_comes_meanwhile_goes_together(stage: Stage) -> None:
    """In the order of its coming; each caller has the answers to what it asked."""
    first = await stage.submit("a")
    others = [await stage.submit("b"), await stage.submit("c", "d"), await stage.submit("e")]
    assert stage.queue.calls == [["a"]], "one call is on its way"
    await stage.open(0)
    assert ids(first) == ["a"]
    assert stage.queue.calls == [["a"], ["b", "c", "d", "e"]]
    assert not any(task.done() for task in others), "acknowledged is what the store has answered for"
    await stage.open(1)
    assert [ids(task) for task in others] == [["b"], ["c", "d"], ["e"]]
    assert stage.group._gate.line().is_idle


@on_stage
async def test_callers_that_were_answered_together_gather_again(stage: Stage) -> None:
    """Their next submits are one call, not the quickest one's and then the others'."""

    async def submitter(name: str) -> None:
        for number in range(3):
            await stage.group.enqueue([message(f"{name}{number}")])

    tasks = [asyncio.create_task(submitter(name)) for name in "abcd"]
    for call in range(4):
        await turn()
        await stage.open(call)
    await asyncio.gather(*tasks)
    assert [len(call) for call in stage.queue.calls] == [1, 4, 4, 3]


@on_stage
async def test_an_error_of_one_is_the_error_of_one(stage: Stage) -> None:
    """What was refused to a caller is told to that caller alone."""
    stage.queue.refused["c"] = full = QueueFull("default", 1)
    first = await stage.submit("a")
    others = [await stage.submit("b"), await stage.submit("c", "d")]
    await stage.open(0)
    await stage.open(1)
    assert ids(first) == ["a"]
    assert [[result.error for result in task.result()] for task in others] == [[None], [full, None]]


@on_stage
async def test_a_call_that_fails_fails_for_all_in_it(stage: Stage) -> None:
    """Each is raised an exception of its own, with the cause; who came later is not touched."""
    first = await stage.submit("a")
    others = [await stage.submit("b"), await stage.submit("c")]
    await stage.open(0)
    last = await stage.submit("d")
    cause = ServerUnavailable("it is away")
    cause.add_note("a note")
    await stage.open(1, cause)
    await stage.open(2)
    raised = [task.exception() for task in others]
    for error in raised:
        assert isinstance(error, ServerUnavailable)
        assert (str(error), error.__cause__, error.__notes__) == ("it is away", cause, ["a note"])
    assert len({id(error) for error in (*raised, cause)}) == 3
    assert (ids(first), ids(last)) == (["a"], ["d"])


@on_stage
async def test_a_lone_call_raises_what_the_queue_raised(stage: Stage) -> None:
    """The error itself; the next call goes as if nothing had been."""
    task = await stage.submit("a")
    error = JobError("no")
    await stage.open(0, error)
    assert task.exception() is error
    await stage.submit("b")
    assert stage.queue.calls == [["a"], ["b"]]


@on_stage
async def test_a_caller_that_is_cancelled_while_it_waits_is_not_sent(stage: Stage) -> None:
    """The others are."""
    await stage.submit("a")
    gone, other = await stage.submit("b"), await stage.submit("c")
    gone.cancel()
    await turn()
    await stage.open(0)
    await stage.open(1)
    assert gone.cancelled()
    assert stage.queue.calls == [["a"], ["c"]]
    assert ids(other) == ["c"]


@on_stage
async def test_a_caller_that_is_cancelled_on_the_way_cancels_nobody(stage: Stage) -> None:
    """Its message was sent, and nobody hears the answer."""
    await stage.submit("a")
    sender, gone, other = [await stage.submit(job_id) for job_id in "bcd"]
    await stage.open(0)
    gone.cancel()
    await turn()
    assert gone.cancelled()
    await stage.open(1)
    assert (ids(sender), ids(other)) == (["b"], ["d"])
    assert stage.queue.calls == [["a"], ["b", "c", "d"]]


@on_stage
async def test_a_sender_that_is_cancelled_leaves_the_others_to_the_next(stage: Stage) -> None:
    """They are sent again: the ids make that one job each."""
    await stage.submit("a")
    sender, *others = [await stage.submit(job_id) for job_id in "bcd"]
    await stage.open(0)
    sender.cancel()
    await turn()
    assert sender.cancelled()
    assert stage.queue.calls == [["a"], ["b", "c", "d"], ["c", "d"]]
    await stage.open(2)
    assert [ids(task) for task in others] == [["c"], ["d"]]
    assert stage.group._gate.line().is_idle


@on_stage
async def test_a_caller_that_is_cancelled_when_it_may_send_passes_that_on(stage: Stage) -> None:
    """In the very moment between: nobody is left waiting for it."""
    await stage.submit("a")
    gone, other = await stage.submit("b"), await stage.submit("c")
    told = asyncio.Event()
    wake, signal = LoopSignal.wake, next(iter(stage.group._gate.line()._waiting)).signal

    def waking(self: LoopSignal) -> None:
        wake(self)
        if self is signal:
            gone.cancel()
            told.set()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LoopSignal, "wake", waking)
        await stage.open(0)
    assert told.is_set()
    assert gone.cancelled()
    assert stage.queue.calls == [["a"], ["c"]]
    await stage.open(1)
    assert ids(other) == ["c"]


@on_stage
async def test_the_first_caller_may_be_cancelled(stage: Stage) -> None:
    """The one that went alone."""
    first, other = await stage.submit("a"), await stage.submit("b")
    first.cancel()
    await turn()
    assert stage.queue.calls == [["a"], ["b"]]
    await stage.open(1)
    assert ids(other) == ["b"]


@on_stage
async def test_a_group_is_bounded(stage: Stage) -> None:
    """One call has at most so many messages, but for a single submit that has more."""
    await stage.submit("a")
    sizes = [MOST_MESSAGES // 2, MOST_MESSAGES // 2 + 1, MOST_MESSAGES + 1, 1]
    tasks = [asyncio.create_task(stage.group.enqueue(messages(size))) for size in sizes]
    await turn()
    for call in range(5):
        await stage.open(call)
    assert [len(call) for call in stage.queue.calls] == [1, *sizes]
    assert [len(task.result()) for task in tasks] == sizes


@on_stage
async def test_a_group_of_many_small_ones_is_bounded(stage: Stage) -> None:
    """The oldest go first."""
    await stage.submit("a")
    batch = messages(MOST_MESSAGES + 1)
    tasks = [asyncio.create_task(stage.group.enqueue([one])) for one in batch]
    await turn()
    for call in range(3):
        await stage.open(call)
    assert [call for one in stage.queue.calls[1:] for call in one] == [one.job_id for one in batch]
    assert [len(call) for call in stage.queue.calls] == [1, MOST_MESSAGES, 1]
    assert all(task.done() for task in tasks)


@on_stage
async def test_an_atomic_batch_goes_by_itself(stage: Stage) -> None:
    """At once, in a call of its own: what keeps it out keeps out nobody else."""
    await stage.submit("a")
    await stage.submit("b")
    atomic = asyncio.create_task(stage.group.enqueue([message("c")], {"default": 5}, atomic=True))
    await turn()
    assert stage.queue.calls == [["a"], ["c"]]
    assert stage.queue.atomic == [False, True]
    await stage.open(1)
    assert ids(atomic) == ["c"]


@on_stage
async def test_the_caps_of_all_go_with_the_call(stage: Stage) -> None:
    """Each submit says which caps it knows."""
    await stage.submit("a")
    for number, caps in enumerate([{"default": 5}, {"email": 7}, {"email": 7}]):
        task = asyncio.create_task(stage.group.enqueue([message(f"b{number}")], caps))
        await turn()
        assert not task.done()
    await stage.open(0)
    assert stage.queue.caps == [{}, {"default": 5, "email": 7}]


def test_a_gate_keeps_no_event_loop_alive() -> None:
    """Nor takes the next one for it."""
    gate, lines = LoopGate(), []

    async def look() -> ref[asyncio.AbstractEventLoop]:
        lines.append(gate.line())
        assert gate.line() is lines[-1]
        return ref(asyncio.get_running_loop())

    loops = [asyncio.run(look()), asyncio.run(look())]
    gc.collect()
    assert [loop() for loop in loops] == [None, None]
    assert lines[0] is not lines[1]


def test_event_loops_do_not_wait_for_one_another() -> None:
    """Each has its own line, also where they take turns."""
    stage = Stage()
    with asyncio.Runner() as here, asyncio.Runner() as there:
        waiting = [here.run(stage.submit("a")), here.run(stage.submit("b"))]
        other = there.run(stage.submit("c"))
        assert stage.queue.calls == [["a"], ["c"]]
        there.run(stage.open(1))
        here.run(stage.open(0))
        here.run(stage.open(2))
        assert [ids(task) for task in (*waiting, other)] == [["a"], ["b"], ["c"]]
