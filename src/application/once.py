"""Once: runs an effect of a job unless its result is recorded."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from ..domain.errors import PermanentError
from .blocking import drive
from .effects import Effects
from .interruption import uninterrupted
from .job_result import encode_json

LONGEST_KEY = 128
LAST_WAIT_SECONDS = 2.0


class Once:
    """Runs the effects of one run, each under its key.

    PermanentError for a key that is no key and for a result that is not JSON: a further run would not mend either.
    """

    def __init__(self, effects: Effects) -> None:
        self._effects = effects
        self._under_way: dict[str, object] = {}

    async def run(self, key: str, effect: Callable[[], Any]) -> Any:
        """The recorded result, or that of `effect()`, awaited where it can be, once it is recorded."""
        with self._alone(key):
            recorded = await self._effects.recorded(key)
            if recorded is None:
                value = effect()
                if inspect.isawaitable(value):
                    value = await value
                recorded = await self._record(key, _encoded(key, value))
            return msgspec.json.decode(recorded)

    def run_blocking(self, key: str, effect: Callable[[], Any]) -> Any:
        """The recorded result, or that of `effect()` once it is recorded; for a thread."""
        if inspect.iscoroutinefunction(effect):
            raise PermanentError(f"once({key!r}): a `def` handler cannot await; give a plain function")
        with self._alone(key):
            with uninterrupted():
                recorded = drive(self._effects.recorded(key))
            if recorded is None:
                value = effect()
                with uninterrupted():  # it has happened: a timeout waits until that is recorded
                    recorded = drive(self._effects.record(key, _encoded(key, value)))
            return msgspec.json.decode(recorded)

    async def _record(self, key: str, value: bytes) -> bytes:
        """Record what has happened, also when this run is stopped just now: then with a short delay of the stop."""
        recording = asyncio.ensure_future(self._effects.record(key, value))
        try:
            return await asyncio.shield(recording)
        except asyncio.CancelledError:
            await asyncio.wait({recording}, timeout=LAST_WAIT_SECONDS)
            raise
        finally:
            if recording.cancel():
                await asyncio.wait({recording})
            elif not recording.cancelled():
                recording.exception()  # it was heard of, also where the stop goes first

    @contextmanager
    def _alone(self, key: str) -> Iterator[None]:
        _check(key)
        mine = object()
        if self._under_way.setdefault(key, mine) is not mine:
            raise PermanentError(
                f"once({key!r}) is under way in this run already; give each effect a key of its own"
            )
        try:
            yield
        finally:
            del self._under_way[key]


def _check(key: object) -> None:
    if not isinstance(key, str) or not 1 <= len(key) <= LONGEST_KEY or not _is_unicode(key):
        raise PermanentError(f"once({key!r}): a key is text of 1 to {LONGEST_KEY} characters")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _encoded(key: str, value: object) -> bytes:
    if inspect.iscoroutine(value):
        value.close()
    try:
        return encode_json(value, "result")
    except ValueError as error:
        raise PermanentError(
            f"once({key!r}): the effect has happened, but its result cannot be recorded: {error}"
        ) from error
