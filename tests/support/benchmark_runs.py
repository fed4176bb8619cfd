"""Benchmarks in tests: their programs as make runs them, but tiny, and their modules."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from support.source_tree import ROOT

Importer = Callable[[str], Any]
FOREIGN = ("HEXJOBS", "JOBS", "ROUNDS", "SECONDS", "ONLY", "OUT", "KILL", "PATIENCE", "CALLS", "BACKLOGS")


def run_benchmark(name: str, out: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """One of the benchmarks to its end, its files in `out`."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(FOREIGN)}
    environment |= {"JOBS": "100", "ROUNDS": "1", "SECONDS": "0.3", "OUT": str(out), **variables}
    command = [sys.executable, "-m", f"benchmarks.{name}"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@contextmanager
def benchmark_modules() -> Iterator[Importer]:
    """A function that imports one of their modules by its name below `benchmarks`; all are forgotten at the end."""
    sys.path.insert(0, str(ROOT))
    try:
        yield lambda name: import_module(f"benchmarks.{name}")
    finally:
        sys.path.remove(str(ROOT))
        for name in [name for name in sys.modules if name.partition(".")[0] == "benchmarks"]:
            del sys.modules[name]
