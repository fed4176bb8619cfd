"""FrozenClock: a clock that stands still until a test advances it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

from ..domain.duration import parse_duration
from ..domain.errors import WaitTimeout

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


class FrozenClock:
    """The Clock that jobs and handlers see; it stands still until `advance`. Safe to share between threads.

    It starts at `now` (aware; the present by default, so that an application's own `datetime.now` fits). Nobody waits
    in a test: a handler that sleeps by this clock goes on at once, that much later.
    """

    def __init__(self, now: datetime | None = None) -> None:
        if now is not None and now.tzinfo is None:
            raise ValueError("now must be an aware datetime: add a time zone")
        self._start = datetime.now(UTC) if now is None else now.astimezone(UTC)
        self._passed = timedelta()
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The instant at which it stands, aware, in UTC."""
        return self._start + self._passed

    def milliseconds(self) -> int:
        """The instant at which it stands, in whole milliseconds since 1970."""
        return (self.now() - EPOCH) // MILLISECOND

    def monotonic(self) -> float:
        """Seconds advanced so far."""
        return self._passed.total_seconds()

    def advance(self, duration: timedelta | float | str) -> None:
        """Let time pass: a timedelta, seconds, or a text such as `"5m"`. Runs nothing by itself: drain afterwards."""
        step = parse_duration(duration)
        if step < timedelta():
            raise ValueError("a clock never runs backwards")
        with self._lock:
            self._passed += step

    async def sleep(self, seconds: float) -> None:
        """Advance by `seconds`, and return at once."""
        self.advance(max(0.0, seconds))


class StandingClock:
    """The same time for those who wait until others have run a job: that nobody will do meanwhile, so it says so."""

    def __init__(self, clock: FrozenClock) -> None:
        self.now = clock.now
        self.milliseconds = clock.milliseconds
        self.monotonic = clock.monotonic

    async def sleep(self, seconds: float) -> None:  # noqa: ARG002  # the port's signature
        """Raise WaitTimeout, with what to do instead."""
        raise WaitTimeout(
            "the job has not run, and in a test nothing runs by itself: call drain() before, or use eager=True"
        )
