"""Both type checkers accept what is right, and refuse each line that is wrong, and no other."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.source_tree import ROOT

FOLDER = Path(__file__).parent.relative_to(ROOT)
ACCEPTED, REFUSED = str(FOLDER / "accepted.py"), str(FOLDER / "refused.py")
Errors = dict[str, set[int]]
"""By file, the lines with an error."""


def run(*command: str) -> str:
    """What a checker says about the two files, as the project configures it."""
    result = subprocess.run(
        [*command, ACCEPTED, REFUSED], check=False, cwd=ROOT, capture_output=True, text=True
    )
    assert result.returncode == 1, result.stdout + result.stderr
    return result.stdout


def found_by_mypy() -> Errors:
    """With `--strict`."""
    errors: Errors = {ACCEPTED: set(), REFUSED: set()}
    said = run(sys.executable, "-m", "mypy", "--strict", "--no-error-summary")
    for name, line in re.findall(r"^(\S+):(\d+): error:", said, re.MULTILINE):
        errors.setdefault(name, set()).add(int(line))
    return errors


def found_by_pyright() -> Errors:
    """In the mode "standard"."""
    errors: Errors = {ACCEPTED: set(), REFUSED: set()}
    for found in json.loads(run(sys.executable, "-m", "basedpyright", "--outputjson"))["generalDiagnostics"]:
        if found["severity"] == "error":
            name = str(Path(found["file"]).relative_to(ROOT))
            errors.setdefault(name, set()).add(found["range"]["start"]["line"] + 1)
    return errors


@pytest.mark.timeout(300)
@pytest.mark.parametrize("checker", [found_by_mypy, found_by_pyright], ids=["mypy", "pyright"])
def test_a_type_checker_refuses_the_marked_lines_alone(checker: Callable[[], Errors]) -> None:
    """The marks are comments `# refused: reason`."""
    lines = (ROOT / REFUSED).read_text("utf-8").splitlines()
    marked = {number for number, line in enumerate(lines, 1) if "  # refused: " in line}
    assert checker() == {ACCEPTED: set(), REFUSED: marked}
    assert len(marked) > 10
