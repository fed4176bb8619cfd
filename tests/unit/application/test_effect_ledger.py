"""EffectLedger: what becomes of effects when the lease is lost or the server is away."""

from __future__ import annotations

from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from hexjobs.adapters.metrics.no_job_metrics import NoJobMetrics
from hexjobs.application.effect_ledger import EffectLedger
from hexjobs.domain.errors import LeaseLost, ServerUnavailable
from hexjobs.domain.priority import JobPriority
from hexjobs.ports.delivery import Delivery
from hexjobs.ports.job_store import JobStore
from support.run import run

DELIVERY = Delivery("job-1", "default", JobPriority.NORMAL, b"", 1, 42)


class Store:
    """A store that answers a record with these, one after the other: an exception is raised, a value is the answer."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)

    async def effect(self, *asked: Any) -> bytes | None:
        """The next answer."""
        assert asked == ("job-1", 42, "charge")
        return cast("bytes | None", self._next())

    async def record_effect(self, *asked: Any) -> bytes:
        """The next answer."""
        assert asked == ("job-1", 42, "charge", b"1")
        return cast("bytes", self._next())

    def _next(self) -> Any:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


class Clock:
    """Time that passes by sleeping alone."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        """The seconds slept."""
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        """Let them pass."""
        self.seconds += seconds


class Metrics(NoJobMetrics):
    """Counts refused results."""

    refused = 0

    def result_refused(self, job_type: str) -> None:
        """One more."""
        assert job_type == "order"
        self.refused += 1


def ledger(*answers: Any) -> tuple[Any, Metrics, Clock]:
    """The effects of a run over such a store."""
    metrics, clock = Metrics(), Clock()
    made = EffectLedger(cast("JobStore", Store(*answers)), cast("Any", clock), metrics, random=lambda: 1.0)
    return made.of(DELIVERY, "order"), metrics, clock


def test_a_stale_look_up_says_that_nothing_was_run() -> None:
    """Before the effect nothing has happened, and nothing was refused."""
    effects, metrics, _ = ledger(LeaseLost("stale"))
    with capture_logs() as logs, pytest.raises(LeaseLost, match="stale: the effect 'charge' was not run"):
        run(effects.recorded("charge"))
    assert [line["event"] for line in logs] == ["effect_stopped"]
    assert metrics.refused == 0


def test_a_refused_record_says_that_the_effect_has_happened() -> None:
    """It is counted like any refused result, and logged with the ids."""
    effects, metrics, _ = ledger(LeaseLost("stale"))
    with capture_logs() as logs, pytest.raises(LeaseLost, match=r"has happened.*another run may repeat it"):
        run(effects.record("charge", b"1"))
    assert metrics.refused == 1
    assert logs == [
        {
            "event": "effect_refused",
            "log_level": "warning",
            "job_id": "job-1",
            "fence": 42,
            "effect": "charge",
        }
    ]


def test_a_server_that_is_away_is_asked_again() -> None:
    """The effect has happened: its record is worth waiting for."""
    effects, metrics, clock = ledger(*[ServerUnavailable("away")] * 6, b"1")
    with capture_logs() as logs:
        assert run(effects.record("charge", b"1")) == b"1"
    assert [line["event"] for line in logs] == ["effect_delayed"] * 6
    assert clock.seconds == pytest.approx(0.1 + 0.2 + 0.4 + 0.8 + 1.6 + 2.0)
    assert metrics.refused == 0


def test_not_for_ever() -> None:
    """After half a minute the handler hears of it."""
    effects, _, clock = ledger(ServerUnavailable("away"))
    with capture_logs() as logs, pytest.raises(ServerUnavailable, match="has happened, but its result could"):
        run(effects.record("charge", b"1"))
    assert logs[-1]["event"] == "effect_not_recorded"
    assert 25 < clock.seconds <= 30


def test_a_look_up_is_not_repeated() -> None:
    """Nothing has happened yet: the run fails and is retried."""
    effects, _, clock = ledger(ServerUnavailable("away"))
    with pytest.raises(ServerUnavailable, match="away"):
        run(effects.recorded("charge"))
    assert clock.seconds == 0
