"""The shape of the files in src: their size, their docstrings, the header of a script."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.source_tree import SRC, files, modules

LONGEST = 250
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Documented = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
HEADER = re.compile(
    r"-- [A-Z][^\n]*[.:]\n"
    r"(?:-- (?!KEYS)[^\n]*\n)*"
    r"-- KEYS    [^\n]+\n(?:--         [^\n]+\n)*"
    r"-- ARGV    1 prefix[^\n]*\n(?:--         [^\n]+\n)*"
    r"-- returns [^\n]+\n(?:--         [^\n]+\n)*"
    r"(?:-- flags: (?:allow-oom|no-writes)\n)?"
    r"(?:-- include: \w+(?:, \w+)*\n)?(?!--)"
)


def public(body: list[ast.stmt]) -> Iterator[Documented]:
    """The public classes, functions and methods of a module or class, without overloads and special methods."""
    for node in body:
        if isinstance(node, (ast.ClassDef, *FUNCTIONS)) and not node.name.startswith("_"):
            if isinstance(node, ast.ClassDef):
                yield node
                yield from public(node.body)
            elif not any(
                ast.unparse(decorator) in {"overload", f"{node.name}.setter"}
                for decorator in node.decorator_list
            ):
                yield node


def problem_of(docstring: str | None) -> str:
    """What is wrong with a docstring; nothing when it begins with a sentence on its first line."""
    if not docstring:
        return "has no docstring"
    first = docstring.splitlines()[0]
    return "" if first.endswith((".", ".)", ":")) else f"its docstring's first line is no sentence: {first!r}"


def test_no_file_is_longer_than_a_reader_likes() -> None:
    """At 250 lines a file is split."""
    lengths = {str(module): len(module.text.splitlines()) for module in modules()}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_every_module_says_what_it_is() -> None:
    """In its first line."""
    found = {str(module): problem_of(ast.get_docstring(module.tree)) for module in modules()}
    assert {name: problem for name, problem in found.items() if problem} == {}


def test_everything_public_says_what_it_promises() -> None:
    """Each class, function and method without an underscore."""
    found = [
        f"{module}:{node.lineno} {node.name} {problem}"
        for module in modules()
        for node in public(module.tree.body)
        if (problem := problem_of(ast.get_docstring(node)))
    ]
    assert not found, "\n".join(found)


def test_what_is_asked_of_docstrings() -> None:
    """The check itself: it sees methods, and lets overloads and private names be."""
    tree = ast.parse(
        "class A:\n '''Is.'''\n def a(self): ...\n def _b(self): ...\n @overload\n def c(self): ...\n"
        "async def d(): 'has no full stop'\ndef e(): 'Shapes:'\nclass _F:\n def g(self): ...\n"
    )
    found = {node.name: problem_of(ast.get_docstring(node)) for node in public(tree.body)}
    assert {name: bool(problem) for name, problem in found.items()} == {
        "A": False,
        "a": True,
        "d": True,
        "e": False,
    }


@pytest.mark.parametrize(
    "path",
    [path for path in files("src") if path.suffix == ".lua" and path.parent.name == "scripts"],
    ids=lambda path: path.name,
)
def test_every_script_begins_with_its_keys_arguments_and_answer(path: Path) -> None:
    """A sentence, then KEYS, ARGV and returns, then its flags and what it includes."""
    text = path.read_text("utf-8")
    assert HEADER.match(text), text[:400]


def test_every_included_file_is_used_and_named_right() -> None:
    """The include lines name files that exist, and no file waits for a script that includes it."""
    scripts = SRC / "adapters" / "redis" / "scripts"
    named = {"prelude"}
    for path in scripts.glob("*.lua"):
        for line in re.findall(r"^-- include: (.+)$", path.read_text("utf-8"), re.MULTILINE):
            named |= {part.strip() for part in line.split(",")}
    assert named == {path.stem for path in (scripts / "include").glob("*.lua")}
