"""The distribution as a user has it: the built files, and an environment with it outside of the repository."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from support.source_tree import ROOT

LONG_SECONDS = 200.0
"""For what fetches packages."""
COMMAND_SECONDS = 60.0
_NOT_PASSED_ON = ("PYTHON", "HEXJOBS_JOBS", "HEXJOBS_CONFIG")


@dataclass(frozen=True, slots=True)
class Distributions:
    """What `python -m build` made: the wheel, which comes from the source distribution."""

    wheel: Path
    source: Path


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment with nothing of this repository, and an empty folder to work in."""

    folder: Path
    work: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    def install(self, what: str) -> None:
        """Install with the tested versions, from where this machine gets its packages."""
        pip = [sys.executable, "-m", "pip", "--python", str(self.python), "install", "-q", "--no-compile"]
        pip += ["--disable-pip-version-check", "-c", str(ROOT / "constraints.txt"), what]
        subprocess.run(pip, check=True, cwd=self.work, timeout=LONG_SECONDS)

    def run(self, *command: str) -> str:
        """What a program of the environment prints, in the folder to work in."""
        result = self._run(command)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def refused(self, *command: str) -> tuple[int, str]:
        """The exit code of a program that fails, and what it says about it."""
        result = self._run(command)
        assert result.returncode != 0, result.stdout + result.stderr
        assert result.stdout == ""
        return result.returncode, result.stderr

    def _run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        known = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_PASSED_ON)}
        return subprocess.run(
            [str(self.folder / "bin" / command[0]), *command[1:]],
            check=False,
            cwd=self.work,
            env=known,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
        )
