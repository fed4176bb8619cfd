"""The suite checks the contract whole: every method is called, every sentence is quoted, every quote is true."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest

from hexjobs.ports import (
    circuits,
    dead_letter_answer,
    dead_letters,
    delivery,
    envelope,
    job_queue,
    job_store,
    leases,
    queue_control,
    schedule_entry,
    schedule_ledger,
    schedule_store,
    store_check,
)
from hexjobs.ports.circuits import Circuits
from hexjobs.ports.dead_letters import DeadLetters
from hexjobs.ports.job_queue import JobQueue
from hexjobs.ports.job_store import JobStore
from hexjobs.ports.leases import Leases
from hexjobs.ports.queue_control import QueueControl
from hexjobs.ports.schedule_store import ScheduleStore
from hexjobs.ports.store_check import StoreCheck

PORTS = {
    "queue": JobQueue,
    "store": JobStore,
    "schedules": ScheduleStore,
    "leases": Leases,
    "circuits": Circuits,
    "control": QueueControl,
    "dead_letters": DeadLetters,
    "checker": StoreCheck,
}
FOLDER = Path(__file__).parent
ELSEWHERE = {
    # A server that is away is the business of the tests that stop servers.
    "ServerUnavailable is raised by every method when the server is away.",
    "ServerUnavailable when it does not within the read bound.",
    # So is one that is full.
    "ServerFull when the store has no room for more;",
    "nothing is stored then, and all that is stored goes on.",
    # What a port is, not what it promises.
    "Where jobs wait and are handed out.",
    "Looking jobs up and acting on them.",
    "Recurring schedules.",
    "The state of circuits by name.",
    "What an operator does to a whole queue.",
    "Which workers are alive, and whose jobs are taken over.",
    "Whether everything in the store fits together.",
    # Each adapter's store is broken in its own way.
    "With `repair` each finding is repaired at once;",
    "a job whose data are lost is dead-lettered with the reason `data_lost`.",
}


def _trees() -> list[ast.Module]:
    return [ast.parse(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.py"))]


def _used(tree: ast.Module) -> set[tuple[str, str]]:
    """Attributes of `….queue`, `….store` and `….schedules` in the code of a file."""
    return {
        (node.value.attr, node.attr)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Attribute)
        and node.value.attr in PORTS
    }


def _quotes() -> dict[str, str]:
    """Each quotation in the docstring of a test, with the test's name; every test has one."""
    found = {}
    for tree in _trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.AsyncFunctionDef) and node.name.startswith("test_"):
                quotes = re.findall(r'"([^"]+)"', ast.get_docstring(node) or "")
                assert quotes, f"{node.name} quotes no sentence of a port"
                found.update({_plain(quote): node.name for quote in quotes})
    return found


def _plain(text: str) -> str:
    return " ".join(text.split())


def _sentences() -> list[str]:
    """What the ports say, in parts that end in a full stop or a semicolon."""
    found = []
    for port in PORTS.values():
        documented = [port, *(member for name, member in vars(port).items() if not name.startswith("_"))]
        for item in documented:
            text = _plain(inspect.getdoc(item) or "")
            found += re.split(r"(?<=[.;]) ", text)
    return found


@pytest.mark.parametrize("attribute", PORTS)
def test_every_method_is_exercised(attribute: str) -> None:
    """A method that is added to a port needs a test here."""
    methods = {name for name in vars(PORTS[attribute]) if not name.startswith("_")}
    used = {name for tree in _trees() for owner, name in _used(tree) if owner == attribute}
    assert methods - used == set()


def test_every_quote_is_from_a_port() -> None:
    """A test that quotes what no port says any more checks a contract that is gone."""
    modules = (
        circuits,
        dead_letter_answer,
        dead_letters,
        delivery,
        envelope,
        job_queue,
        job_store,
        leases,
        queue_control,
        schedule_entry,
        schedule_ledger,
        schedule_store,
        store_check,
    )
    said = _plain(" ".join(inspect.getsource(module) for module in modules))
    wrong = {quote: test for quote, test in _quotes().items() if quote not in said}
    assert wrong == {}


def test_every_sentence_is_quoted() -> None:
    """A sentence that is added to a port needs a test that quotes it, or a part of it."""
    quotes, sentences = _quotes(), _sentences()
    assert len(sentences) > 50, "the ports say more than that"
    silent = [
        sentence
        for sentence in sentences
        if sentence not in ELSEWHERE and not any(quote in sentence or sentence in quote for quote in quotes)
    ]
    assert silent == []
