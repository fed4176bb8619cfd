"""Who imports whom: what the import linter's contracts cannot say."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator

from support.source_tree import SRC, Module, modules

DOMAIN_MAY_IMPORT = {"pydantic", "pydantic_core", "typing_extensions"}
HEAVY = {
    "asyncio", "click", "concurrent", "cronsim", "dependency_injector", "fastapi", "logging", "msgspec", "multiprocessing",
    "prometheus_client", "pydantic", "pydantic_settings", "redis", "structlog", "yaml",
}  # fmt: skip


def absolute_imports(module: Module) -> Iterator[tuple[int, str]]:
    """The line and the top name of each import that is not relative."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.partition(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.lineno, (node.module or "").partition(".")[0]


def test_inside_the_package_imports_of_the_package_are_relative() -> None:
    """An absolute one, of `hexjobs` or of `src`, would load a module twice where the folder itself is on the path."""
    found = [
        f"{module}:{line} imports {name}"
        for module in modules()
        for line, name in absolute_imports(module)
        if name in {"hexjobs", "src"}
    ]
    assert not found, "\n".join(found)


def test_outside_of_it_nobody_imports_the_folder() -> None:
    """`import src` is another package than `hexjobs`, with other classes of the same names."""
    found = [
        f"{module}:{line}"
        for module in modules(".")
        for line, name in absolute_imports(module)
        if name == "src"
    ]
    assert not found, "\n".join(found)


def test_the_domain_imports_the_standard_library_and_pydantic_alone() -> None:
    """The linter forbids what somebody thought of; this allows what is needed."""
    found = [
        f"{module}:{line} imports {name}"
        for module in modules("src/domain")
        for line, name in absolute_imports(module)
        if name not in sys.stdlib_module_names | DOMAIN_MAY_IMPORT
    ]
    assert not found, "\n".join(found)


def test_importing_the_package_is_light() -> None:
    """`import hexjobs` in a web process or a script costs nothing before the first name is used."""
    code = "import hexjobs, sys; print(hexjobs.__file__); print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=30
    )
    where, loaded = result.stdout.splitlines()
    assert where == str(SRC / "__init__.py")
    assert {name.partition(".")[0] for name in loaded.split()} & HEAVY == set()
    assert [name for name in loaded.split() if name.startswith("hexjobs.")] == []
