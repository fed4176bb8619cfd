"""`read_payload`: the JSON of a payload, from the argument itself, a file (`@file`) or standard input (`-`)."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from ...domain.errors import InvalidJob, Problem

LARGEST_TEXT = 64 * 1024 * 1024
_HINT = """; quote the whole argument for the shell: '{"to": "user@example.com"}'"""


def read_payload(argument: str) -> Any:
    """The decoded JSON; InvalidJob names the place of a mistake. Whether it fits the job type is checked at submit."""
    if argument == "-":
        return _decode(_read_standard_input(), "standard input", "")
    if argument.startswith("@"):
        return _decode(_read_file(Path(argument[1:])), argument[1:], "")
    return _decode(argument, "the argument", _HINT)


def _decode(text: str, where: str, hint: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = f"{where} is not JSON at line {error.lineno}, column {error.colno}: {error.msg}"
        raise _invalid(f"{place}{hint}") from None
    except RecursionError:
        raise _invalid(f"{where} is nested too deeply; flatten it or pass a reference instead") from None
    except ValueError as error:  # an integer of thousands of digits
        raise _invalid(f"{where} cannot be read: {error}") from None


def _read_standard_input() -> str:
    return _text(sys.stdin.buffer.read(LARGEST_TEXT + 1), "standard input")


def _read_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_TEXT + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _invalid(f"{path} cannot be read: {reason}") from None
    return _text(content, str(path))


def _text(content: bytes, where: str) -> str:
    if len(content) > LARGEST_TEXT:
        raise _invalid(f"{where} has more than {LARGEST_TEXT} bytes; pass a reference instead")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _invalid(f"{where} is not UTF-8 at byte {error.start}") from None


def _invalid(message: str) -> InvalidJob:
    return InvalidJob([Problem("payload", message)])
