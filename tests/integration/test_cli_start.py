"""The command line itself: how fast it starts, its exit codes, its errors, its completion."""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hexjobs.adapters.cli import composition, invocation
from hexjobs.adapters.cli.command_line import COMMANDS
from support.command_line import CommandLine

HEAVY = {"redis", "pydantic", "pydantic_settings", "prometheus_client", "structlog", "yaml", "msgspec", "dependency_injector", "fastapi"}  # fmt: skip
LOADED_BY_HELP = """
import sys
from hexjobs.__main__ import main
for words in {commands!r}:
    assert main([*words, "--help"]) == 0
print(*{{name.partition(".")[0] for name in sys.modules}}, file=sys.stderr)
"""


@pytest.fixture
def shell(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


def test_help_loads_nothing_heavy() -> None:
    """Not for any command, so that it answers at once."""
    code = LOADED_BY_HELP.format(
        commands=[[], *([name] for name in COMMANDS), ["jobs", "list"], ["dead", "retry"]]
    )
    result = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=30
    )
    assert set(result.stderr.split()) & HEAVY == set()


def test_help_is_fast() -> None:
    """At most 120 ms of processor time over the bare interpreter; time on the clock depends on the neighbours."""

    def seconds(*arguments: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True, timeout=30)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    bare = min(seconds("-c", "pass") for _ in range(5))
    help_ = min(seconds("-m", "hexjobs", "--help") for _ in range(5))
    assert help_ - bare < 0.12


def test_the_script_and_the_module_are_the_same(shell: CommandLine) -> None:
    """`hexjobs` and `python -m hexjobs`."""
    script = Path(sys.executable).with_name("hexjobs")
    result = subprocess.run([script, "--version"], check=True, capture_output=True, text=True, timeout=30)
    assert result.stdout == shell.run("--version").out
    assert result.stdout.startswith("hexjobs 0.")


def test_an_unknown_command_has_a_neighbour(shell: CommandLine) -> None:
    """A usage error on standard error."""
    ended = shell.call("jbos")
    assert (ended.code, ended.out) == (2, "")
    assert "no such command 'jbos'; did you mean 'jobs'?" in ended.err
    assert shell.call("jobs", "lits").code == 2
    assert shell.call("--colour").code == 2


def test_a_server_that_refuses_is_out_of_reach(shell: CommandLine) -> None:
    """Exit code 4, in a process of its own, and the address in the message, without the password."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    redis = {
        "HEXJOBS_JOBS__PROVIDER": "redis",
        "HEXJOBS_JOBS__REDIS__ADDR": f"redis://someone:s3cret@127.0.0.1:{port}/2",
    }
    shell.environment |= redis
    ended = shell.run("queues", "list")
    assert (ended.code, ended.out) == (4, "")
    assert f"the server at redis://127.0.0.1:{port}/2 cannot be reached" in ended.err
    assert "s3cret" not in ended.err
    assert len(ended.err.splitlines()) == 1
    for arguments in (
        ("submit", "add", "{}"),
        ("jobs", "list"),
        ("jobs", "cancel", "x"),
        ("dead", "delete", "--all"),
    ):
        assert shell.call(*arguments).code == 4, arguments
    assert shell.call("health", "--url", f"http://127.0.0.1:{port}").code == 4


def test_a_server_that_says_nothing_is_out_of_reach_in_time(shell: CommandLine) -> None:
    """It takes connections and never answers: five seconds of patience, not more."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        began = time.monotonic()
        ended = shell.call(
            "submit", "add", "{}", HEXJOBS_JOBS__PROVIDER="redis", HEXJOBS_JOBS__REDIS__ADDR=address
        )
        assert time.monotonic() - began < 7
    assert (ended.code, ended.out) == (4, "")


def test_jobs_in_memory_are_refused_where_they_would_be_lost(shell: CommandLine) -> None:
    """A job in the memory of `hexjobs submit` would be gone with it."""
    for arguments in (("submit", "add", "{}"), ("jobs", "list"), ("schedules", "list")):
        ended = shell.call(*arguments, HEXJOBS_JOBS__PROVIDER="memory")
        assert (ended.code, ended.out) == (2, "")
        assert "error: jobs.provider: memory" in ended.err
    worker = shell.call("worker", "--burst", HEXJOBS_JOBS__PROVIDER="memory")
    assert worker.code == 0
    assert '"store": "memory"' in worker.err


def test_what_nobody_expected_is_one_line(shell: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `--traceback` before or after the command, the way to it."""

    def fail(*_: object, **__: object) -> composition.Prepared:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(invocation.Invocation, "prepare", fail)
    ended = shell.call("config", "show")
    assert (ended.code, ended.out, ended.err) == (
        1, "", "error: ZeroDivisionError: by nothing (--traceback shows where)\n",
    )  # fmt: skip
    for arguments in (("--traceback", "config", "show"), ("config", "show", "--traceback")):
        ended = shell.call(*arguments)
        assert ended.code == 1
        assert "Traceback (most recent call last)" in ended.err
        assert ended.err.endswith("error: ZeroDivisionError: by nothing\n")


def test_health_tells_hexjobs_from_others(shell: CommandLine) -> None:
    """An address that is none is bad input; a server of somebody else is no hexjobs."""
    assert shell.call("health", "--url", "localhost").code == 2
    assert shell.call("health", "--url", "http://127.0.0.1:x").code == 2
    assert shell.call("health", "--url", "https://127.0.0.1:1").code == 2
    assert shell.call("health", "well").code == 2
    with serving_text(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello") as url:
        ended = shell.call("health", "--url", url)
    assert (ended.code, ended.out) == (4, "")
    assert "not as hexjobs does" in ended.err


class serving_text:  # noqa: N801  # reads as a function in `with`
    """A server that answers one connection with these bytes."""

    def __init__(self, answer: bytes) -> None:
        self._code = (
            "import socket, sys; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True); "
            "c, _ = s.accept(); c.recv(65536); c.sendall(sys.stdin.buffer.read()); c.close()"
        )
        self._answer = answer

    def __enter__(self) -> str:
        self._process = subprocess.Popen(
            [sys.executable, "-c", self._code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(self._answer)
        self._process.stdin.close()
        return f"http://127.0.0.1:{int(self._process.stdout.readline())}"

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


def test_configuration_is_checked_and_shown(shell: CommandLine) -> None:
    """All problems at once; where each value comes from; secrets masked; `--config` on both sides."""
    good, bad = shell.folder / "good.yaml", shell.folder / "bad.yaml"
    good.write_text("http: {port: 9000}\njobs: {redis: {password: s3cret}}\nqueues: {mail: {max_jobs: 5}}\n")
    bad.write_text("htpp: {}\njobs: {redis: {adr: x}, worker_pool: {worker_count: 0}}\n")
    del shell.environment["HEXJOBS_HTTP__PORT"]
    assert shell.call("config", "check").out.startswith("valid: ")
    assert shell.call("--config", "good.yaml", "config", "check").out == f"valid: {good}\n"
    assert shell.call("config", "check", "--config", "good.yaml", "--json").json()["file"] == str(good)
    ended = shell.call("config", "check", "--config", "bad.yaml")
    assert (ended.code, ended.out) == (2, "")
    assert [line.split(":")[1].strip() for line in ended.err.splitlines()] == [
        "htpp", "jobs.redis.adr", "jobs.worker_pool.worker_count",
    ]  # fmt: skip
    as_json = shell.call("config", "check", "--config", "bad.yaml", "--json")
    assert (as_json.code, as_json.json()["problems"][0]["field"]) == (2, "htpp")
    assert shell.call("config", "check", "--handlers", "nothing_here").code == 2
    missing = shell.call("--config", "missing.yaml", "jobs", "list")
    assert (missing.code, missing.err) == (2, "error: missing.yaml: there is no such configuration file\n")

    shown = shell.call("config", "show", "--config", "good.yaml").out
    assert "port: 9000" in shown
    assert "s3cret" not in shown
    (shell.folder / "shown.yaml").write_text(shown.replace("'**********'", "''"))
    assert shell.call("config", "check", "--config", "shown.yaml").code == 0
    lines = shell.call("config", "show", "--config", "good.yaml", "--origin").out.splitlines()
    origins = {line.split("\t")[0]: line.split("\t")[1:] for line in lines}
    assert origins["http.port"] == ["9000", f"file {good}:1"]
    assert origins["jobs.handlers"] == ['["handlers"]', "environment HEXJOBS_JOBS__HANDLERS"]
    assert origins["http.host"] == ["127.0.0.1", "default"]
    assert origins["queues.mail.max_jobs"][0] == "5"
    assert shell.call("config", "show", "--json").json()["http"]["port"] == 8080
    assert shell.call("config", "schema").json()["$schema"].startswith("https://json-schema.org/")


def test_the_shell_is_helped(shell: CommandLine) -> None:
    """Commands, options, job types and queues, and a script for each shell."""
    for name in ("bash", "zsh", "fish"):
        script = shell.call("completion", name)
        assert script.code == 0
        assert "_HEXJOBS_COMPLETE" in script.out
    assert shell.call("completion", "dos").code == 2

    def completed(line: str) -> list[str]:
        ended = shell.call(
            _HEXJOBS_COMPLETE="bash_complete", COMP_WORDS=line, COMP_CWORD=str(len(line.split(" ")) - 1)
        )
        return [found.partition(",")[2] for found in ended.out.splitlines() if found]

    assert completed("hexjobs sch") == ["schedules"]
    assert completed("hexjobs jobs c") == ["cancel"]
    assert completed("hexjobs submit l") == ["let_go"]
    assert completed("hexjobs submit add {} --queue d") == ["default"]
    assert "--max-retries" in completed("hexjobs submit --m")
    assert completed("hexjobs --config missing.yaml submit l") == []


def test_output_fits_every_encoding(shell: CommandLine) -> None:
    """Where the terminal has no such letters they are escaped, and JSON stays JSON."""
    job_id = shell.submit("fail", '{"name": "Zoë 🐝"}', "--delay", "1h")
    assert '"name": "Zoë 🐝"' in shell.call("jobs", "show", job_id, "--json").out
    latin = shell.run("jobs", "show", job_id, "--json", PYTHONIOENCODING="latin-1")
    assert latin.code == 0
    assert json.loads(latin.out)["payload"] == {"name": "Zoë 🐝"}


def test_nothing_of_the_environment_of_others_is_read(shell: CommandLine) -> None:
    """Container platforms inject names such as HEXJOBS_PORT."""
    assert shell.call("config", "check", HEXJOBS_PORT="tcp://10.0.0.1:80").code == 0


def test_jobs_that_are_many_are_cut_short_by_a_reader(shell: CommandLine) -> None:
    """`hexjobs jobs list | head -1`: the rest has nowhere to go, and nobody hears of it."""
    for _ in range(3):
        shell.submit("add", '{"a": 1, "b": 2}')
    reads, writes = os.pipe()
    os.close(reads)
    process = subprocess.run(
        [sys.executable, "-m", "hexjobs", "jobs", "list"],
        check=False,
        cwd=shell.folder,
        env=shell.environment,
        stdout=writes,
        stderr=subprocess.PIPE,
        timeout=30,
    )
    os.close(writes)
    assert (process.returncode, process.stderr) == (141, b"")
