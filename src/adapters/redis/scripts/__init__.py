"""The Lua scripts, one operation a file, and the loader that puts the shared functions into them.

Each script begins with a shebang, by which Redis 7 and Valkey read its flags before they run it: a full server refuses
a script without `allow-oom` as a whole, and never stops one in its middle.
Source: https://valkey.io/topics/eval-intro/#eval-flags
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from hashlib import sha1
from importlib.resources import files

_INCLUDE = re.compile(r"^-- include: (.+)$", re.MULTILINE)
_FLAGS = re.compile(r"^-- flags: (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Script:
    """One script: its name, text and digest."""

    name: str
    text: str
    sha: str


@cache
def script(name: str) -> Script:
    """The script of this name. A line `-- include: a, b` stands for `include/a.lua` and `include/b.lua`.

    Every call of a script defines its functions anew, and pays for each one: what has returned above the line does not.
    A line `-- flags: allow-oom` lets it run on a full server: it lets the system drain, or keeps it right. `no-writes`
    says that it only reads.
    """
    text = _read(f"{name}.lua")
    flags = _FLAGS.search(text)
    shebang = f"#!lua flags={flags.group(1).strip()}" if flags else "#!lua"
    whole = "\n".join([shebang, _read("include/prelude.lua"), _INCLUDE.sub(_included, text)])
    return Script(name, whole, sha1(whole.encode(), usedforsecurity=False).hexdigest())


def _included(line: re.Match[str]) -> str:
    return "\n".join(_read(f"include/{part.strip()}.lua") for part in line.group(1).split(","))


def _read(path: str) -> str:
    return files(__name__).joinpath(path).read_text(encoding="utf-8")
