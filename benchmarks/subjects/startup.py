"""How long things take to start, each beside a bare Python in turns."""

from __future__ import annotations

import compileall
import statistics
import subprocess
import sys
import time
from pathlib import Path

import hexjobs

from ..marks import Marks
from ..noop_jobs import mark
from ..rounds import Figures, every_round
from ..server import valkey
from ..services import service
from ..sizes import Sizes
from ..worker_process import hexjobs_worker
from .drain import START_SECONDS

LIBRARIES = (
    "dependency_injector.containers, dependency_injector.providers, redis, pydantic_settings, prometheus_client, "
    "structlog, yaml"
)
"""The libraries that the design of hexjobs names."""
PYTHON = sys.executable
PROGRAMS = {
    "python": (PYTHON, "-c", "pass"),
    "help": (str(Path(PYTHON).parent / "hexjobs"), "--help"),
    "package": (PYTHON, "-c", "import hexjobs"),
    "service": (PYTHON, "-c", "from hexjobs import BackgroundJobService"),
    "libraries": (PYTHON, "-c", f"import {LIBRARIES}"),
}


def compile_package() -> None:
    """Write the byte code of hexjobs where it is missing: pip does so for what it installs, the libraries beside it too.

    Otherwise, where PYTHONDONTWRITEBYTECODE is set, each start would compile all of its files anew.
    """
    compileall.compile_dir(Path(hexjobs.__file__).parent, quiet=2)


def run_milliseconds(command: tuple[str, ...]) -> float:
    """How long one process takes, from its start to its end."""
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - begin) * 1000


@every_round
async def startup(sizes: Sizes) -> Figures:
    """The programs in turns, then workers, each until a job that waits for it has begun."""
    compile_package()
    found: dict[str, list[float]] = {name: [] for name in (*PROGRAMS, "ready")}
    for _ in range(sizes.starts):
        for name, command in PROGRAMS.items():
            found[name].append(run_milliseconds(command))
    with valkey() as server, Marks() as marks:
        async with service(server) as jobs:
            for _ in range(sizes.worker_starts):
                await jobs.submit_job(mark, marks.payload("ready"))
                with hexjobs_worker(server, 5) as worker:
                    began = marks.wait("ready", START_SECONDS).at
                found["ready"].append((began - worker.begun) / 1e6)
    middle = {name: statistics.median(each) for name, each in found.items()}
    return {
        "startup.python": middle["python"],
        "startup.help": middle["help"] - middle["python"],
        "startup.package": middle["package"] - middle["python"],
        "startup.libraries": middle["libraries"] - middle["python"],
        "startup.service": middle["service"] - middle["python"],
        "startup.ready": middle["ready"],
    }
