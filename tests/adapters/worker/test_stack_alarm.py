"""StackAlarm: goes off in the thread that is on the processor, by processor time, and never to anybody's harm."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time

import pytest

from hexjobs.adapters.worker import stack_alarm
from hexjobs.adapters.worker.stack_alarm import HEAD, MOST_BYTES, StackAlarm

OCCUPIED = """
import signal
from hexjobs.adapters.worker.stack_alarm import StackAlarm
signal.signal(signal.SIGPROF, lambda number, frame: print("mine"))
alarm = StackAlarm()
alarm.set(0.01)
while signal.getitimer(signal.ITIMER_PROF) != (0.0, 0.0):
    pass
print(alarm.place(), repr(alarm.noted_from(0)))
signal.raise_signal(signal.SIGPROF)
"""


def spin(seconds: float) -> None:
    """Use so much processor time, in this thread."""
    ends = time.thread_time() + seconds
    while time.thread_time() < ends:
        pass


def test_it_notes_the_stack_of_the_thread_that_is_busy() -> None:
    """Not that of the one that waits for it; again and again, from each place on."""
    alarm = StackAlarm()
    place = alarm.place()
    alarm.set(0.05)
    busy = threading.Thread(target=spin, args=(0.5,))
    busy.start()
    busy.join()
    alarm.clear()
    stacks = alarm.noted_from(place)
    assert stacks.count("in spin") > 1
    assert stacks.count("in spin") >= stacks.count(HEAD) - 1  # one may meet the thread that starts it
    assert alarm.noted_from(alarm.place()) == ""


def test_only_the_latest_stacks_are_told_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them whole; and the file does not grow for ever."""
    alarm = StackAlarm()
    place = alarm.place()
    alarm.set(0.01)
    spin(1)
    alarm.clear()
    stacks = alarm.noted_from(place)
    assert MOST_BYTES // 2 < len(stacks) <= MOST_BYTES
    assert stacks.startswith(HEAD)
    monkeypatch.setattr(stack_alarm, "LARGEST_FILE", 100)
    assert alarm.place() == 0
    assert alarm.noted_from(0) == ""


def test_time_that_nobody_uses_does_not_count() -> None:
    """So a process that stood still finds nothing noted; and what was cleared does not go off."""
    alarm = StackAlarm()
    place = alarm.place()
    alarm.set(0.2)
    time.sleep(0.4)
    assert alarm.noted_from(place) == ""
    alarm.clear()
    spin(0.4)
    assert alarm.noted_from(place) == ""
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)


def test_the_signal_of_somebody_else_is_left_alone() -> None:
    """A profiler's, for example: nothing is set, and its handler stays."""
    ended = subprocess.run(
        [sys.executable, "-c", OCCUPIED], capture_output=True, check=False, text=True, timeout=30
    )
    assert (ended.stdout, ended.stderr) == ("0 ''\nmine\n", "")
