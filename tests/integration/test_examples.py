"""The examples run: their submits, and the worker that a reader would start, on the embedded server."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from hexjobs import BackgroundJobService, JobStatus
from hexjobs.testing import TestJobs
from support.click_commands import examples, parse
from support.valkey_process import ValkeyProcess

with warnings.catch_warnings(action="ignore"):  # it would like to have another client library
    from starlette.testclient import TestClient

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
HOW_TO = ROOT / "docs" / "how-to"
ORDER_TWICE = """
import django
django.setup()
from django.test import Client
from shop.models import Item
from config.jobs import jobs

Item.objects.create(name="book", left=1)
order = {"item": "book", "email": "ada@example.com"}
print([Client().post("/orders/", order).status_code for _ in range(2)])
print([job.payload.value() for job in jobs.find_jobs()])
jobs.close()
"""


@pytest.fixture
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables of this test, for its own process and those that it starts."""
    monkeypatch.setenv("HEXJOBS_JOBS__EMBEDDED__DATA_DIR", str(tmp_path / "store"))
    monkeypatch.setenv("HEXJOBS_HTTP__PORT", "0")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")


@pytest.fixture
def example(surroundings: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModuleType]]:
    """Imports an example by its name, for this test only."""
    monkeypatch.syspath_prepend(EXAMPLES)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)
    yield import_module
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(EXAMPLES)):
            del sys.modules[name]


def run(*arguments: str, folder: Path = EXAMPLES) -> str:
    """What a Python program says on its standard output; it succeeds."""
    command = [sys.executable, *arguments]
    result = subprocess.run(
        command, check=False, cwd=folder, capture_output=True, text=True, encoding="utf-8", timeout=50
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def hexjobs(*arguments: str, folder: Path = EXAMPLES) -> str:
    """What the command line says; it succeeds."""
    return run("-m", "hexjobs", *arguments, folder=folder)


def test_the_plain_script_waits_for_what_a_worker_makes(surroundings: None) -> None:
    """Two terminals: a worker in the one, the script in the other."""
    worker = subprocess.Popen(
        [sys.executable, "-m", "hexjobs", "worker", "--handlers", "plain_script"],
        cwd=EXAMPLES,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        said = run("plain_script.py", "Ada", "Grace")
    finally:
        worker.terminate()
        assert worker.wait(20) == 0
    assert said.splitlines() == [
        "completed: Hello Ada, this is attempt 1",
        "completed: Hello Grace, this is attempt 1",
    ]


def test_fastapi(example: Callable[[str], Any]) -> None:
    """An endpoint submits; the worker runs the job; another endpoint shows it."""
    with TestClient(example("fastapi_app").app) as client:
        answer = client.post("/signups", json={"email": "ada@example.com"})
        assert answer.status_code == 202
        hexjobs("worker", "--burst", "--handlers", "fastapi_app")
        job = client.get(f"/jobs/{answer.json()['job_id']}").json()
        assert (job["status"], job["result"]) == ("completed", {"welcomed": "ada@example.com"})
        assert client.get("/jobs/nobody").status_code == 404
        assert client.post("/signups", json={}).status_code == 422


def test_fastapi_with_a_service_of_a_test(example: Callable[[str], Any]) -> None:
    """As docs/how-to/fastapi.md shows it."""
    fastapi_app = example("fastapi_app")
    with TestJobs(handlers=["fastapi_app"]) as jobs:
        fastapi_app.app.dependency_overrides[fastapi_app.job_service] = lambda: jobs.async_service
        client = TestClient(fastapi_app.app)
        client.post("/signups", json={"email": "ada@example.com"})
        jobs.assert_submitted("welcome", email="ada@example.com")
        assert [job.result for job in jobs.drain().completed] == [{"welcomed": "ada@example.com"}]


def test_flask(example: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The handler reads the application's configuration, which is that of the worker's own process."""
    flask_app = example("flask_app")
    client = flask_app.app.test_client()
    monkeypatch.setenv("FLASK_GREETING", "Good morning")
    with flask_app.jobs:
        job_id = client.post("/greetings", data={"name": "Ada"}).json["job_id"]
        hexjobs("worker", "--burst", "--handlers", "flask_app")
        job = client.get(f"/jobs/{job_id}").json
    assert (job["status"], job["result"]) == ("completed", "Good morning Ada")


def test_a_module_may_keep_a_service_and_the_handlers_that_it_is_configured_with(
    example: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service that flask_app makes at its import does not import flask_app in the middle of that."""
    monkeypatch.setenv("HEXJOBS_JOBS__HANDLERS", "flask_app")
    flask_app = example("flask_app")
    with flask_app.jobs as jobs:
        assert jobs.submit_job("greet", {"name": "Ada"})


def test_django(surroundings: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two orders one is rolled back and leaves no job; the worker sends the receipt of the other."""
    project = EXAMPLES / "django_project"
    monkeypatch.setenv("DATABASE", str(tmp_path / "shop.sqlite3"))
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "config.settings")
    run("manage.py", "migrate", folder=project)
    assert run("-c", ORDER_TWICE, folder=project).splitlines() == ["[202, 409]", "[{'order_id': 1}]"]
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE")
    hexjobs("worker", "--burst", folder=project)
    with sqlite3.connect(tmp_path / "shop.sqlite3") as database:
        assert database.execute("SELECT id, receipt_sent FROM shop_order").fetchall() == [(1, 1)]
    database.close()


def test_the_tests_of_the_django_project(surroundings: None) -> None:
    """They use TestJobs in a TestCase, whose transaction the handlers see."""
    run("manage.py", "test", folder=EXAMPLES / "django_project")


def test_own_providers_and_hooks(surroundings: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Handlers are given adapters of one's own, the shipped e-mail handler too; hooks and observers are called."""
    monkeypatch.setenv("OFFICE", str(tmp_path))
    monkeypatch.syspath_prepend(EXAMPLES)
    config = EXAMPLES / "own_providers" / "hexjobs.yaml"
    mail = {"email_type": "welcome", "to": "ada@example.com", "username": "Ada"}
    with BackgroundJobService.from_config(config) as jobs:
        jobs.submit_job("book_payment", {"amount": 5}, job_id="payment")
        jobs.submit_job("book_refund", {"amount": 3}, job_id="refund")
        jobs.submit_job("book_payment", {"amount": 0})
        jobs.submit_job("email", mail)
    hexjobs("worker", "--burst", "--config", str(config))
    assert (tmp_path / "payment.entry").read_text() == "5"
    assert (tmp_path / "refund.entry").read_text() == "-3"
    assert "Ada" in (tmp_path / "ada@example.com.mail").read_text()
    journal = (tmp_path / "journal.txt").read_text().splitlines()
    assert journal == ["open", "book_payment is dead: permanent_error", "closed"]


@pytest.mark.parametrize(("shop", "tests"), [("tested_shop", 7), ("careful_shop", 3)])
def test_the_tests_of_the_shops(
    surroundings: None, monkeypatch: pytest.MonkeyPatch, shop: str, tests: int
) -> None:
    """They pass with the plugin that pytest finds by itself, as they do for a reader."""
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", raising=False)
    said = run("-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", shop)
    assert re.search(rf"^{tests} passed", said, re.MULTILINE), said


@pytest.fixture
def shop(surroundings: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the careful shop's services keep their calls."""
    monkeypatch.setenv("SHOP", str(tmp_path))
    monkeypatch.syspath_prepend(EXAMPLES)
    return tmp_path


def test_the_careful_shop(shop: Path) -> None:
    """An effect happens once, a circuit opens, and what takes too long is stopped: killed, or by itself."""
    config = EXAMPLES / "careful_shop" / "hexjobs.yaml"
    worker = ("worker", "--burst", "--concurrency", "1", "--config", str(config))
    rows = [f"row {number}" for number in range(2000)]
    hostile = {"pattern": "(a+)+$", "text": "a" * 40 + "!"}
    with BackgroundJobService.from_config(config) as jobs:
        (shop / "mailbox.down").touch()
        order = jobs.submit_job("order", {"amount": 5, "email": "ada@example.com"}, max_retries=0)
        search = jobs.submit_job("search", {"pattern": r"\w+", "text": "to be"})
        endless = jobs.submit_job("search", hostile, timeout="1s", max_retries=0)
        imports = jobs.submit_job("import_rows", {"rows": rows}, timeout="500ms", max_retries=0)
        hexjobs(*worker)
        assert jobs.get_job_status(order) is JobStatus.FAILED
        assert jobs.result(search) == ["to", "be"]
        assert "timeout" in str(jobs.get_job(endless).error)
        assert "timeout" in str(jobs.get_job(imports).error)
        booked = (shop / "ledger.txt").read_text().splitlines()
        assert booked == rows[: len(booked)] != rows

        (shop / "mailbox.down").unlink()
        (shop / "stripe.down").touch()
        jobs.retry_job(order)
        *tried, put_off = [jobs.submit_job("renew", {"amount": 5}, max_retries=0) for _ in range(6)]
        hexjobs(*worker)
        assert jobs.result(order) == f"charge-of-hexjobs:{order}"
        assert (shop / "stripe.txt").read_text() == f"5 hexjobs:{order}\n"
        assert {jobs.get_job_status(job_id) for job_id in tried} == {JobStatus.FAILED}
        assert "circuit_open" in {reason.code for reason in jobs.why(put_off).reasons}
    hexjobs("fsck", "--config", str(config))  # which succeeds where nothing is wrong


def test_the_careful_shop_refuses_a_server_that_may_lose_its_jobs(shop: Path, tmp_path: Path) -> None:
    """As docs/how-to/redis.md says."""
    config = EXAMPLES / "careful_shop" / "hexjobs.yaml"
    with ValkeyProcess(tmp_path, durable=False) as server:
        environ = {
            **os.environ,
            "HEXJOBS_JOBS__PROVIDER": "redis",
            "HEXJOBS_JOBS__REDIS__ADDR": server.url,
        }
        command = [sys.executable, "-m", "hexjobs", "worker", "--burst", "--config", str(config)]
        ended = subprocess.run(
            command, check=False, cwd=EXAMPLES, env=environ, capture_output=True, text=True, timeout=50
        )
    assert ended.returncode == 2, ended.stderr
    assert "jobs.require_durable" in ended.stderr


@pytest.mark.parametrize("page", sorted(HOW_TO.glob("*.md")), ids=lambda page: page.stem)
def test_the_code_of_the_pages_is_that_of_the_examples(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Word by word, so that it runs; and the command line takes what is typed."""
    sources = [path for path in EXAMPLES.rglob("*") if path.suffix in {".py", ".ini", ".yaml"}]
    texts = [path.read_text("utf-8") for path in (*sources, Path(__file__))]
    fenced = re.findall(r"^```(\w+)\n(.*?)^```$", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    blocks = [block for language, block in fenced if language in {"python", "yaml", "ini"}]
    typed = "".join(block for language, block in fenced if language == "console").replace("$ ", "")
    commands = examples(typed)
    assert blocks or commands
    assert [block for block in blocks if not any(block in text for text in texts)] == []
    for words in commands:
        parse(words, monkeypatch)


def test_links_of_the_pages_lead_somewhere() -> None:
    """Relative ones."""
    for page in HOW_TO.glob("*.md"):
        for link in re.findall(r"\]\((?!http)([^)#]+)", page.read_text("utf-8")):
            assert (page.parent / link).exists(), (page.name, link)
