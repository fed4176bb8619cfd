"""this_process: the process that runs this, told from those it was forked from or forks."""

from __future__ import annotations

import os


class ThisProcess:
    """`number` is the process id, right in a forked child too. To ask the system each time would cost a call of it."""

    __slots__ = ("number",)

    def __init__(self) -> None:
        self.look()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.look)

    def look(self) -> None:
        """Ask the system."""
        self.number = os.getpid()


this_process = ThisProcess()
