"""Sweep: one walk through a folder and those below it, that removes or counts old plain files."""

from __future__ import annotations

import errno
import os
import stat
import threading
from fnmatch import fnmatchcase
from pathlib import Path

import structlog

from ...domain.errors import PermanentError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FORBIDDEN = (errno.EACCES, errno.EPERM)
MAX_DEPTH = 64

_log = structlog.get_logger("hexjobs.cleanup")


class Sweep:
    """Walks by folder descriptors, so that no link, also none swapped in on the way, leads anywhere else.

    Plain files whose name matches `pattern` and whose last change is at or before `changed_before` (seconds since
    1970) are removed, at most `limit` of them; in a dry run they are counted. Links, FIFOs, sockets, devices and folders
    stay, and so do other file systems mounted below and folders deeper than 64 levels. `kept` counts what the system
    did not allow to be removed or looked into. Setting `stopped` ends the walk early.
    """

    def __init__(
        self, pattern: str, changed_before: float, limit: int, *, dry_run: bool, stopped: threading.Event
    ) -> None:
        self._pattern = pattern
        self._changed_before = changed_before
        self._limit = limit
        self._dry_run = dry_run
        self._stopped = stopped
        self._device = 0
        self.matched = 0
        self.removed = 0
        self.bytes = 0
        self.kept = 0
        self.limit_reached = False

    def run(self, root: str | os.PathLike[str]) -> None:
        """Walk; PermanentError where the root turns out to be `/`, OSError where it cannot be opened."""
        folder = os.open(root, _FOLDER)
        try:
            found = os.fstat(folder)
            if os.path.samestat(found, Path("/").stat()):
                raise PermanentError("the clean-up root is / itself")
            self._device = found.st_dev
            self._visit(folder, 1)
        finally:
            os.close(folder)

    @property
    def _is_over(self) -> bool:
        return self.limit_reached or self._stopped.is_set()

    def _visit(self, folder: int, depth: int) -> None:
        folders = []
        with os.scandir(folder) as entries:
            for entry in entries:
                if self._is_over:
                    return
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
                elif entry.is_file(follow_symlinks=False) and fnmatchcase(entry.name, self._pattern):
                    self._consider(folder, entry.name)
        for name in folders:
            if self._is_over:
                return
            if depth >= MAX_DEPTH:
                _log.warning("cleanup_too_deep", depth=depth)
                return
            self._descend(folder, name, depth)

    def _descend(self, folder: int, name: str, depth: int) -> None:
        try:
            deeper = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=folder)
        except OSError as error:  # it is gone, became a link, or is not ours to read
            self.kept += error.errno in _FORBIDDEN
            return
        try:
            if os.fstat(deeper).st_dev == self._device:
                self._visit(deeper, depth + 1)
        finally:
            os.close(deeper)

    def _consider(self, folder: int, name: str) -> None:
        try:
            found = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if not stat.S_ISREG(found.st_mode) or found.st_mtime > self._changed_before:
                return
            if (self.matched if self._dry_run else self.removed) >= self._limit:
                self.limit_reached = True
                return
            if not self._dry_run:
                os.unlink(name, dir_fd=folder)
                self.removed += 1
        except FileNotFoundError:  # its owner was faster
            return
        except OSError:
            self.matched += 1
            self.kept += 1
            return
        self.matched += 1
        self.bytes += found.st_size
