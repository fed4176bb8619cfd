"""ShiftedClock: a wall clock of other processes that a test steps, without root and without touching the machine's."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

from support.require_tool import require_tool

SOURCE = Path(__file__).with_name("shifted_clock.c")


class ShiftedClock:
    """A library for LD_PRELOAD, compiled into `folder`, and the file with the seconds by which it shifts.

    `environment` is for the processes that are to have this clock. Only the wall clock steps: monotonic ones go on, as
    when somebody sets the time. Processes whose C library is linked in do not see it.
    """

    def __init__(self, folder: Path) -> None:
        compiler = shutil.which("cc")
        require_tool("cc", compiler, "apt install gcc")
        library = folder / "shifted_clock.so"
        self._file = folder / "shift"
        self.step(0)
        command = [str(compiler), "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE), "-ldl"]
        subprocess.run(command, check=True)
        self.environment = {"LD_PRELOAD": str(library), "SHIFTED_CLOCK": str(self._file)}

    def step(self, seconds: int) -> None:
        """Be so many seconds away from the true time from now on."""
        with self._file.open("r+b" if self._file.exists() else "wb") as file:
            file.write(struct.pack("=q", seconds))
