"""The repository's own files: the targets of make, the pinned versions, and what no file may name."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from support.require_tool import require_tool
from support.source_tree import ROOT, SRC, files

MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
TARGETS = set(" ".join(re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)).split()) - {"$(SUITES)"}
SUITES = set(re.findall(r"^SUITES := (.+)$", MAKEFILE, re.MULTILINE)[0].split())
HOMES = re.compile(r"(?<![\w.])/(?:home|Users)/\w+|(?<![\w.])/root/")
REGISTRIES = re.compile(r"/simple\b|(?:extra-)?index-url|find-links", re.IGNORECASE)


def test_make_help_names_every_target_and_what_it_does() -> None:
    """The help is what the default target prints, and no target is without it."""
    require_tool("make", shutil.which("make"), "apt install make")
    alone = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    printed = subprocess.run(["make"], cwd=ROOT, env=alone, check=True, capture_output=True, text=True).stdout
    helped = dict(line.split(maxsplit=1) for line in printed.splitlines() if line.strip())
    assert set(helped) == TARGETS | SUITES
    assert all(len(words) > 10 for words in helped.values())


def test_every_suite_is_a_target_and_has_tests() -> None:
    """A folder of tests that no target names would be run by nobody alone."""
    folders = {path.relative_to(ROOT / "tests").parts[0] for path in (ROOT / "tests").rglob("test_*.py")}
    assert folders - {"architecture", "support", "typechecks"} == SUITES


@pytest.mark.parametrize("path", [*files("scripts"), ROOT / ".ci" / "run"], ids=lambda path: path.name)
def test_scripts_can_be_run_and_say_what_they_do(path: Path) -> None:
    """An interpreter line, the right to run, and a sentence."""
    first, second, *_ = path.read_text("utf-8").splitlines()
    assert first.startswith("#!/usr/bin/env ")
    assert second.lstrip("# ").strip('"')[:1].isupper()
    assert path.stat().st_mode & 0o111


def installed_by(requirements: list[str]) -> set[str]:
    """The names of the distributions that these requirements bring into this environment, each with its own."""
    waiting, seen, names = [Requirement(text) for text in requirements], set(), set()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        extras = frozenset(requirement.extras)
        if (name, extras) in seen or not is_wanted(requirement, set()):
            continue
        seen.add((name, extras))
        names.add(name)
        try:
            own = distribution(name).requires or []
        except PackageNotFoundError:
            continue
        waiting += [each for each in map(Requirement, own) if is_wanted(each, set(extras))]
    return {str(name) for name in names}


def is_wanted(requirement: Requirement, extras: set[str]) -> bool:
    """Whether its marker holds here."""
    return requirement.marker is None or any(
        requirement.marker.evaluate({"extra": extra}) for extra in extras | {""}
    )


def test_every_distribution_is_pinned() -> None:
    """Those of the package, its extras and all groups, and what they bring."""
    groups = [text for group in PROJECT["dependency-groups"].values() for text in group]
    text = (ROOT / "constraints.txt").read_text("utf-8")
    pins = {str(canonicalize_name(name)) for name in re.findall(r"^([\w.-]+)==", text, re.MULTILINE)}
    assert installed_by(["hexjobs[all]", *groups, "pip"]) - {"hexjobs"} - pins == set()


def test_the_extra_all_is_all_extras() -> None:
    """One that was added is in it."""
    extras = PROJECT["project"]["optional-dependencies"]
    [everything] = extras["all"]
    assert Requirement(everything).extras == set(extras) - {"all"}


def test_pins_are_names_and_versions_alone() -> None:
    """Where packages come from is for the machine to say."""
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    assert lines[0].startswith("# ")
    wrong = [line for line in lines[1:] if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line)]
    assert not wrong, "\n".join(wrong)


def test_no_file_names_a_registry_or_a_place_on_one_machine() -> None:
    """Neither the folder that the tests run in, nor a person's home, nor where packages were fetched."""
    here = re.compile(rf"{re.escape(str(ROOT))}(?=[/\s\"'])") if len(ROOT.parts) > 2 else None
    found = []
    for path in files():
        if path == Path(__file__):
            continue
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        for pattern in (HOMES, REGISTRIES, here):
            if pattern and (match := pattern.search(text)):
                line = text.count("\n", 0, match.start()) + 1
                found.append(f"{path.relative_to(ROOT)}:{line} has {match.group()}")
    assert not found, "\n".join(found)


def test_the_link_for_type_checkers_leads_to_the_source() -> None:
    """And nothing else lies beside it."""
    [link] = (ROOT / ".dev").iterdir()
    assert link.is_symlink()
    assert link.name == "hexjobs"
    assert link.resolve() == SRC


def test_the_type_checkers_are_pointed_at_the_source() -> None:
    """A checker that finds no file is content."""
    assert ".dev/hexjobs" in PROJECT["tool"]["mypy"]["files"]
    assert "src" in PROJECT["tool"]["basedpyright"]["include"]
    for place in (*PROJECT["tool"]["mypy"]["files"], *PROJECT["tool"]["basedpyright"]["include"]):
        assert any((ROOT / place).rglob("*.py")) or (ROOT / place).is_file(), place
