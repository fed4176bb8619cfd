"""load_settings: the configuration file, the environment and the options become one Settings, or one list of problems."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from pydantic import SecretStr, ValidationError
from pydantic_core import ErrorDetails

from ..domain.errors import InvalidConfiguration, Problem
from .keys import FILE, Key, Path
from .layer import DEFAULT, Entry, Layer, Origin, dotted, said_in
from .redis_address import RedisAddress
from .settings import Settings, settings_keys
from .sources import read_environment, read_file, read_options

CONFIG_VARIABLE = "HEXJOBS_CONFIG"
CONFIG_NAME = "hexjobs.yaml"
ADDRESS = ("jobs", "redis", "addr")


def find_config(
    path: FilePath | None = None, environ: Mapping[str, str] | None = None, cwd: FilePath | None = None
) -> FilePath | None:
    """The configuration file: `path`, else HEXJOBS_CONFIG, else ./hexjobs.yaml where there is one, else None.

    InvalidConfiguration when the file that `path` or the variable names does not exist.
    """
    named = os.environ.get(CONFIG_VARIABLE) if environ is None else environ.get(CONFIG_VARIABLE)
    folder = cwd or FilePath.cwd()
    if path is None and not named:
        return folder / CONFIG_NAME if (folder / CONFIG_NAME).is_file() else None
    found = folder / (path or FilePath(named or ""))
    if not found.exists():
        said = "" if path else f" (set by {CONFIG_VARIABLE})"
        raise InvalidConfiguration(
            [Problem(str(path or named), f"there is no such configuration file{said}")]
        )
    return found


def load_settings(
    path: FilePath | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
    cwd: FilePath | None = None,
    search: bool = True,
) -> Settings:
    """The settings from `overrides` (dotted paths to values), the environment, the file and the defaults, in this order.

    `path` is looked for as in `find_config`, but without `search` no file is read where it is None; relative paths in
    settings are taken from the file's folder, else from `cwd`. InvalidConfiguration lists everything that is wrong, by
    dotted path; no message shows a secret.
    """
    environ = os.environ if environ is None else environ
    folder = (cwd or FilePath.cwd()).absolute()
    file = find_config(path, environ, folder) if search or path else None
    tree = settings_keys()
    layers = [read_file(file, tree, environ)] if file else []
    layers += [read_environment(environ, tree), read_options(overrides or {}, tree)]
    merged = _Merged(tree, file.parent if file else folder)
    for layer in layers:
        merged.add(layer)
    merged.resolve()
    settings = merged.validated()
    if settings is None or merged.problems:
        raise InvalidConfiguration(merged.problems)
    known = merged.origins()
    for name in RedisAddress.parse(merged.entries[ADDRESS].value).extras if ADDRESS in known else ():
        known[(*ADDRESS[:-1], name)] = known[ADDRESS]  # it was part of the URL
    settings._file, settings._origins = file, known  # noqa: SLF001  # its own maker
    return settings


@dataclass
class _Merged:
    """The layers one over the other, the later one on top."""

    tree: Key
    folder: FilePath
    values: dict[str, Any] = field(default_factory=dict)
    entries: dict[Path, Entry] = field(default_factory=dict)
    sections: dict[Path, Origin] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def add(self, layer: Layer) -> None:
        """Put a layer on top."""
        self.entries.update(layer.entries)
        self.problems += layer.problems
        self.sections.update(layer.sections)
        for path in layer.sections:
            self._section(path)

    def resolve(self) -> None:
        """Read the files that hold secrets, and take relative paths from the folder."""
        for key in self.tree.leaves():
            if key.is_path and isinstance(key.default, FilePath):
                self.entries.setdefault(key.path, Entry(key.default, DEFAULT))
        for path, entry in self.entries.items():
            key = self._key(path)
            value = self._secret(path, entry) if key.is_secret or path == ADDRESS else entry.value
            self._section(path[:-1])[path[-1]] = self._anchored(value) if key.is_path else value

    def validated(self) -> Settings | None:
        """The settings, or None after adding what is wrong to the problems."""
        try:
            return Settings(**self.values)
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=False, include_input=False)
        self.problems += map(self._problem, found)
        return None

    def origins(self) -> dict[Path, Origin]:
        """Where each value that is set comes from."""
        return {path: entry.origin for path, entry in self.entries.items()}

    def _key(self, path: Path) -> Key:
        key: Key | None = self.tree
        for name in path:
            key = key and key.child(name)
        assert key is not None
        return key

    def _section(self, path: Path) -> dict[str, Any]:
        section = self.values
        for name in path:
            section = section.setdefault(name, {})
        return section

    def _secret(self, path: Path, entry: Entry) -> Any:
        if not entry.in_file:
            return SecretStr(entry.value) if isinstance(entry.value, str) else entry.value
        try:
            return SecretStr(_read_secret(self.folder / entry.value))
        except ValueError as error:
            message = f"{error}: {entry.value}{said_in(entry.origin)}"
        self.problems.append(Problem(dotted(path) + FILE, message))
        return SecretStr("")

    def _anchored(self, value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return [self._anchored_path(item) for item in value]
        return self._anchored_path(value)

    def _anchored_path(self, value: Any) -> Any:
        if not isinstance(value, (str, FilePath)):
            return value
        path = FilePath(value)
        with suppress(RuntimeError):  # a user without a home
            path = path.expanduser()
        return self.folder / path

    def _problem(self, error: ErrorDetails) -> Problem:
        loc = tuple(part for part in error["loc"] if part != "[key]")
        names = tuple(str(part) for part in loc)
        known = self.sections | self.origins()
        ends = range(len(names), min(len(names) - 1, 1), -1)
        origin = next((known[names[:end]] for end in ends if names[:end] in known), DEFAULT)
        path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc).lstrip(".")
        return Problem(path, _said(error) + said_in(origin))


def _read_secret(path: FilePath) -> str:
    """The text of the file without its last line's end; ValueError says why there is none."""
    try:
        text = path.read_bytes().decode()
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8") from None
    if not text.strip():
        raise ValueError("is empty")
    return text.removesuffix("\n").removesuffix("\r")


def _said(error: ErrorDetails) -> str:
    """What pydantic found, as the end of a sentence that begins with the key."""
    known = {
        "string_type": "must be text; put it in quotes",
        "path_type": "must be a path",
        "missing": "is needed, and not given",
    }
    message = known.get(error["type"]) or error["msg"].removeprefix("Value error, ")
    return re.sub(r"^(Input|String) should\b", "must", message)
