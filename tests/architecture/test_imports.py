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

NOT_FOR_SUBMITTING = {
    "hexjobs.adapters.cleanup", "hexjobs.adapters.cli", "hexjobs.adapters.embedded", "hexjobs.adapters.files",
    "hexjobs.adapters.handlers", "hexjobs.adapters.http", "hexjobs.adapters.mail", "hexjobs.adapters.memory",
    "hexjobs.adapters.metrics", "hexjobs.adapters.notify", "hexjobs.adapters.worker", "hexjobs.application.executor",
    "hexjobs.container", "hexjobs.demo", "hexjobs.handler_container", "hexjobs.lifecycle", "hexjobs.runtime",
    "hexjobs.supervised", "hexjobs.supervisor", "hexjobs.testing",
}  # fmt: skip
NOT_BEFORE_A_CONNECTION = {
    "cronsim",
    "hiredis",
    "multiprocessing",
    "prometheus_client",
    "redis",
    "uvicorn",
    "uvloop",
    "wsgiref",
}


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
    where, loaded = loaded_by("import hexjobs", "hexjobs.__file__")
    assert where == str(SRC / "__init__.py")
    assert {name.partition(".")[0] for name in loaded} & HEAVY == set()
    assert [name for name in loaded if name.startswith("hexjobs.")] == []


def test_a_process_that_submits_loads_what_submitting_needs() -> None:
    """No worker, no metrics, no adapter of another provider, and the client not before it connects."""
    made = "hexjobs.BackgroundJobService.from_config(jobs={'provider': 'redis'})"
    found, loaded = loaded_by("import hexjobs", f"type({made}._jobs).__name__")
    assert found == "AsyncJobService"
    assert {name for name in loaded if within(name, NOT_FOR_SUBMITTING)} == set()
    assert {name.partition(".")[0] for name in loaded} & NOT_BEFORE_A_CONNECTION == set()


def test_a_worker_loads_nothing_that_only_others_ask_it_for() -> None:
    """What writes metrics out waits for a scrape; what describes an API waits for one that may be read."""
    metrics = "hexjobs.adapters.metrics.prometheus_job_metrics"
    restricted = "hexjobs.adapters.http.create_app"
    made = f"({metrics}.PrometheusJobMetrics(), sys.modules['{restricted}'].create_app(checks={{}}, restricted=True))"
    found, loaded = loaded_by(f"import {metrics}, {restricted}", f"len({made}[1].routes) > 1")
    assert found == "True"
    assert {name for name in loaded if within(name, {"prometheus_client", "pydantic.v1"})} == set()


def within(name: str, modules: set[str]) -> bool:
    """Whether a module is one of these, or in one of them."""
    return any(name == module or name.startswith(f"{module}.") for module in modules)


def loaded_by(statement: str, expression: str) -> tuple[str, list[str]]:
    """What an expression comes to in a fresh interpreter, and the modules that are loaded by then."""
    code = f"{statement}, sys; print({expression}); print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=30
    )
    value, loaded = result.stdout.splitlines()
    return value, loaded.split()
