"""FolderCleanup on real folders, and the links that would lead it elsewhere."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from hexjobs.adapters.cleanup.folder_cleanup import FolderCleanup
from hexjobs.adapters.cleanup.sweep import MAX_DEPTH, Sweep
from hexjobs.adapters.handlers.data_cleanup import DataCleanupHandler
from hexjobs.domain.errors import InvalidConfiguration, PermanentError
from hexjobs.domain.job_type import JobType
from hexjobs.ports.services import CleanupReport
from support.handler_context import handler_context
from support.run import run

NOW = 1_800_000_000.0
HOUR = 3600.0
TWO_DAYS_AGO = (NOW - 48 * HOUR, NOW - 48 * HOUR)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


def old(path: Path, hours: float = 48, content: bytes = b"1234567890") -> Path:
    """A file that was last changed so long ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    changed = NOW - hours * HOUR
    os.utime(path, (changed, changed))
    return path


def clean(
    root: Path, pattern: str = "*", hours: float = 24, *, dry_run: bool = False, **options: Any
) -> CleanupReport:
    cleanup = FolderCleanup({"default": root}, now=lambda: NOW, **options)
    return run(cleanup.remove_old_files("default", pattern, hours * HOUR, dry_run=dry_run))


def names(root: Path) -> list[str]:
    """Everything below the root."""
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


def test_only_old_plain_files_that_match_are_removed_at_every_depth(root: Path) -> None:
    old(root / "a.tmp")
    old(root / "deep" / "er" / "b.tmp", hours=24)
    old(root / "deep" / "young.tmp", hours=23.99)
    old(root / "deep" / "c.txt")
    old(root / ".hidden.tmp")
    report = clean(root, "*.tmp")
    assert report == CleanupReport(matched=3, removed=3, bytes=30, dry_run=False)
    assert names(root) == ["deep", "deep/c.txt", "deep/er", "deep/young.tmp"]


def test_a_dry_run_counts_and_removes_nothing(root: Path) -> None:
    for number in range(3):
        old(root / f"{number}.tmp")
    assert clean(root, dry_run=True) == CleanupReport(matched=3, removed=0, bytes=30, dry_run=True)
    assert len(names(root)) == 3


def test_links_and_what_they_point_to_stay(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    precious = old(outside / "precious.tmp")
    (root / "file_link").symlink_to(precious)
    (root / "folder_link").symlink_to(outside)
    (root / "dangling").symlink_to(tmp_path / "none")
    (root / "loop").symlink_to(root)
    for link in ("file_link", "folder_link", "dangling", "loop"):
        os.utime(root / link, TWO_DAYS_AGO, follow_symlinks=False)
    old(root / "a.tmp")
    assert clean(root).removed == 1
    assert precious.exists()
    assert names(root) == ["dangling", "file_link", "folder_link", "loop"]


def test_fifos_and_folders_stay(root: Path) -> None:
    os.mkfifo(root / "fifo")
    (root / "empty").mkdir()
    for name in ("fifo", "empty", "."):
        os.utime(root / name, TWO_DAYS_AGO)
    assert clean(root) == CleanupReport(matched=0, removed=0, bytes=0, dry_run=False)
    assert names(root) == ["empty", "fifo"]


def test_a_folder_that_becomes_a_link_while_the_walk_goes_on_is_not_entered(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    precious = old(tmp_path / "outside" / "precious.tmp")
    old(root / "folder" / "a.tmp")
    descend = Sweep._descend

    def swap(self: Sweep, folder: int, name: str, depth: int) -> None:
        (root / "folder").rename(tmp_path / "moved")
        (root / "folder").symlink_to(tmp_path / "outside")
        descend(self, folder, name, depth)

    monkeypatch.setattr(Sweep, "_descend", swap)
    assert clean(root).removed == 0
    assert precious.exists()


def test_a_file_that_becomes_a_link_while_the_walk_goes_on_is_not_counted(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    precious = old(tmp_path / "outside" / "precious.tmp")
    old(root / "a.tmp")
    consider = Sweep._consider

    def swap(self: Sweep, folder: int, name: str) -> None:
        (root / name).unlink()
        (root / name).symlink_to(precious)
        consider(self, folder, name)

    monkeypatch.setattr(Sweep, "_consider", swap)
    assert clean(root).matched == 0
    assert precious.exists()


def test_another_file_system_that_is_mounted_below_is_left_alone(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mounting needs rights that a test does not have: the folder's device number is told wrong instead."""
    mounted = old(root / "mount" / "a.tmp").parent
    real, inode = os.fstat, mounted.stat().st_ino

    def fstat(folder: int) -> os.stat_result:
        found = real(folder)
        if found.st_ino != inode:
            return found
        return os.stat_result([*found[:2], found.st_dev + 1, *found[3:10]])

    monkeypatch.setattr(os, "fstat", fstat)
    assert clean(root).matched == 0


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_run_stops_at_the_limit_and_says_so(root: Path, dry_run: bool) -> None:
    for number in range(5):
        old(root / f"{number}" / "a.tmp")
    report = clean(root, max_deletions=3, dry_run=dry_run)
    assert (report.matched, report.limit_reached) == (3, True)
    assert report.removed == (0 if dry_run else 3)
    assert not clean(root, max_deletions=5, dry_run=dry_run).limit_reached


def test_an_age_below_the_minimum_is_refused(root: Path) -> None:
    old(root / "a.tmp")
    for hours in (0.5, -1, float("nan")):
        with pytest.raises(PermanentError, match="3600 seconds"):
            clean(root, hours=hours)
    assert clean(root, hours=0.5, minimum_age_seconds=60).removed == 1


def test_only_configured_roots_can_be_cleaned(root: Path) -> None:
    cleanup = FolderCleanup({"uploads": root})
    for name in ("upload", str(root), "/tmp", "..", ""):
        with pytest.raises(PermanentError, match="is not configured"):
            run(cleanup.remove_old_files(name, "*", 1e6, dry_run=False))


@pytest.mark.parametrize("roots", [{"default": Path("/")}, {"../etc": Path("/tmp/x")}, {"": Path("/tmp/x")}])
def test_a_root_that_cannot_be_meant_is_refused_at_the_start(roots: dict[str, Path]) -> None:
    with pytest.raises(InvalidConfiguration, match=r"roots\."):
        FolderCleanup(roots)


def test_a_root_that_turns_out_to_be_the_file_system_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/")
    for path in (tmp_path / "link", Path("/tmp/..")):
        with pytest.raises(PermanentError, match="is / itself"):
            clean(path, dry_run=True)


def test_a_missing_root_is_no_fault_of_the_job(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        clean(tmp_path / "none")


def test_folders_deeper_than_the_limit_are_left_alone(root: Path) -> None:
    deepest = root.joinpath(*["d"] * (MAX_DEPTH - 1))
    old(deepest / "reached.tmp")
    old(deepest / "d" / "beyond.tmp")
    assert clean(root).removed == 1
    assert (deepest / "d" / "beyond.tmp").exists()


def test_what_may_not_be_removed_stays_and_stops_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests may run as a user whom nothing is forbidden: the refusal is injected."""
    for name in ("a.tmp", "b.tmp", "c.tmp"):
        old(root / name)
    unlink = os.unlink

    def forbid(name: str, *, dir_fd: int) -> None:
        if name == "b.tmp":
            raise PermissionError(1, "Operation not permitted")
        unlink(name, dir_fd=dir_fd)

    monkeypatch.setattr(os, "unlink", forbid)
    assert clean(root) == CleanupReport(matched=3, removed=2, bytes=20, dry_run=False)
    old(root / "a.tmp")
    assert clean(root, max_deletions=1).removed == 1
    assert names(root) == ["b.tmp"]


def test_a_cancelled_run_stops_removing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        old(root / f"{number}.tmp")
    consider, ended = Sweep._consider, threading.Event()
    walk = Sweep.run

    async def scene() -> None:
        first, loop = asyncio.Event(), asyncio.get_running_loop()

        def wait_for_the_cancel(self: Sweep, folder: int, name: str) -> None:
            consider(self, folder, name)
            loop.call_soon_threadsafe(first.set)
            assert self._stopped.wait(10)

        def walk_to_the_end(self: Sweep, folder: Path) -> None:
            walk(self, folder)
            ended.set()

        monkeypatch.setattr(Sweep, "_consider", wait_for_the_cancel)
        monkeypatch.setattr(Sweep, "run", walk_to_the_end)
        cleanup = FolderCleanup({"default": root}, now=lambda: NOW)
        cleaning = asyncio.create_task(cleanup.remove_old_files("default", "*", 24 * HOUR, dry_run=False))
        await first.wait()
        cleaning.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cleaning

    run(scene())
    assert ended.wait(10)
    assert len(names(root)) == 2


def test_a_job_cleans_up_a_real_folder(root: Path) -> None:
    old(root / "a.tmp")
    old(root / "young.tmp", hours=1)
    job_type = JobType("data_cleanup", DataCleanupHandler.payload_model)
    handler = DataCleanupHandler(FolderCleanup({"default": root}, now=lambda: NOW))
    for dry_run, left in ((True, 2), (False, 1)):
        payload = {"older_than_hours": 24, "pattern": "*.tmp", "dry_run": dry_run}
        result = run(
            handler.execute(handler_context("data_cleanup"), job_type.decode(job_type.encode(payload).raw))
        )
        assert result == {
            "matched": 1,
            "removed": 0 if dry_run else 1,
            "bytes": 10,
            "dry_run": dry_run,
            "limit_reached": False,
        }
        assert len(names(root)) == left
