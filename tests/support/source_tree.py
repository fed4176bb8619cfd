"""The files of this repository, for tests that read them instead of running them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
SRC = ROOT / "src"
_LEFT_OUT = {"__pycache__", "node_modules", "build", "dist"}


@dataclass(frozen=True, slots=True)
class Module:
    """One Python file."""

    path: Path
    text: str
    tree: ast.Module

    def __str__(self) -> str:
        return str(self.path.relative_to(ROOT))

    @property
    def is_package(self) -> bool:
        """Whether it is the `__init__` of a folder."""
        return self.path.name == "__init__.py"


@cache
def modules(folder: str = "src") -> tuple[Module, ...]:
    """The Python files below a folder of the repository, `.` for all."""
    return tuple(
        Module(path, text := path.read_text("utf-8"), ast.parse(text))
        for path in files(folder)
        if path.suffix == ".py"
    )


def files(folder: str = ".") -> Iterator[Path]:
    """Every file below a folder of the repository that a person wrote, in order."""
    for path in sorted((ROOT / folder).iterdir()):
        if path.is_symlink() or path.name in _LEFT_OUT or path.name.endswith(".egg-info"):
            continue
        if path.is_dir():
            # Caches and environments have a dot in front; so has .ci, which people wrote.
            if not path.name.startswith(".") or path.name == ".ci":
                yield from files(str(path.relative_to(ROOT)))
        else:
            yield path
