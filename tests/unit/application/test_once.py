"""context.once in a context of its own, without a store: as the unit test of a handler has it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import BaseModel

from hexjobs import PermanentError
from hexjobs.application.job_context import BlockingJobContext, JobContext
from hexjobs.testing import OwnEffects
from support.run import run

KNOWN: dict[str, Any] = {
    "job_id": "job-1",
    "job_type": "order",
    "queue": "default",
    "attempt": 1,
    "max_retries": 3,
    "fence_token": 1,
}


class Charge(BaseModel):
    """What an effect may return."""

    id: str
    amount: float = 2


class Counted:
    """An effect that counts its runs."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self.runs = 0

    def __call__(self) -> Any:
        self.runs += 1
        if isinstance(self.value, BaseException):
            raise self.value
        return self.value

    async def later(self, *_: object) -> Any:
        """The same, as a coroutine function."""
        await asyncio.sleep(0)
        return self()


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (None, None),
        ((1, 2), [1, 2]),
        ({"id": "ch_1", "größe": [None, 1.5, "x"]}, {"id": "ch_1", "größe": [None, 1.5, "x"]}),
        (Charge(id="ch_1"), {"id": "ch_1", "amount": 2.0}),
    ],
)
def test_the_first_and_later_results_are_alike(value: Any, kept: Any) -> None:
    """What comes back is JSON in the first run already, so a handler that passes once passes again."""
    effect = Counted(value)

    async def twice() -> list[Any]:
        context = JobContext(**KNOWN)
        return [await context.once("charge", effect), await context.once("charge", effect)]

    assert run(twice()) == [kept, kept]
    context = BlockingJobContext(**KNOWN)
    assert [context.once("charge", effect), context.once("charge", effect)] == [kept, kept]
    assert effect.runs == 2, "once for each context"


def test_async_handlers_give_coroutine_functions_or_plain_ones() -> None:
    """Lambdas that make an awaitable too."""
    effect = Counted(1)

    async def scenario() -> None:
        context = JobContext(**KNOWN)
        assert await context.once("a", effect.later) == 1
        assert await context.once("b", lambda: effect.later(1)) == 1
        assert await context.once("c", effect) == 1
        assert await context.once("a", effect.later) == 1

    run(scenario())
    assert effect.runs == 3


def test_a_second_run_finds_the_first_ones_results() -> None:
    """A test of a handler gives two contexts the same effects."""
    effects, effect = OwnEffects(), Counted("done")
    BlockingJobContext(**KNOWN, effects=effects).once("charge", effect)
    assert BlockingJobContext(**KNOWN, effects=effects).once("charge", effect) == "done"
    assert effect.runs == 1


def test_an_exception_records_nothing() -> None:
    """The effect runs again."""
    context, failing, working = BlockingJobContext(**KNOWN), Counted(OSError("declined")), Counted(1)
    with pytest.raises(OSError, match="declined"):
        context.once("charge", failing)
    assert context.once("charge", working) == 1

    async def awaited() -> None:
        context = JobContext(**KNOWN)
        with pytest.raises(OSError, match="declined"):
            await context.once("charge", failing.later)
        assert await context.once("charge", working.later) == 1

    run(awaited())


@pytest.mark.parametrize("key", ["", "x" * 129, 7, None, b"charge", "\ud800"])
def test_a_key_is_text(key: Any) -> None:
    """A wrong key is named, before anything runs."""
    effect = Counted(1)
    with pytest.raises(PermanentError, match="a key is text of 1 to 128 characters") as raised:
        BlockingJobContext(**KNOWN).once(key, effect)
    assert repr(key) in str(raised.value)
    with pytest.raises(PermanentError, match="a key is text"):
        run(JobContext(**KNOWN).once(key, effect))
    assert effect.runs == 0
    assert BlockingJobContext(**KNOWN).once("ü" * 128, effect) == 1


@pytest.mark.parametrize("value", [object(), {1: 2}, float("nan"), 2**70, "\ud800", "x" * 300_000])
def test_a_result_is_json(value: Any) -> None:
    """What cannot be recorded is an error that another run would not mend, and names the key."""
    effects, effect = OwnEffects(), Counted(value)
    with pytest.raises(PermanentError, match=r"once\('charge'\): the effect has happened, but .*: result"):
        BlockingJobContext(**KNOWN, effects=effects).once("charge", effect)
    with pytest.raises(PermanentError, match=r"once\('charge'\)"):
        run(JobContext(**KNOWN, effects=effects).once("charge", effect.later))
    assert effects.values == {}


def test_a_def_handler_cannot_give_a_coroutine() -> None:
    """It has nothing to await with; a coroutine function is refused before, a coroutine after."""
    effect, context = Counted(1), BlockingJobContext(**KNOWN)
    with pytest.raises(PermanentError, match="a `def` handler cannot await"):
        context.once("charge", effect.later)
    with pytest.raises(PermanentError, match="result: is a coroutine"):
        context.once("charge", lambda: effect.later(1))
    assert effect.runs == 0


def test_two_effects_of_one_key_cannot_run_at_the_same_time() -> None:
    """Neither could know of the other: both would happen, and one would not be recorded."""
    effect = Counted(1)

    async def scenario() -> Any:
        context = JobContext(**KNOWN)
        twice = (context.once("charge", effect.later), context.once("charge", effect.later))
        found = await asyncio.gather(*twice, context.once("mail", effect.later), return_exceptions=True)
        assert await context.once("charge", effect.later) == 1, "afterwards it is recorded"
        return found

    first, second, other = run(scenario())
    assert (first, other, effect.runs) == (1, 1, 2)
    assert isinstance(second, PermanentError)
    assert "give each effect a key of its own" in str(second)


def test_a_stop_waits_until_the_effect_is_recorded() -> None:
    """A timeout that comes between an effect and its record must not lose the record."""

    class Slow(OwnEffects):
        began = asyncio.Event()
        answer = asyncio.Event()

        async def record(self, key: str, value: bytes) -> bytes:
            self.began.set()
            await self.answer.wait()
            return await super().record(key, value)

    async def scenario() -> dict[str, bytes]:
        effects = Slow()
        running = asyncio.ensure_future(JobContext(**KNOWN, effects=effects).once("charge", lambda: 1))
        await effects.began.wait()
        running.cancel()
        await asyncio.sleep(0)
        assert not running.done()
        effects.answer.set()
        with pytest.raises(asyncio.CancelledError):
            await running
        return effects.values

    assert run(scenario()) == {"charge": b"1"}


def test_a_stop_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that does not answer delays the stop by a bounded time."""
    monkeypatch.setattr("hexjobs.application.once.LAST_WAIT_SECONDS", 0.01)
    ended = []

    class Silent(OwnEffects):
        began = asyncio.Event()

        async def record(self, key: str, value: bytes) -> bytes:
            self.began.set()
            try:
                await asyncio.get_running_loop().create_future()
                raise AssertionError
            finally:
                ended.append(key)

    async def scenario() -> None:
        effects = Silent()
        running = asyncio.ensure_future(JobContext(**KNOWN, effects=effects).once("charge", lambda: 1))
        await effects.began.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert ended == ["charge"], "nothing of it is left"

    run(scenario())
