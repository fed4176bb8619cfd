"""The distribution as a user gets it: built once, installed in an environment outside of the repository."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version

import pytest

from support.installed import LONG_SECONDS, Distributions, Environment
from support.source_tree import ROOT, files


def can_build_here() -> bool:
    """Whether this environment's setuptools is new enough; otherwise the build gets one of its own."""
    try:
        return int(version("setuptools").partition(".")[0]) >= 77
    except PackageNotFoundError:
        return False


@pytest.fixture(scope="session")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Distributions:
    """Built from a copy, so that nothing of a build stays in the repository, and no old build takes part."""
    sources, out = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("dist")
    for path in files():
        copy = sources / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    build = [
        sys.executable,
        "-m",
        "build",
        "--outdir",
        str(out),
        *(["--no-isolation"] if can_build_here() else []),
    ]
    result = subprocess.run(
        [*build, str(sources)], check=False, capture_output=True, text=True, timeout=LONG_SECONDS
    )
    assert result.returncode == 0, result.stdout + result.stderr
    [wheel], [source] = out.glob("*.whl"), out.glob("*.tar.gz")
    return Distributions(wheel, source)


@pytest.fixture(scope="session")
def base_environment(distributions: Distributions, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The wheel with the base dependencies alone."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=LONG_SECONDS
    )
    environment = Environment(folder, tmp_path_factory.mktemp("work"))
    environment.install(str(distributions.wheel))
    return environment


@pytest.fixture(scope="session")
def full_environment(base_environment: Environment, distributions: Distributions) -> Environment:
    """The same one with all extras; tests of the base alone stand before those that ask for this."""
    base_environment.install(f"{distributions.wheel}[all]")
    return base_environment
