"""The pytest plugin: what it costs, and where the arguments of its fixture come from."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

MODULE = """
from hexjobs import job_handler
class Port: ...
@job_handler("ask", max_retries=0)
def ask(context, payload: dict, port: Port): return type(port).__name__
"""
CONFTEST = """
import pytest, handlers
class Fake: ...
@pytest.fixture
def hexjobs_provide(): return {handlers.Port: Fake()}
"""
TESTS = """
import pytest, handlers
class Other: ...
def ask(jobs):
    return jobs.service.result(jobs.service.submit_job("ask", {}))
def test_ini_and_provide(hexjobs_jobs):
    hexjobs_jobs.service.submit_job("ask", {}, queue="of-the-file")
    assert [job.result for job in hexjobs_jobs.drain().completed] == ["Fake"]
@pytest.mark.hexjobs(eager=True, settings={"jobs.worker_pool.max_backoff": "9s"})
class TestMarked:
    def test_the_class(self, hexjobs_jobs):
        assert ask(hexjobs_jobs) == "Fake"
    @pytest.mark.hexjobs(provide={handlers.Port: Other()}, settings={"jobs.worker_pool.max_backoff": "7s"})
    def test_the_nearest_comes_last(self, hexjobs_jobs):
        assert ask(hexjobs_jobs) == "Other"
        assert hexjobs_jobs.container.settings().jobs.worker_pool.max_backoff.seconds == 7
def test_each_test_has_its_own(hexjobs_jobs):
    assert hexjobs_jobs.submitted == []
"""
LIGHT = """
import sys
def test_nothing_heavy():
    assert "hexjobs.pytest_plugin" in sys.modules
    heavy = {"pydantic", "redis", "dependency_injector", "structlog", "yaml", "fastapi", "hexjobs.testing"}
    assert heavy & set(sys.modules) == set()
"""


def pytest_in(folder: Path, *arguments: str) -> str:
    """What a run of pytest says there, with the plugins that are installed; it succeeds."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [
        sys.executable,
        "-B",
        "-m",
        "pytest",
        "-q",
        "-W",
        "error",
        "-p",
        "no:cacheprovider",
        *arguments,
    ]
    result = subprocess.run(
        command, check=False, cwd=folder, env=environment, capture_output=True, text=True, timeout=50
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_it_costs_nothing_before_a_test_asks_for_it(tmp_path: Path) -> None:
    """Installed next to an application, it is loaded by every run of pytest there."""
    (tmp_path / "test_light.py").write_text(LIGHT)
    assert "1 passed" in pytest_in(tmp_path)


def test_ini_options_a_fixture_and_markers_make_the_arguments(tmp_path: Path) -> None:
    """In this order; and the marker and the options are known to strict runs."""
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\npythonpath = .\nhexjobs_handlers = handlers\nhexjobs_config = hexjobs.yaml\n".replace(
            "\\\n", "\n"
        )
    )
    (tmp_path / "hexjobs.yaml").write_text("queues: {of-the-file: {}}\n")
    (tmp_path / "handlers.py").write_text(MODULE)
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_it.py").write_text(TESTS)
    assert "4 passed" in pytest_in(tmp_path, "--strict-markers", "--strict-config")
    assert "@pytest.mark.hexjobs(**options)" in pytest_in(tmp_path, "--markers")
