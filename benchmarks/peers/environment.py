"""The environments of the peers: one for each, outside the repository, made when its pins have changed."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
INSTALL_SECONDS = 600


class NotInstalled(Exception):
    """A peer's environment could not be made; the message says why."""


@dataclass(frozen=True, slots=True)
class Environment:
    """What starts a peer's program: the command before the program's own arguments, and variables to add."""

    command: tuple[str, ...]
    variables: dict[str, str]

    def version(self, distribution: str) -> str:
        """The version of a distribution in here, or an empty text."""
        if self.command[0].endswith("node"):
            code = f"console.log(require('{distribution}/package.json').version)"
            command = [*self.command, "-e", code]
        else:
            code = f"from importlib.metadata import version; print(version({distribution!r}))"
            command = [*self.command, "-c", code]
        ran = subprocess.run(
            command, env={**os.environ, **self.variables}, capture_output=True, text=True, check=False
        )
        return ran.stdout.strip()


def cache() -> Path:
    """Where environments are kept: `HEXJOBS_PEERS`, else a folder in the user's cache."""
    given = os.environ.get("HEXJOBS_PEERS")
    return Path(given).expanduser() if given else Path.home() / ".cache" / "hexjobs-peers"


def python_environment(name: str) -> Environment:
    """The virtual environment of `requirements-NAME.txt`; NotInstalled."""
    pins = HERE / f"requirements-{name}.txt"
    folder = cache() / name
    python = folder / "bin" / "python"

    def make() -> None:
        _run(name, [sys.executable, "-m", "venv", str(folder)])
        _run(
            name,
            [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(pins)],
        )

    _keep(folder, pins, make)
    return Environment((str(python),), {})


def node_environment() -> Environment:
    """The folder of `package.json`, which all peers on Node share; NotInstalled."""
    pins = HERE / "package.json"
    folder = cache() / "node"
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise NotInstalled("node and npm are not on the path")

    def make() -> None:
        folder.mkdir(parents=True)
        shutil.copy(pins, folder)
        _run("node", [npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder)])

    _keep(folder, pins, make)
    return Environment((node,), {"NODE_PATH": str(folder / "node_modules")})


def _keep(folder: Path, pins: Path, make: Callable[[], None]) -> None:
    """Make the folder anew unless it was made from these pins."""
    wanted = hashlib.sha256(pins.read_bytes() + sys.version.encode()).hexdigest()
    mark = folder / ".made-from"
    if mark.exists() and mark.read_text() == wanted:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    make()
    mark.write_text(wanted)


def _run(name: str, command: list[str]) -> None:
    try:
        subprocess.run(command, capture_output=True, text=True, check=True, timeout=INSTALL_SECONDS)
    except subprocess.CalledProcessError as error:
        last = (error.stderr or error.stdout or "").strip().splitlines() or ["nothing was said"]
        raise NotInstalled(f"{name} could not be installed: {last[-1]}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotInstalled(f"{name} could not be installed: {error}") from error
