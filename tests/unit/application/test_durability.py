"""Durability and StartCheck: risks are told, and refused where durability is required."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from hexjobs import AsyncBackgroundJobService, InvalidConfiguration, ServerUnavailable, load_settings
from hexjobs.adapters.clock.system_clock import SystemClock
from hexjobs.application import start_check
from hexjobs.application.durability import Durability
from hexjobs.application.start_check import StartCheck
from hexjobs.ports.job_queue import JobQueue
from hexjobs.ports.risk import Risk
from support.run import run

GRAVE, MILD = Risk("it forgets", is_grave=True), Risk("a second is nothing")


class Queue:
    """Answers with what it is given in turn, the last for ever; an exception is raised, None hangs."""

    def __init__(self, *answers: Sequence[Risk] | Exception | None) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def risks(self) -> Sequence[Risk]:
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        if isinstance(answer, Exception):
            raise answer
        if answer is None:
            await asyncio.Event().wait()
        return answer or []


def durability(queue: Queue, *, required: bool = True) -> Durability:
    return Durability(cast("JobQueue", queue), required=required)


def checked(queue: Queue, *, required: bool = True) -> StartCheck:
    return StartCheck(durability(queue, required=required), SystemClock(), timedelta(milliseconds=50))


def test_each_risk_is_one_line_of_the_log() -> None:
    """The grave ones warn; nothing is refused where durability is not required."""
    with capture_logs() as lines:
        run(durability(Queue([GRAVE, MILD]), required=False).report())
    assert [(line["event"], line["log_level"], line["risk"]) for line in lines] == [
        ("server_risk", "warning", "it forgets"),
        ("server_risk", "info", "a second is nothing"),
    ]


def test_a_grave_risk_is_refused_where_durability_is_required() -> None:
    """The error names the setting and the risk; a mild one passes."""
    for look in (durability(Queue([GRAVE, MILD])).report, durability(Queue([GRAVE, MILD])).ensure):
        with pytest.raises(InvalidConfiguration) as raised:
            run(look())
        assert [str(each) for each in raised.value.problems] == [
            "jobs.require_durable: is true, but it forgets"
        ]
    run(durability(Queue([MILD])).report())
    run(durability(Queue([MILD])).ensure())


def test_the_store_is_asked_once_and_only_where_it_must_be() -> None:
    """A submit pays for it the first time alone; a refusal or an outage is asked about again."""

    async def scenario() -> None:
        free = Queue([GRAVE])
        await durability(free, required=False).ensure()
        assert free.asked == 0
        queue = Queue(ServerUnavailable("away"), [GRAVE], [])
        looked = durability(queue)
        for expected in (ServerUnavailable, InvalidConfiguration):
            with pytest.raises(expected):
                await looked.ensure()
        await looked.ensure()
        await looked.ensure()
        assert queue.asked == 3

    run(scenario())


def test_a_server_that_is_away_stops_no_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked at when it answers, and refused then; one that hangs at the first look likewise."""
    monkeypatch.setattr(start_check, "FIRST_PAUSE_SECONDS", 0.01)

    async def scenario(first: Exception | None) -> None:
        queue = Queue(first, ServerUnavailable("still away"), [GRAVE])
        check = checked(queue)
        await check.start()
        with pytest.raises(InvalidConfiguration, match="it forgets"):
            await check.until_refused()
        assert queue.asked == 3
        await check.stop()

    run(scenario(ServerUnavailable("away")))
    run(scenario(None))


@pytest.mark.parametrize(
    "answers", [([MILD],), (ServerUnavailable("away"), [MILD]), (ServerUnavailable("away"),)]
)
def test_a_server_that_is_not_refused_lets_the_process_run(
    answers: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing returns and nothing stays behind after the stop."""
    monkeypatch.setattr(start_check, "FIRST_PAUSE_SECONDS", 0.01)

    async def scenario() -> None:
        check = checked(Queue(*answers))
        await check.start()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(check.until_refused(), 0.1)
        await check.stop()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(scenario())


@pytest.mark.parametrize(
    ("jobs", "words"),
    [
        ({"provider": "memory"}, "provider is memory"),
        ({"provider": "embedded", "embedded": {"fsync": "no"}}, r"jobs\.embedded\.fsync is no"),
    ],
)
def test_settings_that_cannot_be_durable_are_refused_without_a_server(
    jobs: dict[str, Any], words: str
) -> None:
    """By whoever loads them: worker, run, service, `config check`."""
    overrides = {"jobs": {**jobs, "require_durable": True}}
    with pytest.raises(InvalidConfiguration, match=rf"jobs\.require_durable.*{words}"):
        load_settings(None, environ={}, overrides=overrides)
    with pytest.raises(InvalidConfiguration, match=words):
        AsyncBackgroundJobService.from_config(None, **overrides)
