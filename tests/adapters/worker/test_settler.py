"""The settler when the store fails at an outcome, while it answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import structlog.testing

from hexjobs.adapters.worker import settler
from hexjobs.adapters.worker.settler import Settler
from hexjobs.domain.errors import ServerUnavailable
from hexjobs.domain.priority import JobPriority
from hexjobs.domain.transitions import JobEvent
from hexjobs.ports.delivery import Delivery, Settlement
from support.run import run
from support.until import until


class Store:
    """A queue that fails at the outcomes of `bad` so many times, in a batch or alone."""

    def __init__(self, bad: dict[str, list[Exception]]) -> None:
        self.bad = bad
        self.recorded: list[str] = []

    async def settle(self, settlements: Sequence[Settlement]) -> list[bool]:
        """Record all or none."""
        for settlement in settlements:
            errors = self.bad.get(settlement.delivery.job_id)
            if errors:
                raise errors.pop()
        self.recorded += [settlement.delivery.job_id for settlement in settlements]
        return [True] * len(settlements)


def outcome(job_id: str) -> Settlement:
    """A success."""
    return Settlement(Delivery(job_id, "default", JobPriority.NORMAL, b"{}", 1, 1), JobEvent.SUCCEEDED)


def test_an_outcome_that_the_store_fails_at_is_repeated_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others of its batch are recorded at once, it is when the store can; the log names it."""
    monkeypatch.setattr(settler, "FIRST_PAUSE_SECONDS", 0.01)
    failures: list[Exception] = [RuntimeError("a script failed") for _ in range(3)]
    store: Any = Store({"bad": [*failures, ServerUnavailable("away"), *failures]})

    async def scenario() -> None:
        heard: list[tuple[str, bool]] = []

        def answered(batch: Sequence[tuple[Settlement, str]], answers: Sequence[bool]) -> None:
            heard.extend((name, accepted) for (_, name), accepted in zip(batch, answers, strict=True))

        settling = Settler(store, answered)
        for name in ("one", "bad", "two"):
            settling.settle(outcome(name), name)
        await until(lambda: len(heard) == 3)
        assert heard == [("one", True), ("two", True), ("bad", True)]
        assert store.recorded == ["one", "two", "bad"]

    with structlog.testing.capture_logs() as lines:
        run(scenario())
    [failed] = [line for line in lines if line["event"] == "settle_failed"]
    assert failed["job_ids"] == ["one", "bad", "two"]
    assert {line["job_id"] for line in lines if line["event"] == "settle_delayed"} == {"bad"}
