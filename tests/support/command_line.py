"""CommandLine: `hexjobs` as people call it, in processes of its own, on an embedded server in a folder of the test's."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psutil
import structlog

from hexjobs.adapters.embedded.server import EmbeddedServer, ServerInfo

SECONDS = 40.0
"""The deadline of everything here; what is right takes one or two."""

HANDLERS = """
import asyncio, logging, os
from pathlib import Path

from hexjobs import job_handler

@job_handler("add")
async def add(context, payload: dict):
    logging.getLogger("theirs").warning("a line of the standard library")
    return payload["a"] + payload["b"]

@job_handler("fail", max_retries=0)
def fail(context, payload: dict):
    raise RuntimeError("it failed \\x1b[31mon purpose")

@job_handler("block")
async def block(context, payload: dict):
    Path(f"started-{context.job_id}").touch()
    await asyncio.Event().wait()

@job_handler("let_go")
async def let_go(context, payload: dict):
    context.progress({"done": 2, "of": 4})
    Path(f"started-{context.job_id}").touch()
    while not Path("go").exists():
        await asyncio.sleep(0.01)
    return "went"
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Standard output, decoded."""
        return json.loads(self.out)


class Running:
    """A command that runs; at the end of `with` it is gone."""

    def __init__(self, process: subprocess.Popen[str], errors: Path) -> None:
        self.process = process
        self._errors = errors

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            children = self.children()
            self.process.kill()
            for child in children:
                with contextlib.suppress(psutil.NoSuchProcess):
                    child.kill()
        self.process.communicate()

    def children(self) -> list[psutil.Process]:
        """The worker processes of a supervisor, in the order of their start; no daemon that they started."""
        children = psutil.Process(self.process.pid).children()
        same = [child for child in children if _command(child)[1:] == _command(self.process)[1:]]
        return sorted(same, key=lambda child: child.create_time())

    @property
    def err(self) -> str:
        """Standard error so far."""
        return self._errors.read_text("utf-8")

    def events(self) -> list[dict[str, Any]]:
        """The log lines so far."""
        lines = self.err.splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("\n")]

    def wait_for(self, event: str) -> dict[str, Any]:
        """The first log line with this event word."""
        found: list[dict[str, Any]] = []

        def look() -> bool:
            assert self.process.poll() is None, self.err
            found.extend(line for line in self.events() if line["event"] == event)
            return bool(found)

        eventually(look, lambda: f"no {event}: {self.err}")
        return found[0]

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def end(self) -> Ended:
        """Wait for its end."""
        out, _ = self.process.communicate(timeout=SECONDS)
        return Ended(self.process.returncode, out or "", self.err)


class CommandLine:
    """Calls `hexjobs` in `folder`, where `handlers.py` has job types; the server's files are in `folder/data`."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.folder = folder
        (folder / "handlers.py").write_text(HANDLERS)
        foreign = ("HEXJOBS_JOBS", "HEXJOBS_CONFIG", "_HEXJOBS", "NO_COLOR")
        self.environment = {name: text for name, text in os.environ.items() if not name.startswith(foreign)}
        self.environment |= {
            "HEXJOBS_JOBS__EMBEDDED__DATA_DIR": str(folder / "data"),
            "HEXJOBS_JOBS__HANDLERS": "handlers",
            "HEXJOBS_HTTP__PORT": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            **variables,
        }

    def start(self, *arguments: str, stdin: int | None = subprocess.DEVNULL, **variables: str) -> Running:
        """Start a command and leave it running."""
        errors = self.folder / f"stderr-{time.monotonic_ns()}"
        with errors.open("wb") as error_file:
            process = subprocess.Popen(
                [sys.executable, "-m", "hexjobs", *arguments],
                cwd=self.folder,
                env=self.environment | variables,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=error_file,
                text=True,
                encoding="utf-8",
            )
        return Running(process, errors)

    def run(self, *arguments: str, stdin: str | None = None, **variables: str) -> Ended:
        """Run a command to its end, in a process of its own."""
        with self.start(*arguments, stdin=subprocess.PIPE, **variables) as running:
            out, _ = running.process.communicate(stdin or "", timeout=SECONDS)
            return Ended(running.process.returncode, out, running.err)

    def call(self, *arguments: str, stdin: bytes = b"", is_terminal: bool = False, **variables: str) -> Ended:
        """Run a command to its end in this process, which takes a hundredth of the time."""
        from hexjobs.__main__ import main

        kind = _Terminal if is_terminal else io.TextIOWrapper
        out, err = kind(io.BytesIO(), "utf-8"), kind(io.BytesIO(), "utf-8")
        with (
            _kept_state(self.folder, self.environment | variables),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            usual, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(stdin), "utf-8")
            try:
                code = main(arguments)
            finally:
                sys.stdin = usual
        texts = []
        for stream in (out, err):
            stream.flush()
            texts.append(stream.buffer.getvalue().decode())  # type: ignore[attr-defined]  # it is the BytesIO from above
        return Ended(code, *texts)

    def submit(self, job_type: str, payload: str = "{}", *options: str) -> str:
        """Submit a job; its id."""
        ended = self.call("submit", job_type, payload, *options)
        assert ended.code == 0, ended
        return ended.out.strip()

    def job(self, job_id: str) -> Any:
        """What `jobs show` tells of a job."""
        ended = self.call("jobs", "show", job_id, "--json")
        assert ended.code == 0, ended
        return ended.json()

    def wait_for_start(self, job_id: str) -> None:
        """Return when a `block` or `let_go` job runs."""
        eventually((self.folder / f"started-{job_id}").exists, lambda: f"{job_id} does not start")

    def server(self) -> ServerInfo:
        """The embedded server that runs now."""
        embedded = EmbeddedServer(self.folder / "data")
        try:
            return embedded.info()
        finally:
            embedded.release()

    def ask_server(self, *command: str) -> bytes:
        """The answer to one command, asked over a plain socket as any client would (RESP2, one line)."""
        embedded = EmbeddedServer(self.folder / "data")
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as connection:
            connection.settimeout(SECONDS)
            connection.connect(embedded.ensure())
            parts = "".join(f"${len(part)}\r\n{part}\r\n" for part in command)
            connection.sendall(f"*{len(command)}\r\n{parts}".encode())
            answer = connection.makefile("rb").readline().strip()
        embedded.release()
        return answer


def _command(process: psutil.Process | subprocess.Popen[str]) -> list[str]:
    try:
        return psutil.Process(process.pid).cmdline()
    except psutil.Error:
        return []


class _Terminal(io.TextIOWrapper):
    """What looks like a terminal to a program."""

    def isatty(self) -> bool:
        return True


def eventually(condition: Callable[[], object], complaint: Callable[[], str]) -> None:
    """Return when the condition holds; it is looked at until the deadline."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, complaint()
        time.sleep(0.01)


@contextlib.contextmanager
def _kept_state(folder: Path, environment: dict[str, str]) -> Iterator[None]:
    """A call changes how this process logs and where it finds modules; undo that, and work in the folder meanwhile."""
    root, before, path = logging.getLogger(), dict(os.environ), sys.path[:]
    handlers, level, configured = root.handlers[:], root.level, structlog.get_config()
    here = Path.cwd()
    try:
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        yield
    finally:
        os.chdir(here)
        os.environ.clear()
        os.environ.update(before)
        sys.path[:] = path
        sys.modules.pop("handlers", None)
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.configure(**configured)
