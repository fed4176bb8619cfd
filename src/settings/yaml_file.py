"""load_yaml: a YAML file by the safe loader, with the lines of its keys, and errors that quote nothing of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import Any, NamedTuple

import yaml

from .keys import Path

_QUOTED = re.compile(r"'([^']*)'")
_SIGN = re.compile(r"alias|anchor|tag|cannot start any token")


class Written(NamedTuple):
    """A key of a file: its path, its line (from 1), and whether it stands there for a second time."""

    path: Path
    line: int
    is_repeated: bool


def load_yaml(path: FilePath) -> tuple[list[Written], Any]:
    """The keys of the file as written, before `<<` merges mappings, and its content; ValueError says why not."""
    try:
        text = path.read_bytes().decode()
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
    except UnicodeDecodeError as error:
        message = f"is not UTF-8 at byte {error.start}"
    else:
        try:
            loader = yaml.SafeLoader(text)
            node = loader.get_single_node()
            if node is None:
                return [], None
            return list(_walk(node)), loader.construct_document(node)
        except yaml.YAMLError as error:
            message = _syntax_message(error, text)
        except (ValueError, RecursionError) as error:
            is_deep = isinstance(error, RecursionError)
            message = f"is not valid YAML: {'it is nested too deeply' if is_deep else 'a value is malformed'}"
    raise ValueError(message)


def _syntax_message(error: yaml.YAMLError, text: str) -> str:
    """Where and what; words of the file that the parser quotes may be a secret and are left out."""
    if isinstance(error, yaml.reader.ReaderError):
        before = text[: error.position]
        line, column = before.count("\n") + 1, error.position - before.rfind("\n")
        return f"is not valid YAML at line {line}, column {column}: a character is not allowed"
    problem, mark = getattr(error, "problem", None) or "", getattr(error, "problem_mark", None)
    where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    shown = _QUOTED.sub(lambda quoted: quoted[0] if _is_token(quoted[1]) else "(...)", problem)
    hint = "; a value with * & ! @ % or ` at its begin needs quotes" if mark and _SIGN.search(problem) else ""
    return f"is not valid YAML{where}: {shown}{hint}"


def _is_token(quoted: str) -> bool:
    """Whether it is YAML's own, not of the file: one character, an escaped one, or `<block end>`."""
    return len(quoted) < 2 or quoted.startswith("<") or (len(quoted) == 2 and quoted.startswith("\\"))


def _walk(root: yaml.Node) -> Iterator[Written]:
    """Each key of the mappings; one behind an alias is met once."""
    met: set[int] = set()

    def walk(node: yaml.Node, path: Path) -> Iterator[Written]:
        if not isinstance(node, yaml.MappingNode) or id(node) in met:
            return
        met.add(id(node))
        names: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            yield Written((*path, name), key.start_mark.line + 1, name in names)
            names.add(name)
            yield from walk(value, (*path, name))

    return walk(root, ())
