"""The Lua scripts, one operation a file, and the loader that puts the shared functions in front of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from hashlib import sha1
from importlib.resources import files

_INCLUDE = re.compile(r"^-- include: (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Script:
    """One script: its name, text and digest."""

    name: str
    text: str
    sha: str


@cache
def script(name: str) -> Script:
    """The script of this name. A line `-- include: a, b` puts `include/a.lua` and `include/b.lua` in front."""
    text = _read(f"{name}.lua")
    found = _INCLUDE.search(text)
    names = [part.strip() for part in found.group(1).split(",")] if found else []
    whole = "\n".join([_read("include/prelude.lua"), *(_read(f"include/{part}.lua") for part in names), text])
    return Script(name, whole, sha1(whole.encode(), usedforsecurity=False).hexdigest())


def _read(path: str) -> str:
    return files(__name__).joinpath(path).read_text(encoding="utf-8")
