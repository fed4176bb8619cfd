"""`docs/cli.md` and the command line tell the same."""

from __future__ import annotations

import re
import runpy

import click
import pytest
import yaml

from hexjobs.adapters.cli.command_line import root
from hexjobs.adapters.cli.exit_code import ExitCode
from support.click_commands import commands, examples, parse
from support.source_tree import ROOT

PAGE = (ROOT / "docs" / "cli.md").read_text("utf-8")
SECTIONS = dict(
    re.findall(
        r"^### `hexjobs ([a-z -]+?)(?: [^a-z`][^`]*| \{[^`]*)?`\n(.*?)(?=^### |^<!-- end)",
        PAGE,
        re.DOTALL | re.MULTILINE,
    )
)


def options(command: click.Command) -> set[str]:
    return {
        name for parameter in command.params if isinstance(parameter, click.Option) for name in parameter.opts
    }


def test_the_reference_is_written_from_the_commands() -> None:
    """Word by word."""
    script = runpy.run_path(str(ROOT / "scripts" / "cli_reference"))
    assert script["written"](PAGE) == PAGE, "run scripts/cli_reference"


def test_every_command_has_a_section_with_each_of_its_options() -> None:
    """And no section tells of a command or an option that is not there."""
    found = {" ".join(path): command for path, command in commands()}
    assert SECTIONS.keys() == found.keys()
    common = options(root) - {"--version"}
    for option in common:
        assert f"| `{option}" in PAGE
    for name, command in found.items():
        told = set(
            re.findall(
                r"(?<!\S)--?[a-zA-Z][a-z-]*",
                " ".join(re.findall(r"^\| `(.*?)` \|", SECTIONS[name], re.MULTILINE)).replace(",", " "),
            )
        )
        assert told == options(command) - common, name


def test_the_exit_codes_are_those_of_the_program() -> None:
    """No more and no less."""
    table = PAGE[PAGE.index("| exit code |") : PAGE.index("What acts on many")]
    assert [int(number) for number in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)] == [
        code.value for code in ExitCode
    ]


def test_every_example_is_legal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those in the text, and those behind a pipe."""
    blocks = re.findall(r"^```console\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    text = "\n".join(blocks).replace("$ ", "").replace("generate-welcome | ", "")
    found = examples(text.replace("hexjobs --help\n", "").replace("hexjobs submit --help\n", ""))
    assert len(found) > 35
    for words in found:
        parse(words, monkeypatch)


def test_the_probes_are_the_commands_they_look_like(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the example for containers."""
    (block,) = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    probes = yaml.safe_load(block)
    for name, group in (("livenessProbe", "live"), ("readinessProbe", "ready")):
        words = probes[name]["exec"]["command"]
        assert words[2] == group
        assert parse(words, monkeypatch) == ("health",)
