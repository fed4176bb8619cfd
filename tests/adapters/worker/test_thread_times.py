"""thread_seconds: who was on the processor, who was not, and who is no more."""

from __future__ import annotations

import sys
import threading
import time

import pytest

from hexjobs.adapters.worker.thread_times import thread_seconds


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux numbers the clocks of threads")
def test_the_seconds_are_those_of_each_thread() -> None:
    """One that spins has them, one that waits has none, one that has ended is not among them."""
    stop = threading.Event()
    waiting = threading.Thread(target=stop.wait)
    ended = threading.Thread(target=int)
    for thread in (waiting, ended):
        thread.start()
    ended.join()
    before = time.thread_time()
    while time.thread_time() < before + 0.05:
        pass
    seconds = thread_seconds()
    stop.set()
    waiting.join()
    assert seconds[threading.get_native_id()] == pytest.approx(time.thread_time(), abs=0.05)
    assert seconds[waiting.native_id or 0] < 0.05
    assert ended.native_id not in seconds


def test_a_platform_that_does_not_tell_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the whole process is looked at."""

    def refuse(clock: int) -> float:
        raise OSError(clock)

    monkeypatch.setattr(time, "clock_gettime", refuse)
    assert thread_seconds() == {}
