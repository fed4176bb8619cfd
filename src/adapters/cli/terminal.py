"""What a person's terminal takes: colours, marks, and text that cannot give it orders."""

from __future__ import annotations

import os
import sys
from typing import Any, TextIO

import click


def is_terminal(stream: TextIO) -> bool:
    """Whether a person looks at this stream."""
    try:
        return stream.isatty()
    except ValueError:  # it was closed
        return False


def has_colours(stream: TextIO) -> bool:
    """Whether to colour what goes to this stream: to a terminal, unless NO_COLOR is set (no-color.org)."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def styled(text: str, stream: TextIO, **style: Any) -> str:
    """The text in a style of `click.style`, where the stream takes one."""
    return click.style(text, **style) if has_colours(stream) else text


def printable(text: str) -> str:
    """The text on one line, control characters escaped: what jobs carry must not steer the terminal."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else repr(character)[1:-1]
        for character in " ".join(text.split("\n"))
    )


def encodes(text: str, stream: TextIO) -> bool:
    """Whether the stream's encoding has these characters."""
    try:
        text.encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def prepare_streams() -> None:
    """Let no character end a command: what the encoding of a stream lacks is escaped."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
