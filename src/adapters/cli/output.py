"""What commands print: data to standard output, everything else to standard error."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click

from .table import table
from .terminal import encodes, has_colours, is_terminal, printable, styled

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a list: its title, and its text for a document; numbers stand at the right."""

    title: str
    text: Callable[[Document], Any]
    right: bool = False


def print_data(text: str) -> None:
    """One piece of data on standard output, at once."""
    click.echo(text)


def print_json(value: Any) -> None:
    """A JSON document on standard output."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    print_data(text if encodes(text, sys.stdout) else json.dumps(value, indent=2))


def print_note(text: str) -> None:
    """A line for people, on standard error."""
    click.echo(text, err=True)


def print_error(text: str) -> None:
    """What went wrong, on standard error."""
    first, *rest = text.splitlines() or [""]
    click.echo(f"{styled('error:', sys.stderr, fg='red')} {printable(first)}", err=True)
    for line in rest:
        click.echo(f"  {printable(line)}", err=True)


def print_list(documents: Sequence[Document], columns: Sequence[Column], *, as_json: bool, what: str) -> None:
    """Documents as JSON, as a table where a person looks, else as lines of values between tabs."""
    if as_json:
        print_json(list(documents))
        return
    for_person = is_terminal(sys.stdout)
    rows = [[_cell(column.text(document), for_person) for column in columns] for document in documents]
    if not for_person:
        for row in rows:
            print_data("\t".join(row))
    elif not rows:
        print_note(f"no {what}")
    else:
        titles = [column.title for column in columns]
        width = shutil.get_terminal_size().columns
        head, *lines = table(titles, rows, right=[column.right for column in columns], width=width)
        print_data(click.style(head, bold=True) if has_colours(sys.stdout) else head)
        for line in lines:
            print_data(line)


def print_details(document: Document, *, as_json: bool) -> None:
    """One document as JSON, else one line for each value that is there."""
    if as_json:
        print_json(document)
        return
    width = max(map(len, document))
    for name, value in document.items():
        if value in (None, [], {}):
            continue
        if isinstance(value, str) and "\n" in value:
            lines = "\n".join(f"  {printable(line)}" for line in value.splitlines())
            print_data(f"{name}:\n{lines}")
        else:
            print_data(f"{name.ljust(width)}  {_cell(value, True)}")


def _cell(value: Any, for_person: bool) -> str:
    if value is None:
        return "-" if for_person else ""
    if isinstance(value, str):
        return printable(value)
    return json.dumps(value, ensure_ascii=False)
