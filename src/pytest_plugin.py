"""pytest fixtures for the tests of applications.

pytest loads this module at its start, and the rest of the package with the first test that asks for `hexjobs_jobs`. That
is a TestJobs, whose arguments come from the ini options `hexjobs_handlers` and `hexjobs_config`, from the
fixture `hexjobs_provide`, which a conftest overrides with fakes, and from the marker `hexjobs`, in this order.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .testing import TestJobs

MARKER = "hexjobs(**options): arguments of hexjobs.testing.TestJobs for `hexjobs_jobs`, such as eager=True"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the ini options."""
    parser.addini("hexjobs_handlers", "modules with job handlers, for the fixture hexjobs_jobs", type="args")
    parser.addini("hexjobs_config", "configuration file for the fixture hexjobs_jobs", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Describe the marker."""
    config.addinivalue_line("markers", MARKER)


@pytest.fixture
def hexjobs_provide() -> dict[Any, Any]:
    """What handlers are given by type, in place of the real thing; override it in a conftest."""
    return {}


@pytest.fixture
def hexjobs_jobs(request: pytest.FixtureRequest, hexjobs_provide: dict[Any, Any]) -> Iterator[TestJobs]:
    """The job system of this test: a TestJobs that is closed after it."""
    from .testing import TestJobs

    options: dict[str, Any] = {}
    if request.config.getini("hexjobs_handlers"):
        options["handlers"] = request.config.getini("hexjobs_handlers")
    if request.config.getini("hexjobs_config"):
        options["config"] = request.config.rootpath / request.config.getini("hexjobs_config")
    for marker in reversed(list(request.node.iter_markers("hexjobs"))):  # the test's own marker comes last
        options |= marker.kwargs
    options["provide"] = {**hexjobs_provide, **options.get("provide", {})}
    with TestJobs(**options) as jobs:
        yield jobs
