"""How isolated runs end from outside: killed with all that they started, whoever dies first."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from hexjobs.domain.outcome import Crash, Done, Snooze
from support.isolation import Runs, context_of, descendants, descriptors, is_gone, result, runs
from support.run import run
from support.until import until

WORKER = """
import sys
from support.isolation import context_of, runs
with runs() as made:
    made.run("sleeps", {"path": sys.argv[1], "family": True})
"""


@pytest.fixture(scope="module")
def isolated() -> Iterator[Runs]:
    """One helper process for the tests of this module."""
    with runs() as made:
        made.run("comes_to", {"way": "nothing"})
        yield made


class Running:
    """A run in a thread, and the processes that it told as its progress."""

    def __init__(self, isolated: Runs, payload: dict[str, Any], job_type: str = "sleeps") -> None:
        self.pids: list[int] = []
        self.outcome: Any = None
        self.context = context_of(job_type, save_progress=self.pids.extend)
        self._thread = threading.Thread(target=self._run, args=(isolated, job_type, payload))
        self._thread.start()

    def wait_for_pids(self) -> list[int]:
        """The process, its guard, and those that it started."""
        run(until(lambda: self.pids))
        return self.pids

    def join(self, seconds: float = 10.0) -> Any:
        """What it came to."""
        self._thread.join(seconds)
        assert not self._thread.is_alive()
        return self.outcome

    def _run(self, isolated: Runs, job_type: str, payload: dict[str, Any]) -> None:
        self.outcome = isolated.run(job_type, payload, self.context)


def test_a_cancel_kills_at_once_and_everything(isolated: Runs) -> None:
    """Forks, sessions of their own, a daemon, a program: no process is left when `run` returns."""
    running = Running(isolated, {"family": True})
    pids = running.wait_for_pids()
    assert len(pids) == 6
    assert not any(is_gone(pid) for pid in pids)
    began = time.monotonic()
    running.context.cancel()
    running.join()
    assert time.monotonic() - began < 2
    child, guard, *others = pids
    assert all(is_gone(pid) for pid in (child, *others))
    run(until(lambda: is_gone(guard)))


def test_what_a_handler_leaves_running_ends_with_it(isolated: Runs) -> None:
    """A run is over when its last descendant is gone."""
    left = result(isolated.run("leaves_a_family"))
    assert len(left) == 4
    assert all(is_gone(pid) for pid in left)


def test_a_cancel_before_the_beginning(isolated: Runs) -> None:
    """Nothing stays of a run that was stopped before it had a process."""
    context = context_of("sleeps")
    context.cancel()
    began = time.monotonic()
    isolated.run("sleeps", {}, context)
    assert time.monotonic() - began < 2
    assert isolated.run("comes_to", {"way": "nothing"}) == Done(b"null")


def test_a_cancel_while_the_helper_starts() -> None:
    """It waits for no import."""
    hangs = [sys.executable, "-c", "import time; time.sleep(60)"]
    with runs(command=hangs) as made:
        running = Running(made, {})
        run(until(lambda: made.runner.helper_pid))
        began = time.monotonic()
        running.context.cancel()
        running.join()
        assert time.monotonic() - began < 2
        helper = made.runner.helper_pid
        assert helper is not None
        os.kill(helper, signal.SIGKILL)


def test_nothing_adds_up(isolated: Runs) -> None:
    """Fifty runs, and the worker has as many descriptors, threads and processes as after the first."""

    def count() -> tuple[int, int, int]:
        return descriptors(), len(descendants()), threading.active_count()

    isolated.run("comes_to", {"way": "nothing"})
    before = count()
    for _ in range(50):
        assert isolated.run("comes_to", {"way": "nothing"}) == Done(b"null")
    assert count() == before


def test_runs_at_the_same_time(isolated: Runs) -> None:
    """Each has a process of its own; ended ones leave their guards to the next."""
    several = [Running(isolated, {"seconds": 0.2}) for _ in range(4)]
    assert [running.join() for running in several] == [Done(b"null")] * 4
    assert len({pid for running in several for pid in running.pids[:1]}) == 4
    again = Running(isolated, {"seconds": 0})
    assert again.join() == Done(b"null")
    assert again.pids[1] in {running.pids[1] for running in several}


def test_a_helper_that_was_killed_is_replaced() -> None:
    """What runs goes on, guarded; the next run has a new helper."""
    with runs() as made:
        running = Running(made, {"seconds": 1})
        running.wait_for_pids()
        helper = made.runner.helper_pid
        assert helper is not None
        os.kill(helper, signal.SIGKILL)
        several = [Running(made, {"seconds": 0}) for _ in range(2)]
        assert [each.join() for each in several] == [Done(b"null")] * 2
        assert made.runner.helper_pid != helper
        assert running.join() == Done(b"null")


def test_what_was_said_before_the_end_counts(isolated: Runs) -> None:
    """Also where the worker comes to read it when the process and its guard have long spoken."""

    def read_slowly(pids: list[int]) -> None:
        run(until(lambda: is_gone(pids[0])))
        time.sleep(0.1)  # the guard tells it, and nothing announces that but what is not to be read yet

    context = context_of("sleeps", save_progress=read_slowly)
    assert isolated.run("sleeps", {"seconds": 0}, context) == Done(b"null")


def test_without_helper_and_guard_the_process_dies_by_itself() -> None:
    """The kernel sees to that."""
    with runs() as made:
        running = Running(made, {})
        child, guard = running.wait_for_pids()
        helper = made.runner.helper_pid
        assert helper is not None
        os.kill(helper, signal.SIGKILL)
        os.kill(guard, signal.SIGKILL)
        assert isinstance(running.join(), Crash)
        run(until(lambda: is_gone(child)))


def test_idle_guards_that_were_killed_are_replaced(isolated: Runs) -> None:
    """However many they are."""
    several = [Running(isolated, {"seconds": 0.2}) for _ in range(3)]
    for running in several:
        running.join()
        os.kill(running.pids[1], signal.SIGKILL)
    run(until(lambda: all(is_gone(running.pids[1]) for running in several)))
    assert isolated.run("comes_to", {"way": "nothing"}) == Done(b"null")


def test_a_guard_that_was_killed_takes_everything_with_it(isolated: Runs) -> None:
    """The kernel kills the process, the helper what it had started."""
    running = Running(isolated, {"family": True})
    child, guard, *others = running.wait_for_pids()
    os.kill(guard, signal.SIGKILL)
    assert running.join() == Crash("the guard of its process was killed")
    run(until(lambda: all(is_gone(pid) for pid in (child, *others))))


def test_a_worker_that_was_killed_leaves_nothing(tmp_path: Path) -> None:
    """Its helper, the guards, the runs and what they started are gone soon."""
    told = tmp_path / "pids"
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", WORKER, str(told)], env=environ) as worker:
        run(until(lambda: told.exists() and len(told.read_text().split()) == 6, 20))
        pids = [int(pid) for pid in told.read_text().split()]
        pids += [process.pid for process in psutil.Process(worker.pid).children()]
        worker.kill()
    run(until(lambda: all(is_gone(pid) for pid in pids)))


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ([sys.executable, "-c", "raise SystemExit(3)"], "exited with status 3"),
        ([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"], "killed by signal 9"),
        (["/no/such/program"], "No such file"),
    ],
)
def test_jobs_wait_where_no_helper_can_be_had(
    command: list[str], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """They spend no attempt, and the log says why."""
    before = descriptors()
    with runs(command=command) as made:
        outcome = made.run("comes_to", {"way": "nothing"})
    assert isinstance(outcome, Snooze)
    assert outcome.why == "isolation_unavailable"
    assert said in capfd.readouterr().out
    assert descriptors() == before


def test_a_module_that_the_helper_cannot_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The log tells what it raised."""
    module = tmp_path / "imported_once.py"
    module.write_text(f"import os\nif os.getpid() != {os.getpid()}:\n    raise RuntimeError('not here')\n")
    module.write_text(module.read_text() + "from support.isolated_handlers import comes_to\n")
    monkeypatch.syspath_prepend(tmp_path)
    with runs("imported_once") as made:
        assert isinstance(made.run("comes_to", {"way": "nothing"}), Snooze)
    assert "RuntimeError: not here" in capfd.readouterr().out
    del sys.modules["imported_once"]
