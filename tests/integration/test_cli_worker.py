"""`hexjobs worker`, `run` and `server` as processes: what they print, how they stop, and what they survive."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import psutil
import pytest

from support.command_line import CommandLine, eventually

FACTS = {"duty", "store", "queues", "handlers", "slots", "http"}


def test_a_worker_runs_what_another_process_submits(tmp_path: Path) -> None:
    """`submit --wait` prints the id and the result, or fails with the job; the worker says what it consists of."""
    shell = CommandLine(tmp_path)
    with shell.start("worker", "-c", "3", "-Q", "default") as worker:
        facts = worker.wait_for("started")
        assert facts.keys() >= FACTS
        assert facts["store"] == str(tmp_path / "data")
        assert (facts["queues"], facts["slots"]) == (["default"], 3)
        assert {"add", "email"} <= set(facts["handlers"])

        done = shell.run("submit", "add", '{"a": 2, "b": 3}', "--wait")
        job_id, result = done.out.splitlines()
        assert (done.code, result, done.err) == (0, "5", "")
        line = worker.wait_for("a line of the standard library")
        assert (line["job_id"], line["job_type"], line["attempt"]) == (job_id, "add", 1)
        assert (line["logger"], line["level"]) == ("theirs", "warning")

        failed = shell.call("submit", "fail", "--wait", "--json")
        assert failed.code == 1
        assert failed.json()["reason"] == "attempts_exhausted"
        failed = shell.call("submit", "fail", "--wait")
        assert failed.code == 1
        assert "RuntimeError: it failed \\x1b[31mon purpose" in failed.err

        well = shell.call("health", "ready", "--url", facts["http"])
        assert (well.code, well.out) == (0, "ok\n")
        assert shell.call("health", "live", "--url", facts["http"], "--json").json()["status"] == "ok"
        worker.signal(signal.SIGTERM)
        ended = worker.end()
    assert (ended.code, ended.out) == (0, "")
    assert "Traceback" not in ended.err
    assert not [line for line in worker.events() if line["event"] == "job_completed"], "success is debug"


def test_a_burst_leaves_when_nothing_is_left(tmp_path: Path) -> None:
    """The waiting jobs have run, by what the raw server says."""
    shell = CommandLine(tmp_path)
    ids = [shell.submit("add", '{"a": 1, "b": 1}') for _ in range(3)]
    assert shell.ask_server("LLEN", "jobs:queue:default:normal") == b":3"
    ended = shell.run("worker", "--burst")
    assert (ended.code, ended.out) == (0, "")
    assert shell.ask_server("LLEN", "jobs:queue:default:normal") == b":0"
    assert [shell.job(job_id)["result"] for job_id in ids] == [2, 2, 2]


def test_sigterm_lets_a_running_job_finish(tmp_path: Path) -> None:
    """No new job is taken meanwhile, and the exit code is 0."""
    shell = CommandLine(tmp_path)
    job_id = shell.submit("let_go")
    with shell.start("worker") as worker:
        shell.wait_for_start(job_id)
        worker.signal(signal.SIGTERM)
        worker.wait_for("worker_stopping")
        later = shell.submit("add", '{"a": 1, "b": 1}')
        (tmp_path / "go").touch()
        ended = worker.end()
    assert (ended.code, ended.out) == (0, "")
    job = shell.job(job_id)
    assert (job["status"], job["result"]) == ("completed", "went")
    assert shell.job(later)["status"] == "pending"


def test_sigterm_gives_a_job_back_that_does_not_finish(tmp_path: Path) -> None:
    """After the shutdown timeout it waits again, and no attempt is spent."""
    shell = CommandLine(tmp_path, HEXJOBS_JOBS__WORKER_POOL__SHUTDOWN_TIMEOUT="100ms")
    job_id = shell.submit("block")
    with shell.start("worker") as worker:
        shell.wait_for_start(job_id)
        worker.signal(signal.SIGTERM)
        ended = worker.end()
    assert ended.code == 0
    job = shell.job(job_id)
    assert (job["status"], job["attempt"]) == ("pending", 0)
    assert shell.ask_server("LLEN", "jobs:queue:default:normal") == b":1"


def test_a_second_signal_stops_at_once(tmp_path: Path) -> None:
    """Ctrl-C twice: long before the shutdown timeout, the job given back, and quiet."""
    shell = CommandLine(tmp_path, HEXJOBS_JOBS__WORKER_POOL__SHUTDOWN_TIMEOUT="10m")
    job_id = shell.submit("block")
    with shell.start("worker") as worker:
        shell.wait_for_start(job_id)
        worker.signal(signal.SIGINT)
        worker.wait_for("worker_stopping")
        worker.signal(signal.SIGINT)
        ended = worker.end()
    assert (ended.code, ended.out) == (0, "")
    assert "Traceback" not in ended.err
    assert "KeyboardInterrupt" not in ended.err
    job = shell.job(job_id)
    assert (job["status"], job["attempt"]) == ("pending", 0)


def test_a_worker_whose_server_is_killed_goes_on_by_itself(tmp_path: Path) -> None:
    """kill -9 of the server's process, twice; the same worker runs the next job."""
    shell = CommandLine(tmp_path)
    with shell.start("worker") as worker:
        worker.wait_for("started")
        for number in range(2):
            server = psutil.Process(shell.server()["server_pid"])
            server.kill()
            eventually(lambda server=server: not is_running(server), lambda: "the server lives")  # type: ignore[misc]  # the default binds the process
            ended = shell.call(
                "submit", "add", f'{{"a": {number}, "b": 1}}', "--wait", "--wait-timeout", "20s"
            )
            assert (ended.code, ended.out.splitlines()[1:]) == (0, [str(number + 1)]), (ended, worker.err)
        worker.signal(signal.SIGTERM)
        assert worker.end().code == 0


def is_running(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_run_needs_its_port_and_worker_takes_the_next(tmp_path: Path) -> None:
    """A taken port: `run` and `server` end with 2 and name the key."""
    shell = CommandLine(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for ended in (shell.call("run", "--port", port, "--burst"), shell.run("server", "--port", port)):
            assert (ended.code, ended.out) == (2, "")
            assert f"error: http.port: {port} is taken" in ended.err
            assert "Traceback" not in ended.err
        with shell.start("worker", "--port", port) as worker:
            assert worker.wait_for("started")["http"] != f"http://127.0.0.1:{port}"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("worker", "-c", "0"), "jobs.worker_pool.worker_count: "),
        (("worker", "-c", "many"), "--concurrency"),
        (("worker", "-Q", "emial,default"), "jobs.worker_pool.queues: 'emial' is not a configured queue"),
        (("worker", "--handlers", "broken"), 'broken.py:1: "1 / 0"'),
        (("worker", "--handlers", "json"), "jobs.handlers: module 'json' declares no handler"),
        (("worker", "--app-dir", "nowhere"), "--app-dir"),
        (("run", "--port", "99999"), "http.port: "),
        (("worker", "--processes", "0"), "jobs.worker_pool.processes: "),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_what_a_worker_refuses(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    """Exit code 2 before anything starts; the message names the key, the option, or the line of the module."""
    (tmp_path / "broken.py").write_text("1 / 0\n")
    ended = CommandLine(tmp_path).call(*arguments, "--burst")  # so that one which is not refused ends
    assert (ended.code, ended.out) == (2, ""), ended
    assert said in ended.err
    assert "Traceback" not in ended.err


def test_switched_off_jobs_and_a_server_that_cannot_start(tmp_path: Path) -> None:
    """Said once and with its code, where a role would repeat it for ever."""
    shell = CommandLine(tmp_path)
    off = shell.call("worker", "--burst", HEXJOBS_JOBS__ENABLED="false")
    assert (off.code, off.err) == (
        2,
        "error: Jobs are switched off: jobs.enabled is false in the configuration.\n",
    )
    (tmp_path / "file").touch()
    ended = shell.run("worker", HEXJOBS_JOBS__EMBEDDED__DATA_DIR=str(tmp_path / "file"))
    assert ended.code == 2
    assert "error: jobs.embedded.data_dir: cannot be made" in ended.err


def test_handlers_of_another_folder_are_found(tmp_path: Path) -> None:
    """`--app-dir` and `--handlers`, on both sides of the command's name; the working directory is not needed."""
    shell = CommandLine(tmp_path)
    app = tmp_path / "app"
    app.mkdir()
    (tmp_path / "handlers.py").rename(app / "other.py")
    del shell.environment["HEXJOBS_JOBS__HANDLERS"]
    where = ("--app-dir", "app")
    ended = shell.call(*where, "submit", "add", '{"a": 1, "b": 2}', "--handlers", "other")
    assert ended.code == 0, ended
    burst = shell.call("worker", "--handlers", "other", *where, "--burst")
    assert burst.code == 0, burst
    shown = shell.call("jobs", "show", ended.out.strip(), "--json", HEXJOBS_JOBS__HANDLERS="other")
    assert shown.json()["result"] == 3


def test_a_worker_starts_while_its_redis_is_away(tmp_path: Path) -> None:
    """It waits for the server; ready is red, and live is green."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    shell = CommandLine(
        tmp_path, HEXJOBS_JOBS__PROVIDER="redis", HEXJOBS_JOBS__REDIS__ADDR=f"127.0.0.1:{port}"
    )
    with shell.start("worker") as worker:
        url = worker.wait_for("started")["http"]
        worker.wait_for("server_unavailable")
        ready = shell.call("health", "--url", url)
        assert (ready.code, ready.out) == (1, "not well\n")
        assert shell.call("health", "live", "--url", url).code == 0


def test_on_a_terminal_people_see_a_table_of_facts(tmp_path: Path) -> None:
    """Store, queues, handlers, slots and address, with colours only where NO_COLOR allows them."""
    shell = CommandLine(tmp_path, HEXJOBS_LOGGING__FORMAT="console", NO_COLOR="1")
    ended = shell.call("worker", "--burst")
    assert ended.code == 0
    assert "\x1b" not in ended.err
    for fact in (
        f"  store     {tmp_path / 'data'}",
        "  queues    default",
        "  slots     5",
        "  http      http://127",
    ):
        assert f"\n{fact}" in ended.err
    assert os.linesep + "  handlers  add, block, data_cleanup" in ended.err
