"""The nearest legal word, for messages about a wrong one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, legal: Iterable[str]) -> str:
    """`; did you mean 'x'?` when a legal word is close, else a short list of the legal ones, else an empty text."""
    words = sorted(legal)
    close = get_close_matches(word, words, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    if not words:
        return ""
    shown = ", ".join(words[:12])
    return f"; known: {shown}" + (", ..." if len(words) > 12 else "")
