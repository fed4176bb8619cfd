"""What a run ran on: a figure means nothing without it."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .server import jemalloc, valkey

ROOT = Path(__file__).resolve().parent.parent


def about(**more: object) -> dict[str, str]:
    """Machine, versions and commit, then what is told besides."""
    with valkey() as server:
        server_version = server.version()
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit(),
        "machine": f"{os.cpu_count()} cores ({processor()}), {platform.system()} {platform.machine()}",
        "load before the run": f"{os.getloadavg()[0]:.2f}",
        "python": platform.python_version(),
        "client": ", ".join(installed(name) for name in ("redis", "hiredis", "uvloop")),
        "server": f"{server_version} over TCP on the same machine, without persistence unless it is said",
        "allocator of the server": jemalloc() or "the C library's",
        **{name.replace("_", " "): str(value) for name, value in more.items()},
    }


def commit() -> str:
    """The commit, with a word where the tree differs from it."""
    command = ["git", "describe", "--always", "--dirty=, with changes", "--exclude=*"]
    try:
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError:
        return "unknown"
    return ran.stdout.strip() or "unknown"


def processor() -> str:
    """The model of the processor, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown"
    )


def installed(name: str) -> str:
    """A distribution and its version."""
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return f"no {name}"
