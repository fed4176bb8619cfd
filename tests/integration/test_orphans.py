"""Who is ended after a child died: asked of a process that adopts, at the moments that a supervisor cannot choose."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel has no subreaper")

PROGRAM = """
import os, signal, subprocess, sys, time
from hexjobs.supervisor.orphans import Orphans, _children_of_this_process

SLEEP = [sys.executable, "-c", "import time; time.sleep(50)"]
# A child that starts the leader of a session, and ends as soon as it is told to.
CHILD = "import os, subprocess, sys; subprocess.Popen(sys.argv[1:], start_new_session=True); print(flush=True); sys.stdin.read(); os._exit(7)"

def start():
    child = subprocess.Popen([sys.executable, "-c", CHILD, *SLEEP], stdin=-1, stdout=-1, start_new_session=True)
    child.stdout.read(1)
    return child

def adopted(children):
    while not (here := _children_of_this_process() - {child.pid for child in children}):
        time.sleep(0.01)
    return here

orphans = Orphans()
"""


def lines_of(program: str) -> list[str]:
    """What the program prints, each line without its end."""
    command = [sys.executable, "-c", PROGRAM + textwrap.dedent(program)]
    return subprocess.run(command, check=True, timeout=50, capture_output=True, text=True).stdout.splitlines()


def test_those_of_a_child_whose_end_was_not_yet_heard_of_are_ended() -> None:
    """It died between the last question for the dead and a look: what it left is at hand, and is no daemon."""
    said = lines_of("""
        child = start()
        orphans.look({child.pid})
        child.stdin.close()
        left = adopted([child])
        orphans.look({child.pid})
        child.wait()
        print(orphans.end(child.pid, set()) == list(left))
        print({os.waitpid(pid, 0)[1] for pid in left} == {signal.SIGKILL})
    """)
    assert said == ["True", "True"]


def test_one_that_came_while_all_lived_stays() -> None:
    """Another child's crash is none of its business."""
    said = lines_of("""
        other, crashed = start(), start()
        other.stdin.close()
        other.wait()
        daemon = adopted([other, crashed])
        for _ in range(3):
            orphans.look({crashed.pid})
        crashed.stdin.close()
        crashed.wait()
        ended = orphans.end(crashed.pid, set())
        print(len(ended), daemon & set(ended))
        for pid in daemon:
            os.kill(pid, signal.SIGKILL)
    """)
    assert said == ["1 set()"]
