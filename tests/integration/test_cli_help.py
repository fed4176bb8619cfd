"""Each command explains itself, with an example that is legal."""

from __future__ import annotations

from inspect import cleandoc

import click
import pytest

from hexjobs.adapters.cli.command_line import COMMANDS, root
from support.click_commands import commands, examples, parse

ALL = dict(commands())


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_each_command_has_a_legal_example(path: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """And explains each of its options."""
    command = ALL[path]
    found = examples(cleandoc(command.help or ""))
    assert found, "no example"
    for words in found:
        assert parse(words, monkeypatch) == path
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name
            assert parameter.help.endswith("."), parameter.name


def test_the_examples_of_the_overview_are_legal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of `hexjobs --help`."""
    found = examples(cleandoc(root.help or ""))
    assert [parse(words, monkeypatch) for words in found] == [("demo",), ("run",), ("submit",)]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_overview_says_what_each_command_says_of_itself(name: str) -> None:
    """The overview is written apart, so that it can be shown without loading the commands."""
    command = root.get_command(click.Context(root), name)
    assert command is not None
    assert command.name == name
    assert cleandoc(command.help or "").splitlines()[0] == COMMANDS[name].summary


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_the_common_options_are_everywhere(path: tuple[str, ...]) -> None:
    """On both sides of the command's name."""
    common = {"--config", "--json", "--traceback", "--app-dir"}
    for command in (root, ALL[path]):
        assert common <= {option for parameter in command.params for option in parameter.opts}
