"""Recycling: when a child has done enough and a fresh one takes its place."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

MEBIBYTE = 1 << 20


def resident_bytes() -> int:
    """The memory that this process has; where the kernel tells no present figure, the most that it ever had."""
    with suppress(OSError, ValueError, IndexError):
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGESIZE")
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


class Recycling:
    """The limits of one child: runs, and resident memory in MiB; None for no limit."""

    def __init__(
        self, max_jobs: int | None, max_memory: int | None, resident: Callable[[], int] = resident_bytes
    ) -> None:
        self._max_jobs = max_jobs
        self._max_memory = max_memory
        self._resident = resident

    def reason(self, processed: int, details: Mapping[str, Any]) -> str | None:
        """Why this process wants to be replaced, in a word: `max_jobs`, `max_memory`, or what the worker's health says.

        None while there is no reason.
        """
        if self._max_jobs is not None and processed >= self._max_jobs:
            return "max_jobs"
        if self._max_memory is not None and self._resident() >= self._max_memory * MEBIBYTE:
            return "max_memory"
        wish = details.get("recycle")
        return str(wish) if wish else None
