"""Whether the suite also ran against a Redis given by URL."""

from __future__ import annotations

import os

import pytest


def test_the_suite_runs_on_a_server_given_by_url() -> None:
    """One skip with its reason stands for the whole suite where no server is given; with one, the address is usable."""
    url = os.environ.get("HEXJOBS_TEST_REDIS_URL")
    if not url:
        pytest.skip("HEXJOBS_TEST_REDIS_URL names no server: a Redis given by URL is optional")
    assert "://" in url, "write it like redis://localhost:6379/0"
