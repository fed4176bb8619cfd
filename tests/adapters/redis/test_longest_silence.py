"""No role is silent for `stuck_after` because its server is: not even with the shortest one that is allowed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hexjobs import Settings, worker_wiring
from hexjobs.adapters.redis.address import READ_SECONDS
from hexjobs.adapters.redis.transport import LONGEST_BLOCK_SECONDS
from hexjobs.settings.sections import SHORTEST_STUCK_AFTER, JobsSettings, WorkerPoolSettings


@pytest.mark.parametrize("stuck_after", [SHORTEST_STUCK_AFTER, timedelta(seconds=17), timedelta(minutes=1)])
def test_the_longest_silence_is_shorter_than_stuck_after(stuck_after: timedelta) -> None:
    """A fetch and a scheduler wait by one blocked read at a time, which may stay unanswered."""
    settings = Settings(jobs=JobsSettings(worker_pool=WorkerPoolSettings(stuck_after=stuck_after)))
    for longest in (worker_wiring.longest_fetch_wait, worker_wiring.longest_schedule_wait):
        wait = longest(settings)
        assert wait <= timedelta(seconds=LONGEST_BLOCK_SECONDS), "it is one read"
        assert wait + timedelta(seconds=READ_SECONDS) < stuck_after
