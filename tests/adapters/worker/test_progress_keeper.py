"""ProgressKeeper: the latest value of the current run, and what becomes of another's."""

from __future__ import annotations

from typing import Any, cast

import pytest
import structlog

from hexjobs.adapters.metrics.prometheus_job_metrics import PrometheusJobMetrics
from hexjobs.adapters.worker.progress_keeper import ProgressKeeper
from hexjobs.domain.priority import JobPriority
from hexjobs.ports.delivery import Delivery
from support.messages import message
from support.run import run

DATA = message("job", type="report").data


class Store:
    """Takes the progress of one fence, and notes what it was sent."""

    def __init__(self, current: int) -> None:
        self.current = current
        self.sent: list[tuple[int, bytes]] = []

    async def save_progress(self, job_id: str, fence: int, progress: bytes) -> bool:
        """Whether the fence is the current one."""
        self.sent.append((fence, progress))
        return fence == self.current


def delivery(fence: int) -> Delivery:
    """A delivery of the job."""
    return Delivery("job", "default", JobPriority.NORMAL, DATA, attempt=1, fence=fence)


def saved(current: int, *values: tuple[int, Any]) -> tuple[list[tuple[int, bytes]], str]:
    """What is sent when these values come at once, and the metrics afterwards."""
    store, metrics = cast("Any", Store(current)), PrometheusJobMetrics("hexjobs")
    keeper = ProgressKeeper(store, metrics)

    async def scenario() -> None:
        for fence, value in values:
            keeper.save(delivery(fence), value)
        await keeper.flush("job")

    run(scenario())
    return store.sent, metrics.render()[0].decode()


def test_the_latest_value_is_kept() -> None:
    """Older ones are left out."""
    sent, text = saved(7, (7, 1), (7, 2), (7, {"done": 3}))
    assert sent == [(7, b'{"done":3}')]
    assert "hexjobs_refused_results_total 0.0" in text


def test_one_of_a_run_that_is_no_longer_current_is_told_and_counted() -> None:
    """As a result would be."""
    with structlog.testing.capture_logs() as lines:
        sent, text = saved(8, (7, 1))
    assert sent == [(7, b"1")]
    assert [(line["event"], line["job_id"], line["fence"]) for line in lines] == [
        ("progress_refused", "job", 7)
    ]
    assert "hexjobs_refused_results_total 1.0" in text


@pytest.mark.parametrize("order", [(7, 8), (8, 7)])
def test_a_run_that_was_given_up_does_not_speak_for_the_next(order: tuple[int, int]) -> None:
    """Whoever speaks last in the same process."""
    sent, _ = saved(8, *((fence, fence) for fence in order))
    assert sent == [(8, b"8")]
