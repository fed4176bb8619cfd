"""LocalStorage on a real file system, and the ways out of it that must be shut."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hexjobs.adapters.files import local_storage
from hexjobs.adapters.files.local_storage import LocalStorage
from hexjobs.domain.errors import PermanentError
from support.run import run

LIMIT = 1000
ESCAPES = [
    "/etc/passwd",
    "..",
    "../secret",
    "a/../../secret",
    "a/..",
    "\x00",
    "a\x00b",
    "",
    ".",
    "./",
    "//etc/passwd",
]


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret").write_bytes(b"secret")
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


@pytest.fixture
def storage(root: Path) -> Iterator[LocalStorage]:
    """A storage; afterwards every file descriptor that it opened is closed again."""
    before = open_descriptors()
    yield LocalStorage(root)
    assert open_descriptors() == before


def open_descriptors() -> int:
    """How many the process has."""
    return len(list(Path("/dev/fd").iterdir()))


def read(storage: LocalStorage, path: str, limit: int = LIMIT) -> bytes:
    return run(storage.read(path, limit))


def test_what_was_written_is_read_back(storage: LocalStorage, root: Path) -> None:
    run(storage.write("deep/er/file.bin", b"one"))
    run(storage.write("deep/er/file.bin", b"two"))
    assert read(storage, "deep/er/file.bin") == read(storage, "./deep//er/file.bin") == b"two"
    assert [path.name for path in (root / "deep/er").iterdir()] == ["file.bin"]


def test_the_root_itself_may_be_a_link(root: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root)
    run(LocalStorage(tmp_path / "link").write("a", b"one"))
    assert (root / "a").read_bytes() == b"one"


@pytest.mark.parametrize("path", ESCAPES)
def test_a_path_that_leads_out_is_refused(storage: LocalStorage, outside: Path, path: str) -> None:
    with pytest.raises(PermanentError, match="is not a path below"):
        read(storage, path)
    with pytest.raises(PermanentError, match="is not a path below"):
        run(storage.write(path, b"x"))
    assert [found.name for found in outside.iterdir()] == ["secret"]


@pytest.mark.parametrize("path", ["link", "folder/secret", "inner/deeper/secret"])
def test_no_link_is_followed_neither_at_the_end_nor_on_the_way(
    storage: LocalStorage, root: Path, outside: Path, path: str
) -> None:
    (root / "link").symlink_to(outside / "secret")
    (root / "folder").symlink_to(outside)
    (root / "inner").mkdir()
    (root / "inner" / "deeper").symlink_to(outside)
    with pytest.raises(PermanentError, match="links are not followed"):
        read(storage, path)
    with pytest.raises(PermanentError, match="links are not followed"):
        run(storage.write(path, b"overwritten"))
    assert (outside / "secret").read_bytes() == b"secret"
    assert [found.name for found in outside.iterdir()] == ["secret"]


def test_a_link_that_leads_nowhere_does_not_create_its_target(
    storage: LocalStorage, root: Path, outside: Path
) -> None:
    (root / "link").symlink_to(outside / "new")
    (root / "folder").symlink_to(outside / "new_folder")
    for path in ("link", "folder/file"):
        with pytest.raises(PermanentError):
            run(storage.write(path, b"x"))
    assert [found.name for found in outside.iterdir()] == ["secret"]


def test_a_link_that_takes_the_place_of_a_file_that_was_just_checked_is_not_followed(
    storage: LocalStorage, root: Path, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "file").write_bytes(b"harmless")
    check = local_storage._is_plain_file

    def swap_after_check(folder: int, name: str, path: str) -> bool:
        answer = check(folder, name, path)
        (root / "file").unlink()
        (root / "file").symlink_to(outside / "secret")
        return answer

    monkeypatch.setattr(local_storage, "_is_plain_file", swap_after_check)
    with pytest.raises(PermanentError, match="links are not followed"):
        read(storage, "file")


def test_a_fifo_that_takes_the_place_of_a_file_does_not_hang(
    storage: LocalStorage, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(root / "fifo")
    monkeypatch.setattr(local_storage, "_is_plain_file", lambda *_: True)
    # The other end, too late: a storage that hangs fails by the deadline, and its thread ends.
    rescue = threading.Timer(6, lambda: os.close(os.open(root / "fifo", os.O_RDWR)))
    rescue.start()
    try:
        with pytest.raises(PermanentError, match="not a plain file"):
            run(storage.read("fifo", LIMIT), deadline=3)
    finally:
        rescue.cancel()
        rescue.join()


def test_fifos_sockets_and_folders_are_no_files(storage: LocalStorage, root: Path) -> None:
    os.mkfifo(root / "fifo")
    (root / "folder").mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(root)  # the path of a socket may have 108 bytes only
        try:
            server.bind("socket")
        finally:
            os.chdir(here)
        for name in ("fifo", "folder", "socket"):
            with pytest.raises(PermanentError, match="is not a plain file"):
                read(storage, name)
            with pytest.raises(PermanentError, match="is not a plain file"):
                run(storage.write(name, b"x"))


def test_a_missing_file_or_folder_is_a_permanent_error(storage: LocalStorage) -> None:
    for path in ("file", "folder/file"):
        with pytest.raises(PermanentError, match=r"there is no file|does not exist"):
            read(storage, path)


def test_a_file_in_place_of_a_folder_is_a_permanent_error(storage: LocalStorage, root: Path) -> None:
    (root / "file").write_bytes(b"x")
    with pytest.raises(PermanentError, match="is not a folder"):
        run(storage.write("file/below", b"x"))


def test_a_missing_root_is_no_fault_of_the_job(tmp_path: Path) -> None:
    for call in (
        LocalStorage(tmp_path / "none").read("a", LIMIT),
        LocalStorage(tmp_path / "none").write("a", b""),
    ):
        with pytest.raises(FileNotFoundError):
            run(call)


def test_both_limits_of_size_hold(root: Path) -> None:
    (root / "file").write_bytes(b"x" * 100)
    assert len(read(LocalStorage(root), "file", 100)) == 100
    with pytest.raises(PermanentError, match="has 100 bytes, at most 99"):
        read(LocalStorage(root), "file", 99)
    with pytest.raises(PermanentError, match="at most 50"):
        read(LocalStorage(root, max_bytes=50), "file", 100)
    with pytest.raises(PermanentError, match="at most 50"):
        run(LocalStorage(root, max_bytes=50).write("new", b"x" * 51))


def test_a_name_of_more_than_255_bytes_is_a_permanent_error(storage: LocalStorage) -> None:
    with pytest.raises(PermanentError, match="255 bytes"):
        read(storage, "ü" * 128)


@pytest.mark.parametrize("step", ["fsync", "rename"])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    storage: LocalStorage, root: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    run(storage.write("file", b"old"))

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match="No space left"):
        run(storage.write("file", b"new"))
    monkeypatch.undo()
    assert (root / "file").read_bytes() == b"old"
    assert [path.name for path in root.iterdir()] == ["file"]


def test_the_content_is_on_the_disk_before_it_gets_its_name(
    storage: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    for name in ("fsync", "rename"):
        call = getattr(os, name)

        def note(*args: object, name: str = name, call: object = call, **options: object) -> object:
            steps.append(name)
            assert callable(call)
            return call(*args, **options)

        monkeypatch.setattr(os, name, note)
    run(storage.write("file", b"x"))
    assert steps == ["fsync", "rename", "fsync"]
