"""The supervisor alone, over children of a few lines: who is killed, who is left alone, and what is taken away after them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from support.command_line import eventually

TESTS = Path(__file__).parent.parent


class Family:
    """A supervisor over one small child."""

    def __init__(self, folder: Path, stuck_after: float) -> None:
        self.folder = folder
        self._errors = (folder.parent / "stderr").open("w+b")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "support.small_child", str(folder), str(stuck_after)],
            cwd=TESTS,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            stderr=self._errors,
        )

    @property
    def err(self) -> str:
        """Standard error so far."""
        return (self.folder.parent / "stderr").read_text()

    def events(self, event: str) -> list[dict[str, Any]]:
        """The log lines with this event word."""
        lines = [json.loads(line) for line in self.err.splitlines() if line.startswith("{")]
        return [line for line in lines if line["event"] == event]

    def wait_for(self, event: str) -> dict[str, Any]:
        """The first log line with this event word."""
        eventually(lambda: self.events(event), lambda: f"no {event}: {self.err}")
        return self.events(event)[0]

    def child(self, number: int = 1) -> int:
        """The process of the child that was started as the `number`th."""
        notes = self.folder / "children"
        eventually(lambda: notes.exists() and len(notes.read_text().splitlines()) >= number, lambda: self.err)
        return int(notes.read_text().splitlines()[number - 1])

    def ask(self, word: str) -> None:
        """Have the child do what the word says."""
        (self.folder / word).touch()

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        self.process.terminate()
        return self.process.wait(20)

    def close(self) -> None:
        """Leave nothing."""
        with contextlib.suppress(psutil.Error):
            for process in psutil.Process(self.process.pid).children(recursive=True):
                process.kill()
        self.process.kill()
        self.process.wait()
        self._errors.close()


@contextlib.contextmanager
def family(tmp_path: Path, stuck_after: float = 50.0) -> Iterator[Family]:
    folder = tmp_path / "family"
    folder.mkdir()
    whole = Family(folder, stuck_after)
    try:
        yield whole
    finally:
        whole.close()


@pytest.mark.parametrize("how", ["SIGSTOP", "freeze"])
def test_a_child_without_progress_is_killed_and_replaced(tmp_path: Path, how: str) -> None:
    """One that is stopped, and one whose event loop stands still: the latter's stacks are in the log."""
    with family(tmp_path, stuck_after=1.0) as whole:
        first = whole.child()
        if how == "SIGSTOP":
            os.kill(first, signal.SIGSTOP)
        else:
            whole.ask("freeze")
        killed = whole.wait_for("child_killed")
        assert (killed["pid"], killed["reason"]) == (first, "stuck")
        assert killed["quiet_seconds"] >= 1.0
        assert whole.child(2) != first
        if how == "freeze":
            assert "small_child.py" in whole.err
            assert "Thread 0x" in whole.err
        assert whole.stop() == 0


def test_freezing_everybody_kills_nobody(tmp_path: Path) -> None:
    """As `docker pause` does: after it a child that had no chance to report is not blamed."""
    with family(tmp_path, stuck_after=4.0) as whole:
        child = whole.child()
        for number in (signal.SIGSTOP, signal.SIGCONT):
            if number is signal.SIGCONT:
                time.sleep(5)  # nothing tells that time has passed
            os.kill(whole.process.pid, number)
            if number is signal.SIGSTOP:
                os.kill(child, number)
        time.sleep(0.5)
        os.kill(child, signal.SIGCONT)
        time.sleep(1)
        assert whole.stop() == 0
        assert "child_killed" not in whole.err


def test_one_that_dies_again_and_again_is_started_ever_later(tmp_path: Path) -> None:
    """At once after the first death, then after doubling times."""
    with family(tmp_path) as whole:
        for number in range(1, 4):
            whole.child(number)
            whole.ask("die")
        whole.child(4)
        died = whole.events("child_died")
        assert [line["next_start_seconds"] for line in died] == [0.0, 0.5, 1.0]
        assert {line["exit_code"] for line in died} == {7}
        assert whole.stop() == 0


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel has no subreaper")
@pytest.mark.parametrize("words", [("orphans", "die"), ("crash",)], ids=" then ".join)
def test_nothing_that_a_crashed_child_started_is_left(tmp_path: Path, words: tuple[str, ...]) -> None:
    """What shared its session, and what led its own; a daemon stays. One that ended is no zombie: it was reaped."""
    with family(tmp_path) as whole:
        whole.child()
        notes = [whole.folder / name for name in ("kept", "daemon", "short")]
        for word in words:
            whole.ask(word)
            eventually(lambda: all(note.exists() and note.read_text() for note in notes), lambda: whole.err)
        kept, daemon, short = (note.read_text() for note in notes)
        whole.child(2)
        eventually(lambda: not any(map(psutil.pid_exists, map(int, kept.split()))), lambda: f"{kept} live")
        eventually(lambda: not psutil.pid_exists(int(short)), lambda: "a zombie stayed")
        stays = psutil.Process(int(daemon))
        assert stays.is_running()
        assert stays.ppid() == whole.process.pid
        assert whole.stop() == 0
        stays.kill()


def test_a_child_that_is_deaf_is_killed_at_the_deadline(tmp_path: Path) -> None:
    """The timeout for jobs and the margin are over: the code says that not all went in order."""
    with family(tmp_path) as whole:
        whole.child()
        whole.ask("deaf")
        eventually(lambda: not (whole.folder / "deaf").exists(), lambda: whole.err)
        assert whole.stop() == 1
        assert whole.events("child_killed")[0]["reason"] == "late"


def test_a_child_that_talks_nonsense_is_replaced(tmp_path: Path) -> None:
    """The parent outlives whatever its children write."""
    with family(tmp_path) as whole:
        whole.child()
        whole.ask("garble")
        assert whole.wait_for("child_killed")["reason"] == "garbled"
        whole.child(2)
        assert whole.stop() == 0


def test_a_retired_child_is_replaced_before_it_is_gone(tmp_path: Path) -> None:
    """Its end is no death."""
    with family(tmp_path) as whole:
        first = whole.child()
        whole.ask("retire")
        assert whole.child(2) != first
        assert whole.wait_for("child_retired")["reason"] == "asked"
        eventually(lambda: not psutil.pid_exists(first), lambda: whole.err)
        assert whole.stop() == 0
        assert not whole.events("child_died")


def test_a_child_that_does_not_hear_of_its_parents_death_ends_itself(tmp_path: Path) -> None:
    """It is deaf to every order; after its grace it is gone all the same."""
    with family(tmp_path) as whole:
        child = psutil.Process(whole.child())
        whole.ask("freeze")
        eventually(lambda: not (whole.folder / "freeze").exists(), lambda: whole.err)
        child.send_signal(signal.SIGSTOP)
        whole.process.kill()
        whole.process.wait()
        child.send_signal(signal.SIGCONT)
        psutil.wait_procs([child], 10)
        assert not child.is_running()
