"""FolderCleanup: removes old files below named roots, and nothing anywhere else."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import structlog

from ...domain.errors import InvalidConfiguration, PermanentError, Problem
from ...domain.names import is_name
from ...domain.suggestion import nearest
from ...ports.services import CleanupReport
from .sweep import Sweep

_log = structlog.get_logger("hexjobs.cleanup")


class FolderCleanup:
    """A FileCleanupService over `roots` (name to folder).

    A run removes at most `max_deletions` files, and refuses an age below `minimum_age_seconds`. `now` is the wall
    clock, in seconds since 1970. InvalidConfiguration where a root is `/`, or its name cannot be a name.
    """

    def __init__(
        self,
        roots: Mapping[str, Path],
        *,
        max_deletions: int = 10_000,
        minimum_age_seconds: float = 3600.0,
        now: Callable[[], float] = time.time,
    ) -> None:
        problems = [
            Problem(f"roots.{name}", "must have a name of lower-case letters, digits, _ and -, and not be /")
            for name, folder in roots.items()
            if not is_name(name) or Path(folder) == Path("/")
        ]
        if problems:
            raise InvalidConfiguration(problems)
        self._roots = dict(roots)
        self._max_deletions = max_deletions
        self._minimum_age = minimum_age_seconds
        self._now = now

    async def remove_old_files(
        self, root: str, pattern: str, older_than_seconds: float, *, dry_run: bool
    ) -> CleanupReport:
        """As the port says; also PermanentError where the age is below the minimum. A cancelled run stops removing."""
        folder = self._roots.get(root)
        if folder is None:
            raise PermanentError(f"the clean-up root {root!r} is not configured{nearest(root, self._roots)}")
        if not older_than_seconds >= self._minimum_age:
            raise PermanentError(
                f"files younger than {self._minimum_age:g} seconds are never removed; ask for an older age"
            )
        stopped = threading.Event()
        sweep = Sweep(
            pattern, self._now() - older_than_seconds, self._max_deletions, dry_run=dry_run, stopped=stopped
        )
        try:
            await asyncio.to_thread(sweep.run, folder)
        finally:
            stopped.set()
        if sweep.kept:
            _log.warning("cleanup_files_kept", root=root, kept=sweep.kept)
        return CleanupReport(sweep.matched, sweep.removed, sweep.bytes, dry_run, sweep.limit_reached)
