"""Every page leads somewhere: links, files, targets of make; and what CONTRIBUTING.md shows works."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import hexjobs
from hexjobs.application.handler_registry import bind_function
from hexjobs.domain.job_type import JobType
from hexjobs.ports.services import EmailService
from support.handler_context import handler_context
from support.run import run
from support.source_tree import ROOT, files

PAGES = [path for path in files() if path.suffix == ".md"]
LINK = re.compile(r"\]\((?!\w+://|mailto:)([^)#\s]+)?(?:#([^)\s]+))?\)")
NAMED = re.compile(r"`((?:src|tests|docs|config|grafana|examples|scripts)/[\w./-]+)`")
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """The fragments that a page's headings answer to."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_leads_to_is_there(page: Path) -> None:
    """Its links with their headings, and the files that it names."""
    text = FENCED.sub("", page.read_text("utf-8"))
    missing = []
    for target, anchor in LINK.findall(text):
        place = (page.parent / target) if target else page
        if not place.exists() or (anchor and place.suffix == ".md" and anchor not in anchors(place)):
            missing.append(f"{target}#{anchor}")
    missing += [name for name in NAMED.findall(text) if not (ROOT / name).exists()]
    assert not missing, "\n".join(missing)


def test_targets_that_a_page_names_are_targets() -> None:
    """In prose and in what a reader types."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):.*##", makefile, re.MULTILINE))
    named = {
        (page.name, target)
        for page in PAGES
        for target in re.findall(r"(?:^\$ |`)make ([a-z][a-z-]*)", page.read_text("utf-8"), re.MULTILINE)
    }
    assert len(named) > 5
    assert [entry for entry in sorted(named) if entry[1] not in targets] == []


def test_the_handler_of_the_contributing_page_works() -> None:
    """It is read, bound to a port, and run."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    [code] = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    names: dict[str, Any] = {"__name__": "myapp.jobs"}
    exec(compile(code, "CONTRIBUTING.md", "exec", dont_inherit=True), names)
    sent = []

    class Mail:
        async def send(self, messages: list[Any]) -> None:
            sent.extend(messages)

    handler = names["send_invoice"]
    assert isinstance(handler, JobType)

    def resolve(annotation: Any, where: str) -> Any:
        assert annotation is EmailService, where
        return Mail()

    bound = bind_function(handler, resolve)
    invoice = handler.decode(b'{"to": "user@example.com", "cents": 4200}')

    async def call() -> Any:
        return await bound.call(handler_context("send_invoice"), invoice)

    assert run(call()) == {"sent_to": "user@example.com"}
    assert [(message.to, message.text) for message in sent] == [("user@example.com", "Please pay 42.00.")]


def test_the_changelog_is_of_this_version_and_says_what_is_new() -> None:
    """The version of the package has an entry, or is named as what comes."""
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert "## [Unreleased]" in text
    assert hexjobs.__version__ in text


def test_the_version_is_one() -> None:
    """In the package and in the project's file."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert hexjobs.__version__ == project["version"]
