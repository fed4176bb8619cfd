"""The three sources of settings, each read into a Layer: the configuration file, the environment, the options."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path as FilePath
from typing import Any

from ..domain.errors import Problem
from .keys import Key, Path
from .layer import Layer, Origin, dotted
from .yaml_file import load_yaml

PREFIX = "HEXJOBS_"
BETWEEN = "__"
_REFERENCE = re.compile(r"\$\$\{|\$\{([^}]*)(\}?)")
_INSIDE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(:-(.*))?\Z", re.DOTALL)


def read_options(overrides: Mapping[str, Any], tree: Key) -> Layer:
    """What the caller set: dotted paths to values, or to mappings of what lies below them."""
    layer = Layer(lambda _: Origin("option"))
    for path, value in overrides.items():
        layer.place_below(tree, (), path.split("."), value)
    return layer


def read_environment(environ: Mapping[str, str], tree: Key) -> Layer:
    """What variables such as HEXJOBS_JOBS__REDIS__ADDR say; one without `__` that is no key is somebody else's."""
    found = Layer(lambda _: Origin("environment"))
    plain = {name for name, key in tree.children.items() if key.is_leaf}
    for variable in sorted(environ):
        rest = variable.removeprefix(PREFIX)
        if rest == variable or (BETWEEN not in rest and rest.lower() not in plain):
            continue
        found.locate = partial(_constantly, Origin("environment", variable))
        found.place_below(tree, (), _names(rest.lower(), tree), environ[variable])
    return found


def read_file(path: FilePath, tree: Key, environ: Mapping[str, str]) -> Layer:
    """What a YAML file says, `${NAME}` replaced; a file that cannot be read at all is one problem."""
    lines: dict[Path, int] = {}
    layer = Layer(
        lambda place: Origin("file", str(path), lines.get(place)), read=partial(_expand, environ=environ)
    )
    try:
        written, data = load_yaml(path)
    except ValueError as error:
        layer.problems.append(Problem(str(path), str(error)))
        return layer
    lines |= {key.path: key.line for key in written}
    for key in written:
        if key.is_repeated:
            layer.problems.append(Problem(dotted(key.path), f"is written twice ({path}, line {key.line})"))
    layer.place(tree, (), data)
    return layer


def _constantly(origin: Origin, _: Path) -> Origin:
    return origin


def _names(text: str, tree: Key) -> list[str]:
    """The steps of a variable; below a table all but the key's own name belong to the free name (`a__b`)."""
    steps = text.split(BETWEEN)
    key: Key | None = tree
    for index, step in enumerate(steps):
        if key is not None and key.each is not None:
            own = 0 if key.each.is_leaf else 1
            name = BETWEEN.join(steps[index : len(steps) - own])
            return [*steps[:index], *([name] if name else []), *steps[len(steps) - own :]]
        key = key.child(step) if key else None
    return steps


def _expand(value: Any, environ: Mapping[str, str]) -> Any:
    """The value with `${NAME}` and `${NAME:-default}` replaced, in a text and in the texts of lists and mappings."""
    try:
        return _expand_all(value, environ)
    except RecursionError:
        raise ValueError("is nested too deeply, or holds itself") from None


def _expand_all(value: Any, environ: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _expand_text(value, environ)
    if isinstance(value, list):
        return [_expand_all(item, environ) for item in value]
    if isinstance(value, dict):
        return {name: _expand_all(item, environ) for name, item in value.items()}
    return value


def _expand_text(text: str, environ: Mapping[str, str]) -> str:
    def replace(match: re.Match[str]) -> str:
        if match[0] == "$${":
            return "${"
        inside = _INSIDE.match(match[1])
        if inside is None or not match[2]:
            raise ValueError(
                "holds ${ that is neither ${NAME} nor ${NAME:-default}; write $${ for a plain ${"
            )
        name, has_default, default = inside.groups()
        if has_default:
            return environ.get(name) or str(default)
        if name not in environ:
            raise ValueError(
                f"needs the environment variable {name}, which is not set; or write ${{{name}:-default}}"
            )
        return environ[name]

    return _REFERENCE.sub(replace, text)
