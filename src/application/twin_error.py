"""`twin_of`: one failure, told to several callers."""

from __future__ import annotations

from typing import TypeVar

E = TypeVar("E", bound=Exception)


def twin_of(error: E) -> E:
    """An exception of its own that says the same, caused by `error`.

    One instance raised in several tasks or threads would gather the traces of all, and the notes that one adds.
    """
    twin = type(error).__new__(type(error), *error.args)
    twin.__dict__.update(error.__dict__)
    if notes := getattr(error, "__notes__", None):
        twin.__notes__ = list(notes)
    twin.__cause__ = error
    return twin
