"""Layer: what one source says (an option, the environment, a file), key by key, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ..domain.errors import Problem
from .fields import words
from .keys import FILE, Key, Path

SourceKind = Literal["option", "environment", "file", "default"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from; `name` is the variable or the path of the file, `line` the line in it (from 1)."""

    kind: SourceKind
    name: str = ""
    line: int | None = None

    def __str__(self) -> str:
        place = f"{self.name}:{self.line}" if self.line else self.name
        return f"{self.kind} {place}".rstrip()


DEFAULT = Origin("default")


@dataclass(frozen=True, slots=True)
class Entry:
    """One value and its origin; `in_file` says that the value is the path of a file which holds the secret."""

    value: Any
    origin: Origin
    in_file: bool = False


def dotted(path: Path) -> str:
    """The path as people write it; the root has a name too."""
    return ".".join(path) or "configuration"


@dataclass
class Layer:
    """The entries of one source. Sections without any entry below them (a queue with nothing but defaults) are kept.

    `locate` tells where the source says a path; `read` makes the final value of a leaf out of the written one and
    raises ValueError where that cannot be done.
    """

    locate: Callable[[Path], Origin]
    read: Callable[[Any], Any] = lambda value: value
    entries: dict[Path, Entry] = field(default_factory=dict)
    sections: dict[Path, Origin] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def place(self, key: Key, path: Path, value: Any, *, in_file: bool = False) -> None:
        """Take `value`, which is written at `path`, for `key` and what lies below it."""
        if key.is_leaf:
            self._place_leaf(key, path, value, in_file)
        elif value is not None and not isinstance(value, Mapping):
            self.refuse(path, "is a section: it takes keys, not a value")
        else:
            self.sections.setdefault(path, self.locate(path))
            for name, item in (value or {}).items():
                self.place_below(key, path, [name], item)

    def place_below(self, key: Key, path: Path, names: list[Any], value: Any) -> None:
        """Take `value` for the key that `names` lead to from `key`."""
        if not names:
            self.place(key, path, value)
            return
        name, *rest = names
        if not isinstance(name, str):
            self.refuse(path, f"has the key {name!r}, which is not text; put it in quotes")
            return
        below, child = (*path, name), key.child(name)
        if child is not None:
            self.sections.setdefault(path, self.locate(path))
            self.place_below(child, below, rest, value)
            return
        secret = key.children.get(name.removesuffix(FILE)) if name.endswith(FILE) else None
        if secret is not None and secret.is_secret and not rest:
            self.place(secret, (*path, secret.path[-1]), value, in_file=True)
        else:
            self.refuse(below, key.refusal(name))

    def refuse(self, path: Path, message: str, at: Path | None = None) -> None:
        """Note what is wrong at `path`."""
        self.problems.append(Problem(dotted(path), f"{message}{said_in(self.locate(at or path))}"))

    def _place_leaf(self, key: Key, path: Path, value: Any, in_file: bool) -> None:
        written = (*path[:-1], path[-1] + FILE) if in_file else path
        earlier = self.entries.get(path)
        if earlier is not None:
            both = f"both as {path[-1]} and as {path[-1]}{FILE}" if earlier.in_file != in_file else "twice"
            self.refuse(path, f"is given {both}; give it once", at=written)
        elif value is None and key.default is not None:
            self.refuse(written, "has no value; write one, or remove the key")
        elif (in_file and not isinstance(value, str)) or ((in_file or key.is_path) and value == ""):
            self.refuse(written, "must be a path")
        else:
            try:
                value = self.read(value)
                value = words(value) if key.is_list and isinstance(value, str) else value
            except ValueError as error:
                self.refuse(written, str(error))
            else:
                self.entries[path] = Entry(value, self.locate(written), in_file)


def said_in(origin: Origin) -> str:
    """The end of a message that tells where the value is written."""
    if origin.kind == "environment":
        return f" (set by {origin.name})"
    if origin.kind == "file":
        return f" ({origin.name}, line {origin.line})" if origin.line else f" ({origin.name})"
    return ""
