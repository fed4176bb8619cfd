"""opened_folder: a folder below a root as a file descriptor, reached without following a single link."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from ...domain.errors import PermanentError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NOT_A_FOLDER = (errno.ENOTDIR, errno.ELOOP)  # Linux names a link by the first, macOS by the second


@contextmanager
def opened_folder(root: Path, parts: Sequence[str], *, create: bool = False) -> Iterator[int]:
    """The descriptor of `root` / `parts`; each step is taken from the one before, so nobody can swap a link in.

    The root itself may be a link: it is the operator's word. PermanentError where a step is missing (unless `create`),
    a link or no folder; OSError where the root is missing, which is no fault of the job.
    """
    folder = os.open(root, _FOLDER)
    try:
        for part in parts:
            deeper = _step(folder, part, create=create)
            os.close(folder)
            folder = deeper
        yield folder
    finally:
        os.close(folder)


def _step(folder: int, part: str, *, create: bool) -> int:
    if create:
        with suppress(FileExistsError):
            os.mkdir(part, dir_fd=folder)
            os.fsync(folder)
    try:
        return os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=folder)
    except FileNotFoundError:
        raise PermanentError(f"the folder {part!r} does not exist") from None
    except OSError as error:
        if error.errno in _NOT_A_FOLDER:
            raise PermanentError(f"{part!r} is not a folder; links are not followed") from None
        raise
