"""`hexjobs worker` and `run` as a parent with children: who dies, who is replaced, and what becomes of the jobs."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from support.command_line import CommandLine, Running, eventually

HANDLERS = '''

@job_handler("die_once")
async def die_once(context, payload: dict):
    """Ends the process at its first run."""
    if not Path("died").exists():
        Path("died").touch()
        os._exit(3)
    return "lived"

@job_handler("look_at_collector")
async def look_at_collector(context, payload: dict):
    import gc
    return [gc.isenabled(), gc.get_freeze_count() > 50_000, len(gc.get_objects()) < gc.get_freeze_count()]

@job_handler("note")
async def note(context, payload: dict):
    with open("notes", "a") as notes:
        notes.write(f"{payload['number']} {os.getpid()}\\n")
'''
PARENT_LOADS = """
import sys
from hexjobs.__main__ import main
sys.argv = ["hexjobs", "--config", "worker", "worker", "-c", "0"]
print(main(), *sys.modules)
"""
HEAVY = {
    "asyncio", "click", "concurrent", "dataclasses", "dependency_injector", "inspect", "logging", "msgspec", "multiprocessing",
    "prometheus_client", "pydantic", "redis", "structlog", "subprocess", "yaml",
}  # fmt: skip


@pytest.fixture
def shell(tmp_path: Path) -> CommandLine:
    shell = CommandLine(tmp_path)
    with (tmp_path / "handlers.py").open("a") as handlers:
        handlers.write(HANDLERS)
    return shell


def ready(running: Running, children: int = 1) -> list[psutil.Process]:
    """The children, once so many have ever become ready."""
    eventually(lambda: len(started(running)) >= children, lambda: running.err)
    return running.children()


def started(running: Running) -> list[dict[str, Any]]:
    return [line for line in running.events() if line["event"] == "child_started"]


def test_a_killed_child_is_replaced_and_its_job_runs_again(shell: CommandLine) -> None:
    """Not a lease later but at once: the supervisor knows that it is dead. A crash is counted, no attempt spent."""
    job_id = shell.submit("let_go")
    with shell.start("worker", HEXJOBS_JOBS__WORKER_POOL__LEASE="5m") as worker:
        shell.wait_for_start(job_id)
        [child] = worker.children()
        (shell.folder / f"started-{job_id}").unlink()
        killed = time.monotonic()
        child.kill()
        shell.wait_for_start(job_id)
        seconds = time.monotonic() - killed
        (shell.folder / "go").touch()
        died = worker.wait_for("child_died")
        assert (died["pid"], died["signal"], died["next_start_seconds"]) == (child.pid, "SIGKILL", 0.0)
        assert [line["event"] for line in worker.events()].count("started") == 1, "the facts are told once"
        eventually(lambda: shell.job(job_id)["status"] == "completed", lambda: worker.err)
        worker.signal(signal.SIGTERM)
        assert worker.end().code == 0
    assert seconds < 8, "two on a machine that has nothing else to do"
    assert shell.job(job_id)["attempt"] == 1
    assert '"event": "job_recovered"' in worker.err
    job = shell.job(job_id)
    assert (job["attempt"], job["crashes"]) == (1, 1)


def test_a_sibling_gives_back_what_a_handler_took_along(shell: CommandLine) -> None:
    """`os._exit` in a handler, two children, and a burst: all jobs are done, and the exit code is 0."""
    job_id = shell.submit("die_once")
    ended = shell.run("worker", "--burst", "--processes", "2", HEXJOBS_JOBS__WORKER_POOL__LEASE="5m")
    assert ended.code == 0, ended.err
    assert shell.job(job_id)["result"] == "lived", ended.err
    assert '"exit_code": 3' in ended.err


def test_a_child_collects_garbage_beside_what_its_start_has_loaded(shell: CommandLine) -> None:
    """While it starts there is none to look for; then what was loaded is passed over, and what handlers make is not."""
    job_id = shell.submit("look_at_collector")
    assert shell.run("worker", "--burst").code == 0
    assert shell.job(job_id)["result"] == [True, True, True]


def test_all_stop_together(shell: CommandLine) -> None:
    """SIGTERM to the parent: a running job finishes, the children end, and the code is 0."""
    job_id = shell.submit("let_go")
    with shell.start("worker", "--processes", "2") as worker:
        children = ready(worker, 2)
        assert len(children) == 2
        assert len({os.getsid(child.pid) for child in children} | {os.getsid(worker.process.pid)}) == 3
        shell.wait_for_start(job_id)
        worker.signal(signal.SIGTERM)
        worker.wait_for("worker_stopping")
        (shell.folder / "go").touch()
        ended = worker.end()
    assert (ended.code, ended.out) == (0, "")
    assert not [child for child in children if child.is_running()]
    assert shell.job(job_id)["result"] == "went"
    assert worker.events()[-1]["event"] == "supervisor_stopped"
    assert [line["processes"] for line in worker.events() if line["event"] == "started"] == [2]


def test_a_process_manager_that_signals_everybody_is_no_haste(shell: CommandLine) -> None:
    """systemd sends SIGTERM to the parent and to each child: jobs still finish."""
    job_id = shell.submit("let_go")
    with shell.start("worker") as worker:
        shell.wait_for_start(job_id)
        for process in (*worker.children(), psutil.Process(worker.process.pid)):
            process.send_signal(signal.SIGTERM)
        worker.wait_for("worker_stopping")
        (shell.folder / "go").touch()
        assert worker.end().code == 0
    assert shell.job(job_id)["result"] == "went"


def test_children_whose_parent_was_killed_stop_by_themselves(shell: CommandLine) -> None:
    """Gracefully: the running job finishes first."""
    job_id = shell.submit("let_go")
    with shell.start("worker", "--processes", "2") as worker:
        children = ready(worker, 2)
        shell.wait_for_start(job_id)
        worker.process.kill()
        worker.process.wait()
        eventually(lambda: worker.err.count('"worker_stopping"') == 2, lambda: worker.err)
        (shell.folder / "go").touch()
        psutil.wait_procs(children, 20)
        assert not [child for child in children if child.is_running()], worker.err
    assert shell.job(job_id)["result"] == "went"


@pytest.fixture
def hangup() -> Iterator[None]:
    """SIGHUP is not ignored, as under nohup, which processes inherit."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.usefixtures("hangup")
def test_a_stop_during_the_start_is_a_clean_exit(shell: CommandLine, number: signal.Signals) -> None:
    """No traceback, no child left, code 0."""
    with shell.start("worker", "--processes", "2") as worker:
        eventually(worker.children, lambda: worker.err)
        children = worker.children()
        worker.signal(number)
        ended = worker.end()
    assert ended.code == 0
    assert "Traceback" not in ended.err
    assert not [child for child in children if child.is_running()]


def test_a_hangup_that_is_ignored_stays_ignored(shell: CommandLine) -> None:
    """As nohup wants it: the worker goes on, and stops when it is asked to."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with shell.start("worker") as worker:
            ready(worker, 1)
            worker.signal(signal.SIGHUP)
            job_id = shell.submit("note", '{"number": 1}')
            eventually(lambda: shell.job(job_id)["status"] == "completed", lambda: worker.err)
            worker.signal(signal.SIGTERM)
            assert worker.end().code == 0
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_child_that_has_run_enough_jobs_is_replaced(shell: CommandLine) -> None:
    """More than one process took part, and each job ran once."""
    for number in range(6):
        shell.submit("note", f'{{"number": {number}}}')
    notes = shell.folder / "notes"
    with shell.start("worker", "-c", "1", HEXJOBS_JOBS__WORKER_POOL__MAX_JOBS_PER_CHILD="3") as worker:
        retired = worker.wait_for("child_retired")
        assert retired["reason"] == "max_jobs"
        ready(worker, 2)
        for number in range(6, 12):
            shell.submit("note", f'{{"number": {number}}}')
        eventually(lambda: len(notes.read_text().splitlines()) >= 12, lambda: worker.err)
        worker.signal(signal.SIGTERM)
        assert worker.end().code == 0
    lines = [line.split() for line in notes.read_text().splitlines()]
    assert sorted(int(number) for number, _ in lines) == list(range(12))
    assert len({pid for _, pid in lines}) > 1
    assert "child_died" not in worker.err


def test_one_address_answers_for_all_children(shell: CommandLine) -> None:
    """Their series are added up; the one that answers can die: the address stays, and no count goes backwards."""
    with shell.start("run", "--processes", "2") as worker:
        url = worker.wait_for("started")["http"]
        ready(worker, 2)
        for _ in range(4):
            shell.submit("add", '{"a": 1, "b": 2}')
        eventually(lambda: processed(url) == 4, lambda: worker.err)
        assert series(url, "hexjobs_worker_slots") == 10
        health = shell.call("health", "ready", "--url", url, "--json").json()
        assert health["checks"]["children"]["details"]["children"][0]["state"] == "running"

        first = next(line for line in started(worker) if line["child"] == 0)
        os.kill(first["pid"], signal.SIGKILL)
        shell.submit("add", '{"a": 1, "b": 2}')
        seen = [processed(url)]
        while seen[-1] < 5 and len(seen) < 2000:
            seen.append(processed(url))
        assert seen[-1] == 5, worker.err
        assert seen == sorted(seen)
        assert seen[0] >= 4
        eventually(lambda: series(url, "hexjobs_worker_slots") == 10, lambda: worker.err)
        assert shell.call("health", "live", "--url", url).code == 0


def processed(url: str) -> float:
    return series(url, 'hexjobs_processed_total{status="completed",type="add"}')


def series(url: str, name: str) -> float:
    with urllib.request.urlopen(f"{url}/metrics", timeout=20) as answer:
        text = answer.read().decode()
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_the_parent_is_small(shell: CommandLine) -> None:
    """It has loaded nothing of what its children are made of; its code is that of the child that could not start."""
    (shell.folder / "worker").write_text("{}")
    result = subprocess.run(
        [sys.executable, "-c", PARENT_LOADS],
        check=True,
        capture_output=True,
        text=True,
        timeout=30,
        cwd=shell.folder,
        env=shell.environment,
    )
    assert "jobs.worker_pool.worker_count: " in result.stderr
    of_child, of_parent = (line.split() for line in result.stdout.splitlines())
    assert (of_child[0], of_parent[0]) == ("2", "2")
    assert {name.partition(".")[0] for name in of_parent} & HEAVY == set()
    assert "pydantic" in of_child


def test_what_cannot_start_is_said_once(shell: CommandLine) -> None:
    """Help, a bad option, jobs that live in one process: the code of the one child that was tried."""
    assert shell.run("worker", "--help").code == 0
    assert shell.run("worker", "--colour").code == 2
    ended = shell.run("worker", "--processes", "2", HEXJOBS_JOBS__PROVIDER="memory")
    assert ended.code == 2
    assert ended.err == (
        "error: jobs.worker_pool.processes: memory keeps jobs inside one process; use embedded or redis\n"
    )
    inside = shell.call("worker", "--processes", "2", "--burst")
    assert inside.code == 2
    assert "jobs.worker_pool.processes: more than 1 is for the hexjobs command" in inside.err


def test_the_example_of_many_processes_is_valid(shell: CommandLine) -> None:
    """As is what the how-to page shows of it."""
    example = Path(__file__).parents[2] / "examples" / "many_processes.yaml"
    shown = shell.call("config", "show", "--json", "--config", str(example)).json()
    assert shown["jobs"]["worker_pool"]["processes"] == 4
