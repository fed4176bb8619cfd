"""require_tool: what becomes of a test whose tool this machine does not have."""

from __future__ import annotations

import os

import pytest


def require_tool(name: str, found: object, hint: str) -> None:
    """Go on where `found` is true; otherwise skip the test, and fail it where the environment says CI=true.

    `hint` says how to get the tool. A server that is given by a URL is no tool: a test without one is skipped anywhere.
    """
    if found:
        return
    reason = f"{name} is missing: {hint}"
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason} (CI=true: nothing is skipped for a missing tool)", pytrace=False)
    pytest.skip(reason)
