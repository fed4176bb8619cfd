"""The public names: what `import hexjobs` promises is there, for programs and for type checkers alike."""

from __future__ import annotations

import ast
from importlib import import_module

import hexjobs
from support.source_tree import SRC


def names_for_type_checkers() -> dict[str, tuple[str, ...]]:
    """By module, what `src/__init__.py` imports under TYPE_CHECKING."""
    tree = ast.parse((SRC / "__init__.py").read_text("utf-8"))
    [block] = [
        node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    found: dict[str, tuple[str, ...]] = {}
    for node in block.body:
        assert isinstance(node, ast.ImportFrom)
        assert all(alias.asname is None for alias in node.names)
        found["." * node.level + (node.module or "")] = tuple(alias.name for alias in node.names)
    return found


def test_type_checkers_and_programs_find_the_same_names_in_the_same_places() -> None:
    """The block for the one and the table for the other."""
    assert names_for_type_checkers() == hexjobs._HOMES


def test_all_lists_each_name_once() -> None:
    """No more, no less, but for the version."""
    names = [name for names in hexjobs._HOMES.values() for name in names]
    assert sorted(names) == sorted(set(hexjobs.__all__) - {"__version__"})
    assert len(hexjobs.__all__) == len(set(hexjobs.__all__)) == len(names) + 1


def test_every_name_is_there_and_is_the_one_of_its_home() -> None:
    """Lazily loaded, each is the object that its module defines; `dir` shows it."""
    for module, names in hexjobs._HOMES.items():
        for name in names:
            assert getattr(hexjobs, name) is getattr(import_module(module, "hexjobs"), name)
    assert dir(hexjobs) == sorted(hexjobs.__all__)


def test_every_error_is_public() -> None:
    """The drawn tree of errors is all exported."""
    errors = import_module("hexjobs.domain.errors")
    tree = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, errors.JobError)
    }
    assert tree <= set(hexjobs.__all__)
