"""No role is silent for `stuck_after` because its server is: not even with the shortest one that is allowed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hexjobs import Settings, worker_wiring
from hexjobs.adapters.redis.address import READ_SECONDS
from hexjobs.adapters.redis.transport import LONGEST_BLOCK_SECONDS
from hexjobs.adapters.worker.roles import IDLE_WAIT
from hexjobs.settings.sections import SHORTEST_STUCK_AFTER, JobsSettings, WorkerPoolSettings


@pytest.mark.parametrize("stuck_after", [SHORTEST_STUCK_AFTER, timedelta(seconds=17), timedelta(minutes=1)])
def test_the_longest_silence_is_shorter_than_stuck_after(stuck_after: timedelta) -> None:
    """A fetch waits by one blocked read; a scheduler by as many as its wait has, of which the last may stay unanswered."""
    settings = Settings(jobs=JobsSettings(worker_pool=WorkerPoolSettings(stuck_after=stuck_after)))
    silence = timedelta(seconds=LONGEST_BLOCK_SECONDS + READ_SECONDS)
    assert timedelta(seconds=LONGEST_BLOCK_SECONDS) >= IDLE_WAIT
    assert silence < stuck_after
    wait = worker_wiring.longest_schedule_wait(settings)
    before_the_last = max(timedelta(0), wait - timedelta(seconds=LONGEST_BLOCK_SECONDS))
    assert before_the_last + silence < stuck_after
