"""Hooks start in order, stop in reverse, keep their deadlines, and never keep each other from stopping."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import gc
import threading
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from hexjobs.lifecycle import Hook, Lifecycle
from support.run import run

SHORT = timedelta(milliseconds=20)
NO_GRACE = timedelta(milliseconds=20)
Act = Callable[[], Awaitable[None]]


@pytest.fixture
def said() -> list[str]:
    return []


def acting(said: list[str], word: str, error: BaseException | None = None) -> Act:
    async def act() -> None:
        said.append(word)
        if error is not None:
            raise error

    return act


def hook(said: list[str], name: str) -> Hook:
    return Hook(name, acting(said, f"+{name}"), acting(said, f"-{name}"))


async def forever() -> None:
    await asyncio.Event().wait()


async def deaf(release: asyncio.Event) -> None:
    """Ignores being cancelled, until the test releases it."""
    while not release.is_set():
        try:
            await release.wait()
        except asyncio.CancelledError:
            continue


def test_starts_in_order_and_stops_in_reverse(said: list[str]) -> None:
    async def scenario() -> None:
        lifecycle = Lifecycle()
        for name in "abc":
            lifecycle.add(hook(said, name))
        async with lifecycle as entered:
            assert entered is lifecycle
            said.append("body")

    run(scenario())
    assert said == ["+a", "+b", "+c", "body", "-c", "-b", "-a"]


def test_an_error_in_the_body_stops_everything_and_is_raised(said: list[str]) -> None:
    async def scenario() -> None:
        async with Lifecycle([hook(said, "a")]):
            raise LookupError("body")

    with pytest.raises(LookupError, match="body"):
        run(scenario())
    assert said == ["+a", "-a"]


def test_either_action_may_be_missing(said: list[str]) -> None:
    async def scenario() -> None:
        only_stop, only_start = Hook("a", on_stop=acting(said, "-a")), Hook("b", acting(said, "+b"))
        async with Lifecycle([only_stop, only_start]):
            pass

    run(scenario())
    assert said == ["+b", "-a"]


def test_start_and_stop_are_done_once_and_can_be_done_anew(said: list[str]) -> None:
    async def scenario() -> None:
        lifecycle = Lifecycle([hook(said, "a")])
        await lifecycle.stop()
        await lifecycle.start()
        await lifecycle.start()
        await asyncio.gather(lifecycle.stop(), lifecycle.stop())
        await lifecycle.start()
        await lifecycle.stop()

    run(scenario())
    assert said == ["+a", "-a", "+a", "-a"]


def test_a_hook_cannot_be_added_to_started_ones(said: list[str]) -> None:
    async def scenario() -> None:
        async with Lifecycle() as lifecycle:
            with pytest.raises(RuntimeError, match="'late' comes too late"):
                lifecycle.add(hook(said, "late"))

    run(scenario())


def test_a_failed_start_stops_what_had_started_and_raises_the_first_cause(said: list[str]) -> None:
    """The failed hook itself and those after it are not stopped: they never started."""

    async def scenario() -> None:
        broken = Hook("b", acting(said, "+b", OSError("port taken")), acting(said, "-b"))
        failing_stop = Hook("z", acting(said, "+z"), acting(said, "-z", ValueError("cannot")))
        await Lifecycle([hook(said, "a"), failing_stop, broken, hook(said, "c")]).start()

    with capture_logs() as logs, pytest.raises(OSError, match="port taken") as caught:
        run(scenario())
    assert said == ["+a", "+z", "+b", "-z", "-a"]
    assert caught.value.__notes__ == [
        "while hook 'b' was starting",
        "then hook 'z' failed to stop: ValueError('cannot')",
    ]
    events = [(line["event"], line["hook"]) for line in logs if line["log_level"] != "debug"]
    assert events == [("hook_start_failed", "b"), ("hook_stop_failed", "z")]


def test_a_late_start_is_cancelled_and_counts_as_failed(said: list[str]) -> None:
    async def slow() -> None:
        try:
            await forever()
        finally:
            said.append("cancelled")

    async def scenario() -> None:
        await Lifecycle(
            [hook(said, "a"), Hook("slow", slow, acting(said, "-slow"), start_deadline=SHORT)]
        ).start()

    with pytest.raises(TimeoutError, match="hook 'slow' took longer to start than 20ms"):
        run(scenario())
    assert said == ["+a", "cancelled", "-a"]


def test_an_error_that_comes_too_late_to_be_raised_makes_no_noise(caplog: pytest.LogCaptureFixture) -> None:
    async def slow() -> None:
        try:
            await forever()
        finally:
            raise ValueError("while being cancelled")

    async def scenario() -> None:
        async with Lifecycle([Hook("slow", on_stop=slow, stop_deadline=SHORT)]):
            pass
        gc.collect()

    run(scenario())
    assert "never retrieved" not in caplog.text


def test_a_start_that_is_late_but_succeeds_is_stopped_too(said: list[str]) -> None:
    async def stubborn() -> None:
        try:
            await forever()
        except asyncio.CancelledError:
            said.append("+stubborn")

    async def scenario() -> None:
        await Lifecycle([Hook("s", stubborn, acting(said, "-s"), start_deadline=SHORT)]).start()

    with pytest.raises(TimeoutError):
        run(scenario())
    assert said == ["+stubborn", "-s"]


def test_a_hook_that_ignores_its_cancellation_is_left_behind(said: list[str]) -> None:
    async def scenario() -> None:
        release = asyncio.Event()
        late = Hook("deaf", on_stop=functools.partial(deaf, release), stop_deadline=SHORT)
        with capture_logs() as logs:
            async with Lifecycle([hook(said, "a"), late], grace=NO_GRACE):
                pass
        assert [line["hook"] for line in logs if line["event"] == "hook_stop_failed"] == ["deaf"]
        assert said == ["+a", "-a"]
        release.set()

    run(scenario())


def test_a_failing_and_a_late_stop_are_logged_and_keep_no_other_from_stopping(said: list[str]) -> None:
    async def scenario() -> None:
        hooks = [
            hook(said, "a"),
            Hook("failing", on_stop=acting(said, "-failing", ValueError("no"))),
            Hook("late", on_stop=forever, stop_deadline=SHORT),
            Hook("quitter", on_stop=acting(said, "-quitter", asyncio.CancelledError())),
        ]
        async with Lifecycle(hooks):
            pass

    with capture_logs() as logs:
        run(scenario())
    assert said == ["+a", "-quitter", "-failing", "-a"]
    failed = [(line["hook"], line["error"]) for line in logs if line["event"] == "hook_stop_failed"]
    assert failed == [
        ("quitter", "RuntimeError('the hook cancelled itself')"),
        ("late", "TimeoutError(\"hook 'late' took longer to stop than 20ms\")"),
        ("failing", "ValueError('no')"),
    ]


def test_cancelling_a_start_stops_what_had_started(said: list[str]) -> None:
    async def scenario() -> None:
        reached = asyncio.Event()

        async def waits() -> None:
            reached.set()
            await forever()

        lifecycle = Lifecycle([hook(said, "a"), Hook("waits", waits, acting(said, "-waits"))])
        starting = asyncio.create_task(lifecycle.start())
        await reached.wait()
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        assert said == ["+a", "-a"]

    run(scenario())


def test_a_cancelled_stop_goes_to_its_end(said: list[str]) -> None:
    async def scenario() -> None:
        reached, release = asyncio.Event(), asyncio.Event()

        async def slow() -> None:
            reached.set()
            await release.wait()
            said.append("-slow")

        lifecycle = Lifecycle([hook(said, "a"), Hook("slow", on_stop=slow)])
        await lifecycle.start()
        stopping = asyncio.create_task(lifecycle.stop())
        await reached.wait()
        stopping.cancel()
        release.set()
        with pytest.raises(asyncio.CancelledError):
            await stopping
        assert said == ["+a", "-slow", "-a"]

    run(scenario())


def test_a_stop_during_a_start_waits_for_it(said: list[str]) -> None:
    async def scenario() -> None:
        reached, release = asyncio.Event(), asyncio.Event()

        async def slow() -> None:
            reached.set()
            await release.wait()
            said.append("+slow")

        lifecycle = Lifecycle([Hook("slow", slow, acting(said, "-slow")), hook(said, "b")])
        starting = asyncio.create_task(lifecycle.start())
        await reached.wait()
        stopping = asyncio.create_task(lifecycle.stop())
        await asyncio.sleep(0)
        release.set()
        await asyncio.gather(starting, stopping)
        assert said == ["+slow", "+b", "-b", "-slow"]

    run(scenario())


NAME: contextvars.ContextVar[str] = contextvars.ContextVar("NAME")


def test_a_def_action_runs_in_a_thread_with_the_callers_context() -> None:
    seen: list[tuple[bool, str]] = []

    def start() -> None:
        seen.append((threading.current_thread() is threading.main_thread(), NAME.get()))

    async def scenario() -> None:
        NAME.set("here")
        async with Lifecycle([Hook("a", start)]):
            pass

    run(scenario())
    assert seen == [(False, "here")]


def test_a_def_action_that_returns_a_coroutine_is_awaited(said: list[str]) -> None:
    def start() -> Awaitable[None]:
        return acting(said, "+a")()

    async def scenario() -> None:
        async with Lifecycle([Hook("a", start)]):
            pass

    run(scenario())
    assert said == ["+a"]


@pytest.mark.parametrize("error", [OSError("taken"), StopIteration("odd")])
def test_an_error_of_a_def_action_is_raised(error: Exception) -> None:
    def start() -> None:
        raise error

    async def scenario() -> None:
        await Lifecycle([Hook("a", start)]).start()

    with pytest.raises((OSError, RuntimeError), match=r"taken|StopIteration"):
        run(scenario())


@pytest.fixture
def blocked() -> Iterator[threading.Event]:
    """What a thread waits for; set at the end, so that it can go."""
    event = threading.Event()
    yield event
    threads = [thread for thread in threading.enumerate() if thread.name.startswith("hexjobs-hook-")]
    event.set()
    assert threads
    for thread in threads:
        assert thread.daemon, "a process would wait for it at its end"
        thread.join(5)
        assert not thread.is_alive()


def test_a_def_action_that_blocks_keeps_neither_its_deadline_nor_the_others_from_stopping(
    said: list[str], blocked: threading.Event
) -> None:
    async def scenario() -> None:
        late = Hook("blocks", on_stop=blocked.wait, stop_deadline=SHORT)
        async with Lifecycle([hook(said, "a"), late]):
            pass

    with capture_logs() as logs:
        run(scenario())
    assert [line["hook"] for line in logs if line["event"] == "hook_stop_failed"] == ["blocks"]
    assert said == ["+a", "-a"]
