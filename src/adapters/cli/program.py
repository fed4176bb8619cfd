"""`program`: how hexjobs was called, for commands that are shown to be typed."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path


def program() -> str:
    """`hexjobs` where the shell finds this one, else its path from here, else `python -m hexjobs`."""
    called = Path(sys.argv[0])
    if called.name != "hexjobs":
        return "python -m hexjobs"
    found = shutil.which("hexjobs")
    if found and Path(found).absolute() == called.absolute():
        return "hexjobs"
    relative = os.path.relpath(called)
    return relative if len(relative) < len(str(called)) else str(called)
