"""The health check of schedules: due more than a minute ago, and not fired."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from hexjobs.application.schedules_check import SchedulesCheck
from hexjobs.domain.errors import ServerUnavailable
from support.run import run
from support.scheduling import Scheduling


def test_it_names_those_that_are_overdue_by_the_stores_clock() -> None:
    """From a minute on; a paused one and one that has ended are not."""

    async def scenario() -> None:
        at = Scheduling()
        check = SchedulesCheck(at.store)
        await at.add("s", every="60s")
        await at.add("t", every="120s")
        await at.add("paused", every="60s")
        await at.add("over", every="60s", limit=1)
        await at.after(60)
        await at.schedules.pause("paused")
        assert (await check.check()).reasons == ()
        at.clock.advance(120)
        health = await check.check()
        assert (health.reasons, health.details) == ((), {"schedules": 4, "overdue_seconds": {}})
        at.clock.advance(1)
        health = await check.check()
        assert health.reasons == ("due more than a minute ago and not fired: s, t",)
        assert health.details == {"schedules": 4, "overdue_seconds": {"s": 61, "t": 61}}
        assert health.is_degraded
        await at.drain()
        assert (await check.check()).is_healthy

    run(scenario())


def test_it_names_ten_and_counts_the_others() -> None:
    """All of them are in the details."""

    async def scenario() -> None:
        at = Scheduling()
        for number in range(12):
            await at.add(f"s{number:02}", every="60s")
        at.clock.advance(200)
        (reason,) = (await SchedulesCheck(at.store).check()).reasons
        assert reason.endswith("s08, s09 and 2 more")

    run(scenario())


def test_a_server_that_does_not_answer_is_a_finding() -> None:
    """Neither an outage nor a silence raises."""

    async def scenario() -> None:
        at = Scheduling()

        async def away() -> int:
            raise ServerUnavailable("gone")

        async def silent() -> int:
            await asyncio.Event().wait()
            return 0

        for now, error in ((away, "gone"), (silent, "no answer in time")):
            at.store.now = now  # type: ignore[method-assign]  # an outage
            health = await SchedulesCheck(at.store, within=timedelta(milliseconds=1)).check()
            assert health.reasons == ("the server does not answer",)
            assert health.details == {"error": error}
            assert not health.is_degraded

    run(scenario())
