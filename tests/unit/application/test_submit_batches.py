"""Many submits at once: how they are cut into calls, what overlaps, and what a failure in the middle means."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any, cast

import pytest

from hexjobs import InvalidJob, JobError, Problem, QueueFull, ServerFull, ServerUnavailable
from hexjobs.application.blocking import drive
from hexjobs.application.intake import Intake
from hexjobs.application.submit_batches import BATCH, SubmitBatches
from hexjobs.application.submit_gates import LoopGate, ThreadGate
from hexjobs.application.submit_group import SubmitGroup
from hexjobs.ports.envelope import Message
from hexjobs.ports.job_queue import JobQueue
from support.messages import message
from support.recording_queue import RecordingQueue
from support.run import run

Item = str | JobError


class Stage:
    """Batches before a recording queue; `told` is what happened, in order; calls of a number in `errors` fail."""

    def __init__(self) -> None:
        self.queue = RecordingQueue(self._hold)
        self.told: list[str] = []
        self.errors: dict[int, Exception] = {}
        self.suspends = False

    async def _hold(self, _: list[str]) -> None:
        number = len(self.queue.calls)
        self.told.append(f"call {number}")
        if self.suspends:
            await asyncio.sleep(0)
        self.told.append(f"answer {number}")
        if number in self.errors:
            raise self.errors[number]

    def build(self, items: Sequence[Item]) -> list[Message | JobError]:
        self.told.append("build")
        return [item if isinstance(item, JobError) else message(item) for item in items]

    def batches(self, gate: LoopGate | ThreadGate | None = None) -> SubmitBatches:
        queue = cast("JobQueue", self.queue)
        intake = Intake(queue) if gate is None else SubmitGroup(queue, gate)
        return SubmitBatches(intake, {"default": 9}, self.build)

    def in_a_loop(self, items: Any) -> list[Item]:
        self.suspends = True

        async def main() -> list[Item]:
            answers = await self.batches(LoopGate()).each(items)
            assert len(asyncio.all_tasks()) == 1, "no call goes on by itself"
            return answers

        try:
            return run(main())
        finally:
            self.suspends = False


@pytest.fixture
def stage() -> Stage:
    return Stage()


def names(count: int) -> list[str]:
    return [f"job-{number}" for number in range(count)]


@pytest.mark.parametrize(
    ("count", "sizes"),
    [
        (0, []),
        (1, [1]),
        (BATCH, [BATCH]),
        (BATCH + 1, [BATCH, 1]),
        (3 * BATCH - 1, [BATCH, BATCH, BATCH - 1]),
    ],
)
@pytest.mark.parametrize("gate", [None, ThreadGate()])
def test_the_answers_keep_the_order(
    stage: Stage, gate: ThreadGate | None, count: int, sizes: list[int]
) -> None:
    """Whatever is cut where; the caps go with each call."""
    assert drive(stage.batches(gate).each(iter(names(count)))) == names(count)
    assert [len(call) for call in stage.queue.calls] == sizes
    assert all(caps == {"default": 9} for caps in stage.queue.caps)
    assert stage.in_a_loop(names(count)) == names(count)


def test_in_a_loop_a_batch_is_built_while_the_one_before_is_on_its_way(stage: Stage) -> None:
    """One call at a time, and the next one ready when it is answered."""
    stage.in_a_loop(names(3 * BATCH))
    assert stage.told == [
        *("build", "call 1", "build", "answer 1", "call 2", "build", "answer 2", "call 3", "answer 3")
    ]


def test_threads_send_one_batch_after_the_other(stage: Stage) -> None:
    """There is nobody who could build meanwhile."""
    drive(stage.batches(ThreadGate()).each(names(2 * BATCH)))
    assert stage.told == ["build", "call 1", "answer 1", "build", "call 2", "answer 2"]


def test_what_cannot_be_built_has_its_error_in_its_place(stage: Stage) -> None:
    """And keeps nothing else out; a batch of nothing else is no call."""
    wrong = [InvalidJob([Problem("payload", str(number))]) for number in range(BATCH + 1)]
    stage.queue.refused["b"] = full = QueueFull("default", 9)
    items = ["a", wrong[0], "b", *wrong[: BATCH - 3], *wrong[:BATCH], "c"]
    answers = stage.in_a_loop(items)
    assert [len(call) for call in stage.queue.calls] == [2, 1]
    assert answers == ["a", wrong[0], full, *items[3:]]


@pytest.mark.parametrize("count", [1, BATCH, 3 * BATCH])
def test_a_failure_is_raised_where_nothing_was_answered(stage: Stage, count: int) -> None:
    """Then a submit that raised has queued nothing, as ever; nothing more is sent after it."""
    stage.errors[1] = ServerFull()
    with pytest.raises(ServerFull):
        stage.in_a_loop(names(count))
    assert len(stage.queue.calls) == 1
    stage.queue.calls.clear()
    with pytest.raises(ServerFull):
        drive(stage.batches().each(names(count)))


@pytest.mark.parametrize("in_a_loop", [True, False])
def test_a_failure_in_the_middle_answers_for_what_it_kept_out(stage: Stage, in_a_loop: bool) -> None:
    """The jobs that are stored have their ids; each of the others an error of its own, and none was sent after it."""
    stage.errors[2] = ServerUnavailable("it is away")
    items = names(3 * BATCH + 5)
    wrong = InvalidJob([Problem("payload", "is wrong")])
    items[-1] = wrong  # type: ignore[call-overload]  # an item that cannot be built
    answers = stage.in_a_loop(items) if in_a_loop else drive(stage.batches().each(items))
    assert answers[:BATCH] == items[:BATCH]
    errors = answers[BATCH:-1]
    assert all(isinstance(error, ServerUnavailable) and str(error) == "it is away" for error in errors)
    assert len({id(error) for error in errors}) == len(errors) == 2 * BATCH + 4
    assert answers[-1] is wrong
    assert len(stage.queue.calls) == 2


def test_items_that_end_with_an_error_leave_no_call_behind(stage: Stage) -> None:
    """The caller's own iterator raises: what is on its way is answered first."""

    def items() -> Iterator[str]:
        yield from names(BATCH)
        raise LookupError("no more")

    with pytest.raises(LookupError, match="no more"):
        stage.in_a_loop(items())
    assert stage.told == ["build", "call 1", "answer 1"]


@pytest.mark.parametrize("at_once", [True, False])
def test_a_cancelled_caller_leaves_no_call_behind(stage: Stage, at_once: bool) -> None:
    """The call that is on its way is cancelled with it, also in its first turn."""

    async def main() -> None:
        called, ended = asyncio.Event(), asyncio.Event()

        async def never(_: list[str]) -> None:
            called.set()
            if at_once:
                task.cancel()
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()

        stage.queue.hold = never
        task = asyncio.create_task(stage.batches(LoopGate()).each(names(2 * BATCH)))
        await called.wait()
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        await ended.wait()
        assert len(stage.queue.calls) == 1

    run(main(), deadline=5)


def test_an_atomic_batch_is_one_call(stage: Stage) -> None:
    """However many it has."""
    count = 2 * BATCH + 1
    assert drive(stage.batches().all_or_none(iter(names(count)))) == names(count)
    assert [len(call) for call in stage.queue.calls] == [count]
    assert stage.queue.atomic == [True]
    assert drive(stage.batches().all_or_none([])) == []


def test_an_atomic_batch_raises_the_first_error_and_says_so(stage: Stage) -> None:
    """That of an item which cannot be built before anything is sent; that of the store."""
    wrong = InvalidJob([Problem("payload", "is wrong")])
    with pytest.raises(InvalidJob) as caught:
        drive(stage.batches().all_or_none(["a", wrong, wrong]))
    assert caught.value.__notes__ == ["item 1 of an atomic batch: nothing was submitted"]
    assert stage.queue.calls == []
    stage.queue.refused["b"] = QueueFull("default", 9)
    with pytest.raises(QueueFull) as full:
        drive(stage.batches().all_or_none(["a", "b"]))
    assert full.value.__notes__ == ["the batch is atomic: nothing was submitted"]
