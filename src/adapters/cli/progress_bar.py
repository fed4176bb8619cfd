"""ProgressBar: one line that is drawn over itself, where a person looks."""

from __future__ import annotations

import shutil
import sys
from typing import TextIO

from .terminal import is_terminal, printable

CLEAR_LINE = "\r\x1b[2K"
BAR_WIDTH = 24


class ProgressBar:
    """Shows how far something is on standard error; does nothing where that is no terminal."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self.is_shown = is_terminal(self._stream)

    def show(self, done: float, of: float, text: str = "") -> None:
        """Draw it anew; `of` 0 means that nobody knows how much there is to do."""
        if not self.is_shown:
            return
        filled = round(BAR_WIDTH * min(1.0, max(0.0, done / of))) if of > 0 else 0
        line = f"[{'#' * filled}{'.' * (BAR_WIDTH - filled)}] {printable(text)}"
        self._stream.write(CLEAR_LINE + line[: shutil.get_terminal_size().columns - 1])
        self._stream.flush()

    def clear(self) -> None:
        """Take it away, so that other lines can be written."""
        if self.is_shown:
            self._stream.write(CLEAR_LINE)
            self._stream.flush()
