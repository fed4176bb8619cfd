"""What every run of the tests has: a room of its own, and a look at the end for what it left behind."""

from __future__ import annotations

pytest_plugins = ["support.clean_exit"]
