"""LocalStorage: files below one root of the file system; no path, link or device leads out of it."""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path, PurePosixPath

from ...domain.errors import PermanentError
from .opened_folder import opened_folder

_MIB = 1024 * 1024
# O_NONBLOCK: opening a FIFO that took the file's place must not wait for its other end.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class LocalStorage:
    """A StorageService below `root`, for files of at most `max_bytes`.

    Paths are relative and have `/` between their parts. The root must exist; folders below it are made by writes.
    """

    def __init__(self, root: Path, max_bytes: int = 256 * _MIB) -> None:
        self._root = root
        self._max_bytes = max_bytes

    async def read(self, path: str, max_bytes: int) -> bytes:
        """As the port says; the smaller of both limits holds."""
        return await asyncio.to_thread(self._read, path, min(max_bytes, self._max_bytes))

    async def write(self, path: str, data: bytes) -> None:
        """As the port says: on the disk when it returns. PermanentError where a link or a folder has the name."""
        if len(data) > self._max_bytes:
            raise PermanentError(
                f"{path!r} would have {len(data)} bytes, at most {self._max_bytes} are allowed"
            )
        await asyncio.to_thread(self._write, path, data)

    def _read(self, path: str, limit: int) -> bytes:
        *folders, name = _parts(path)
        with opened_folder(self._root, folders) as folder:
            if not _is_plain_file(folder, name, path):
                raise PermanentError(f"there is no file {path!r}")
            with os.fdopen(_open_to_read(folder, name, path), "rb") as file:
                found = os.fstat(file.fileno())
                if not stat.S_ISREG(found.st_mode):
                    raise PermanentError(f"{path!r} is not a plain file")
                # One byte more than allowed: the file may grow while it is read.
                data = file.read(limit + 1) if found.st_size <= limit else None
        if data is None or len(data) > limit:
            raise PermanentError(f"{path!r} has {found.st_size} bytes, at most {limit} are allowed")
        return data

    def _write(self, path: str, data: bytes) -> None:
        *folders, name = _parts(path)
        with opened_folder(self._root, folders, create=True) as folder:
            _is_plain_file(folder, name, path)
            temporary = f".hexjobs-{secrets.token_hex(8)}.tmp"
            try:
                with os.fdopen(os.open(temporary, _CREATE, 0o666, dir_fd=folder), "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException:
                with suppress(FileNotFoundError):
                    os.unlink(temporary, dir_fd=folder)
                raise
            os.fsync(folder)


def _parts(path: str) -> tuple[str, ...]:
    """The steps of a relative path; PermanentError where it leads out of the root or can name no file."""
    pure = PurePosixPath(path)
    if pure.is_absolute() or not pure.parts or ".." in pure.parts or "\x00" in path:
        raise PermanentError(f"{path!r} is not a path below the storage root")
    if any(len(os.fsencode(part)) > 255 for part in pure.parts):
        raise PermanentError("a part of the path has more than 255 bytes")
    return pure.parts


def _is_plain_file(folder: int, name: str, path: str) -> bool:
    """False where nothing has the name; PermanentError where something else than a plain file has it."""
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    if not stat.S_ISREG(found.st_mode):
        raise PermanentError(f"{path!r} is not a plain file; links are not followed")
    return True


def _open_to_read(folder: int, name: str, path: str) -> int:
    """Open what was seen to be a plain file; it may have been swapped since."""
    try:
        return os.open(name, _READ, dir_fd=folder)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOENT, errno.ENXIO):
            raise PermanentError(f"{path!r} is not a plain file; links are not followed") from None
        raise
