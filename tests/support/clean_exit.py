"""A pytest plugin: a run fails when it leaves a process, a listening socket, a thread or a file behind.

The run gets a temporary folder of its own as TMPDIR, with a short path because unix sockets live in it, so that what
stays there is seen. pytest's own folders (`tmp_path`) are beside it, and stay only after a failure. Where the tests are
shared out to several processes, each of them looks at itself, and the one that shares them out tells.
"""

from __future__ import annotations

import gc
import os
import re
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest

from support.surroundings import MARKER, described, files_below, listening, processes_of, staying_threads

GRACE_SECONDS = 3.0
"""What a process or thread has for leaving: the keeper of an embedded server goes within 2 s after its last client."""
LONGEST_TEMPORARY = 16
"""Bytes of a path below which sockets still have room in `tmp_path`: the limit is 108 on Linux and 104 on macOS."""
OVERRIDABLE = {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED}
TEMPORARY_ROOT = "PYTEST_DEBUG_TEMPROOT"
T = TypeVar("T")
OUTPUT = "left behind"
"""Under which a process that got its tests from another one tells that one."""
_session = pytest.StashKey["_Session"]()
_told = pytest.StashKey[list[str]]()


class _Session:
    """One run: its id, its temporary folder, and how things were before it."""

    def __init__(self, root: Path) -> None:
        self.root, self.id = root, uuid.uuid4().hex
        os.environ[MARKER] = f"{os.environ.get(MARKER, '')} {self.id}".strip()
        usual = tempfile.gettempdir()
        short = usual if len(os.fsencode(usual)) <= LONGEST_TEMPORARY else "/tmp"
        self.temporary = Path(tempfile.mkdtemp(prefix="hj-", dir=short))
        self.of_pytest = None
        if TEMPORARY_ROOT not in os.environ:  # a run within a run uses the outer one's
            self.of_pytest = tempfile.mkdtemp(prefix="hp-", dir=short)
            os.environ[TEMPORARY_ROOT] = self.of_pytest
        os.environ["TMPDIR"] = tempfile.tempdir = str(self.temporary)
        os.environ.pop("XDG_RUNTIME_DIR", None)  # it would go before TMPDIR
        self.processes = set(processes_of(self.id))
        self.sockets, self.threads, self.files = listening(), staying_threads(), files_below(root)

    def left_behind(self) -> list[str]:
        """What stayed, a line each; processes are ended after they were named, the temporary folder is removed."""
        gc.collect()
        processes = _those_that_stay(lambda: set(processes_of(self.id)) - self.processes)
        lines = [line for process in processes if (line := described(process))]
        for process in processes:
            _end(process)
        threads = _those_that_stay(lambda: staying_threads() - self.threads)
        lines += [f"thread {thread.name!r} runs and is no daemon" for thread in threads]
        lines += [f"socket {s} listens" for fd, s in listening().items() if self.sockets.get(fd) != s]
        lines += [
            f"temporary file {path}" for path in sorted(self.temporary.iterdir()) if not _is_trial(path)
        ]
        shutil.rmtree(self.temporary, ignore_errors=True)
        return lines

    def changed_files(self) -> list[str]:
        """What appeared, changed or went below the root, a line each."""
        before, now = self.files, files_below(self.root)
        lines = [f"new file {name}" for name in sorted(now.keys() - before.keys())]
        lines += [f"removed file {name}" for name in sorted(before.keys() - now.keys())]
        return lines + [
            f"changed file {name}" for name in sorted(now.keys() & before.keys()) if now[name] != before[name]
        ]


def _those_that_stay(current: Callable[[], set[T]]) -> set[T]:
    ends = time.monotonic() + GRACE_SECONDS
    while (found := current()) and time.monotonic() < ends:
        time.sleep(0.05)
    return found


def _is_trial(path: Path) -> bool:
    """Whether `tempfile` wrote it to see whether it can write here, in a process that was killed before it removed it."""
    return (
        bool(re.fullmatch("[a-z0-9_]{8}", path.name))
        and path.is_file()
        and path.read_bytes() in {b"", b"blat"}
    )


def _end(process: psutil.Process) -> None:
    try:
        process.kill()
        process.wait(GRACE_SECONDS)
    except psutil.Error:
        pass


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    config.stash[_session], config.stash[_told] = _Session(config.rootpath), []


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A process that ran a share of the tests has ended (pytest-xdist)."""
    node.config.stash[_told] += getattr(node, "workeroutput", {}).get(OUTPUT, [])


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    run = session.config.stash[_session]
    lines = run.left_behind()
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output[OUTPUT] = lines
        return
    lines, changed = session.config.stash[_told] + lines, run.changed_files()
    if os.environ.get("CI") == "true":
        lines += changed
    elif changed and (terminal := session.config.pluginmanager.get_plugin("terminalreporter")):
        # Somebody may be writing in an editor meanwhile, so this fails the run in CI only.
        terminal.write_line("\nThese files changed while the tests ran:\n" + "\n".join(changed), yellow=True)
    if lines:
        _report(session.config, "The tests left behind:\n  " + "\n  ".join(lines))
        if exitstatus in OVERRIDABLE:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
    if run.of_pytest is not None and session.exitstatus != pytest.ExitCode.TESTS_FAILED:
        shutil.rmtree(run.of_pytest, ignore_errors=True)


def _report(config: pytest.Config, text: str) -> None:
    # As an error among the others, so that it is in the summary and in the count of the last line.
    report = pytest.TestReport(
        nodeid="clean exit", location=("", None, "the whole run"), keywords={}, outcome="failed",
        longrepr=text, when="teardown",
    )  # fmt: skip
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal is not None:
        terminal.stats.setdefault("error", []).append(report)
