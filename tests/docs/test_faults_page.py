"""docs/faults.md names tests: each of them exists, and each file of the battery is named."""

from __future__ import annotations

import ast
import re

from support.source_tree import ROOT

TEXT = (ROOT / "docs" / "faults.md").read_text("utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", TEXT)
BATTERY = {*range(1, 17), *range(20, 28), 29, *range(31, 37), 38, 40, 41, 42, 45}


def test_every_test_that_the_page_names_exists() -> None:
    """By file and function."""
    missing = []
    for file, name in NAMED:
        tree = ast.parse((ROOT / file).read_text("utf-8"))
        functions = {
            node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        }
        missing += [f"{file}::{name}"] if name not in functions else []
    assert len(NAMED) > 40
    assert missing == []


def test_every_fault_of_the_battery_has_a_row_and_a_test() -> None:
    """Those that concern one server."""
    rows = re.findall(r"^\| (\d+) \|.*\| (.+) \|$", TEXT, re.MULTILINE)
    assert {int(number) for number, tests in rows if "::" in tests} == BATTERY


def test_every_file_of_the_battery_is_on_the_page() -> None:
    """But for what tests the harness and the soak themselves."""
    files = {path.name for path in (ROOT / "tests" / "faults").glob("test_*.py")}
    named = set(re.findall(r"tests/faults/(test_\w+\.py)", TEXT))
    assert files - named == {"test_tcp_proxy.py", "test_soak.py"}
