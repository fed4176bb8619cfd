"""this_process: a forked child is told from its parent."""

from __future__ import annotations

import os

import pytest

from hexjobs.application.this_process import this_process


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_has_a_number_of_its_own() -> None:
    """And its parent keeps its own."""
    assert this_process.number == os.getpid()
    child = os.fork()
    if child == 0:
        os._exit(0 if this_process.number == os.getpid() else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert this_process.number == os.getpid()
