"""The commands of `hexjobs` as click has them, and the examples of a text as it would read them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click
import pytest

from hexjobs.adapters.cli.command_line import root
from hexjobs.adapters.cli.composition import Composition
from hexjobs.adapters.cli.invocation import Invocation

EXAMPLE = re.compile(r"^\s*(?:eval \"\$\()?(hexjobs (?:[^\\\n]|\\\n)*)", re.MULTILINE)


def commands(
    group: click.Group = root, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that does something, with the words that lead to it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


def examples(text: str) -> list[list[str]]:
    """The words of each example in a help text or a page."""
    lines = [found[1].replace("\\\n", " ").partition(')"  ')[0] for found in EXAMPLE.finditer(text)]
    found = []
    for line in lines:
        words = shlex.split(line, comments=True)
        found.append(
            words[: next((at for at, word in enumerate(words) if word in (">", "|", "&&", ";")), None)]
        )
    return found


def parse(words: list[str], monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """The command that these words call, once click has read them; nothing is run."""
    called: list[tuple[str, ...]] = []

    def instead_of_running(_command: click.Command, context: click.Context) -> None:
        called.append(tuple(context.command_path.split()[1:]))

    monkeypatch.setattr(click.Command, "invoke", instead_of_running)
    invocation = Invocation(composition=Composition)  # type: ignore[arg-type]  # nothing runs
    with root.make_context("hexjobs", words[1:], obj=invocation) as context:
        root.invoke(context)
    return called[-1]
