"""`late`: a class that is imported when its first object is made."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any


def late(module: str, name: str) -> Callable[..., Any]:
    """Makes objects of the class `name` of a module of this package, which is imported for the first one.

    For containers, which name the adapters of every provider: a process loads those of its own.
    """

    def make(*arguments: Any, **named: Any) -> Any:
        return getattr(import_module(module, __package__), name)(*arguments, **named)

    return make
