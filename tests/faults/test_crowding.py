"""Jobs that crowd out others: faults 38 and 40, and the order that is promised."""

from __future__ import annotations

import time
from pathlib import Path

from faults.harness.stage import Stage

DEPENDENT = 60
OTHERS = 30


def test_a_dependency_that_is_down_leaves_the_others_their_share(tmp_path: Path) -> None:
    """Fault 38: all jobs of one queue fail: the circuit opens, few runs reach for it, the other queue goes on at once."""
    circuits = {"outside": {"failures": 5, "window": "10s", "open_for": "500ms", "max_open_for": "1s"}}
    with Stage(tmp_path, sections={"circuits": circuits}, queues={"outside": {}}) as stage:
        down = stage.journals / "outside-is-down"
        down.touch()
        dependent = [stage.submit("dependent") for _ in range(DEPENDENT)]
        with stage.start_worker() as worker:
            worker.ready()
            stage.until(lambda: stage.entries("reached"), "the storm begins")
            begin = time.monotonic()
            others = [stage.submit("step") for _ in range(OTHERS)]
            assert stage.until_ended(*others) == ["completed"] * OTHERS
            assert time.monotonic() - begin < 5
            time.sleep(max(0.0, 2.0 - (time.monotonic() - begin)))  # two seconds of an open circuit
            reached = [entry for entry in stage.entries("reached") if entry["t"] > begin + 0.5]
            assert len(reached) <= 6, "a probe each half second, and none beside it"
            down.unlink()
            assert stage.until_ended(*dependent) == ["completed"] * DEPENDENT
            attempts = [int(stage.snapshot().states[job]["attempt"]) for job in dependent]
            assert sum(attempts) <= DEPENDENT + 40, "an open circuit spends no attempt"
            stage.drain()
            assert stage.judge() == []


def test_the_highest_level_goes_first_and_starves_the_lowest(tmp_path: Path) -> None:
    """Fault 40: as documented, the order is strict: under a lasting critical load a low job waits, and then it runs."""
    with Stage(tmp_path, worker_pool={"worker_count": 1}) as stage:
        low = stage.submit("step", priority="low", ordered="low")
        first = [
            stage.submit("step", {"seconds": 0.02}, priority="critical", ordered="critical")
            for _ in range(20)
        ]
        with stage.start_worker() as worker:
            worker.ready()
            later = [
                stage.submit("step", {"seconds": 0.05}, priority="critical", ordered="critical")
                for _ in range(20)
            ]
            assert stage.until_ended(low, *first, *later) == ["completed"] * 41
        fences = {entry["job"]: entry["fence"] for entry in stage.entries("start")}
        assert fences[low] > max(fences[job] for job in first)
        assert stage.judge() == [], "and first in, first out within the level"
