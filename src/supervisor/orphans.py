"""Orphans: what a dead child had started and left to the supervisor."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
PROC = Path("/proc")


class Orphans:
    """Has the kernel give the children of dead children to this process, and ends those of a crashed child.

    Ended are the processes of the child's session and group, those that led a session of their own as its children, and
    all that descends from them. A daemon stays: it detached itself from who started it before that one died. Where there is no `/proc`, the child's
    process group is all that is ended.
    """

    def __init__(self) -> None:
        self._known: set[int] = set()
        self._seen: set[int] = set()
        with contextlib.suppress(Exception):  # another kernel than Linux, or an interpreter without ctypes
            import ctypes

            ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def look(self, children: set[int]) -> None:
        """Note who came to this process while all `children` live: daemons, which are left alone.

        Known is who was seen at the look before too. A child may have ended since its end was last asked for, and those
        that it left are here already; its end is heard of before the next look.
        """
        here = _children_of_this_process() - children
        self._known, self._seen = here & self._seen, here

    def end(self, dead: int, children: set[int]) -> list[int]:
        """Kill what the child `dead`, which has just ended, left behind; the ids of the processes."""
        with contextlib.suppress(OSError):
            os.killpg(dead, signal.SIGKILL)
        processes = {pid: process for pid, process in _processes() if pid not in children}
        adopted = _children_of_this_process() - children - self._known
        left = {pid for pid, (_, session) in processes.items() if session == dead}
        left |= {pid for pid in adopted if pid in processes and processes[pid][1] == pid}
        size = -1
        while size < len(left):  # their children are not ours yet
            size = len(left)
            left |= {pid for pid, (parent, session) in processes.items() if parent in left or session in left}
        for pid in left:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        return sorted(left)


def _children_of_this_process() -> set[int]:
    with contextlib.suppress(OSError):
        return {int(pid) for pid in Path("/proc/thread-self/children").read_text("ascii").split()}
    return set()


def _processes() -> Iterator[tuple[int, tuple[int, int]]]:
    """All processes, with their parent and their session; see proc_pid_stat(5)."""
    entries: list[str] = []
    with contextlib.suppress(OSError):
        entries = [entry.name for entry in PROC.iterdir() if entry.name.isdecimal()]
    for name in entries:
        with contextlib.suppress(OSError, IndexError, ValueError):
            # The command's name, in parentheses, may have any letters.
            fields = (PROC / name / "stat").read_bytes().rpartition(b")")[2].split()
            yield int(name), (int(fields[1]), int(fields[3]))
