"""What is asked of the kernel: to die with a parent, to take orphans in, to be held to limits."""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import signal
from datetime import timedelta
from pathlib import Path

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
_FIRST_TO_GO = "500"  # of -1000 to 1000: well before the worker and its helper
_libc = ctypes.CDLL(None)


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent dies, where it can (Linux)."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the kernel was told
        os._exit(1)


def take_orphans_in() -> None:
    """Become the parent of every descendant whose own parent dies, where the kernel can do that (Linux)."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def limit_this_process(memory: int | None, cpu: timedelta | None) -> None:
    """Hold this process, and each that it makes, to bytes of address space and to CPU time.

    More memory is refused: MemoryError in Python. The CPU limit is rounded up to seconds and ends the process: SIGXCPU,
    and where that is caught SIGKILL a second later.
    """
    import resource

    if memory is not None:
        resource.setrlimit(resource.RLIMIT_AS, _within(resource.RLIMIT_AS, memory, memory))
    if cpu is not None:
        seconds = math.ceil(cpu.total_seconds())
        resource.setrlimit(resource.RLIMIT_CPU, _within(resource.RLIMIT_CPU, seconds, seconds + 1))


def go_first_when_memory_ends() -> None:
    """Let the kernel choose this process, not the worker, when the machine runs out of memory (Linux)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO)


def address_space() -> int | None:
    """Bytes of address space that this process has; None where the system does not tell."""
    try:
        pages = Path("/proc/self/statm").read_text().split()[0]
    except OSError:
        return None
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def children_of(parent: int) -> list[int]:
    """The processes whose parent is this one; none where there is no /proc."""
    found = []
    with contextlib.suppress(FileNotFoundError):
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError, IndexError):
                    facts = (entry / "stat").read_bytes().rpartition(b")")[2].split()
                    if int(facts[1]) == parent:
                        found.append(int(entry.name))
    return found


def process_descriptor(pid: int) -> int | None:
    """A descriptor that is readable once the process is dead; None where the system has no such thing."""
    opened = getattr(os, "pidfd_open", None)
    if opened is None:
        return None
    try:
        descriptor: int = opened(pid)
    except OSError:
        return None
    return descriptor


def _within(kind: int, soft: int, hard: int) -> tuple[int, int]:
    """These limits, or what is allowed already where that is less."""
    import resource

    _, allowed = resource.getrlimit(kind)
    if allowed == resource.RLIM_INFINITY:
        return soft, hard
    return min(soft, allowed), min(hard, allowed)


def _prctl(option: int, value: int) -> None:
    with contextlib.suppress(AttributeError):  # Linux alone has it
        _libc.prctl(option, value, 0, 0, 0)
