"""Handler modules: what is collected, how handlers are bound, and what a faulty module is told."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from dependency_injector import providers

from hexjobs import EmailService, InvalidConfiguration
from hexjobs.container import Container
from hexjobs.settings import load_settings


@pytest.fixture
def write_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Writes a module into a folder that is on the path; forgets it afterwards."""
    monkeypatch.syspath_prepend(str(tmp_path))
    written: list[str] = []

    def write(name: str, text: str) -> str:
        (tmp_path / f"{name}.py").write_text(dedent(text))
        written.append(name)
        return name

    yield write
    for name in written:
        sys.modules.pop(name, None)


def container(*modules: str) -> Container:
    """A container with these handler modules."""
    overrides = {"jobs": {"provider": "memory", "handlers": list(modules)}}
    return Container(settings=load_settings(None, environ={}, overrides=overrides))


def test_functions_and_classes_are_collected_and_bound_by_type(write_module: Any) -> None:
    """Both forms get what they ask for; the container's provider can be overridden."""
    name = write_module(
        "both_forms",
        """
        from hexjobs import EmailService, job_handler

        @job_handler("function.form")
        async def function_form(context, payload, mail: EmailService):
            return mail

        class ClassForm:
            job_type = "class.form"
            payload_model = None
            max_retries = 7

            def __init__(self, mail: EmailService) -> None:
                self.mail = mail

            async def execute(self, context, payload):
                return self.mail
        """,
    )
    built = container(name)
    mail = object()
    built.email_service.override(providers.Object(mail))
    registry = built.registry()
    for job_type in ("function.form", "class.form"):
        handler = registry.get(job_type)
        assert handler is not None
        coroutine: Any = handler.call(None, {})
        with pytest.raises(StopIteration) as finished:
            coroutine.send(None)
        assert finished.value.value is mail
    assert registry.job_types["class.form"].max_retries == 7
    assert {"email", "file_processing", "data_cleanup", "notification"} <= set(registry.job_types)


def test_a_handler_of_a_module_replaces_a_shipped_one(write_module: Any) -> None:
    """The same job type in a module wins."""
    name = write_module(
        "replaces",
        """
        from hexjobs import job_handler

        @job_handler("email")
        async def own(context, payload):
            return "own"
        """,
    )
    job_type = container(name).registry().job_types["email"]
    assert job_type.function is not None


def test_two_handlers_for_one_type_are_refused(write_module: Any) -> None:
    """The error names the type."""
    text = """
        from hexjobs import job_handler

        @job_handler("twice")
        def {}(context, payload): ...
        """
    names = [write_module("twice_a", text.format("a")), write_module("twice_b", text.format("b"))]
    with pytest.raises(InvalidConfiguration, match="two handlers for job type 'twice'"):
        container(*names).registry()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "import json\n\nvalue = json.loads('{')\n",
            r"cannot be imported: JSONDecodeError: .*broken.py:3: \"value = json.loads",
        ),
        ("x = 1 +\n", r"cannot be imported: SyntaxError: .*broken.py"),
        ("import nowhere_to_be_found\n", r"ModuleNotFoundError: .*broken.py:1: \"import nowhere_to_be_found"),
        ("x = 1\n", "declares no handler"),
        (
            "from hexjobs import job_handler\n\n@job_handler('x')\ndef f(context): ...\n",
            r"takes \(context, payload, ...\)",
        ),
        (
            "from hexjobs import job_handler\n\n@job_handler('x')\ndef f(context, payload: 'Missing'): ...\n",
            "annotation cannot be resolved: name 'Missing'",
        ),
        ("from hexjobs import provider\n\n@provider\ndef f(): ...\n", "return annotation"),
    ],
)
def test_a_faulty_module_is_shown_with_its_own_line(write_module: Any, text: str, says: str) -> None:
    """Not with ours: whoever wrote it must find the place."""
    with pytest.raises(InvalidConfiguration, match=says) as raised:
        container(write_module("broken", text)).modules()
    assert raised.value.problems[0].field == "jobs.handlers"


def test_a_module_that_is_not_there(write_module: Any) -> None:
    """The error names it."""
    with pytest.raises(InvalidConfiguration, match="module 'not_there' cannot be imported"):
        container("not_there").modules()


@pytest.mark.parametrize(
    ("parameter", "says"),
    [
        ("mail: 'EmailServce'", "annotation cannot be resolved"),
        ("mail", "parameter 'mail' needs an annotation"),
        ("mail: Exception", "nothing provides Exception"),
    ],
)
def test_a_dependency_that_nothing_provides(write_module: Any, parameter: str, says: str) -> None:
    """The error names the handler, the parameter or type, and what to do."""
    text = f"from hexjobs import EmailService, job_handler\n\n@job_handler('x')\ndef handler(context, payload, {parameter}): ...\n"
    with pytest.raises(InvalidConfiguration, match=says) as raised:
        container(write_module("needs", text)).registry()
    assert "handler" in str(raised.value) or "needs" in str(raised.value)


def test_a_parameter_with_a_default_may_stay_unprovided(write_module: Any) -> None:
    """It keeps its default."""
    name = write_module(
        "defaults",
        """
        from hexjobs import job_handler

        @job_handler("defaults")
        def handler(context, payload, limit: int = 5):
            return limit
        """,
    )
    handler = container(name).registry().get("defaults")
    assert handler is not None
    assert handler.call(None, {}) == 5


def test_providers_are_made_once_and_may_need_each_other(write_module: Any) -> None:
    """A provider's own parameters are given by type; one that needs itself is refused."""
    name = write_module(
        "chain",
        """
        from hexjobs import job_handler, provider

        class Database: made = 0
        class Ledger:
            def __init__(self, database): self.database = database

        @provider
        def database() -> Database:
            Database.made += 1
            return Database()

        @provider
        def ledger(database: Database) -> Ledger:
            return Ledger(database)

        @job_handler("one")
        def one(context, payload, ledger: Ledger, database: Database):
            return ledger.database is database and Database.made

        class Snake: ...

        @provider
        def snake(snake: Snake) -> Snake:
            return snake
        """,
    )
    built = container(name)
    handler = built.registry().get("one")
    assert handler is not None
    assert handler.call(None, {}) == 1
    with pytest.raises(InvalidConfiguration, match="needs itself"):
        built.resolver()(sys.modules[name].Snake, "a test")


def test_the_providers_of_the_design_are_chosen_by_settings() -> None:
    """A Selector: memory, redis and embedded each give their own adapter, and nothing connects."""
    kinds = {}
    for provider in ("memory", "redis", "embedded"):
        settings = load_settings(None, environ={}, overrides={"jobs": {"provider": provider}})
        kinds[provider] = type(Container(settings=settings).access.queue()).__name__
    assert kinds == {"memory": "MemoryJobQueue", "redis": "RedisJobQueue", "embedded": "RedisJobQueue"}
    assert EmailService.__name__ == "EmailService"
