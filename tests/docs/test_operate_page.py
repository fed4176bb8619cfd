"""docs/how-to/operate.md shows legal commands and every reason that `jobs why` knows."""

from __future__ import annotations

import re

import pytest

from support.click_commands import examples, parse
from support.source_tree import ROOT

PAGE = (ROOT / "docs" / "how-to" / "operate.md").read_text("utf-8")
SOURCES = ("explain_job.py", "waiting_reasons.py")


def test_every_example_is_legal(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the command line reads it."""
    blocks = re.findall(r"^```console\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    found = examples("\n".join(blocks).replace("$ ", ""))
    assert len(found) > 8
    for words in found:
        parse(words, monkeypatch)


def test_every_reason_has_its_row() -> None:
    """And no row tells of a reason that is not given."""
    text = "".join((ROOT / "src" / "application" / name).read_text("utf-8") for name in SOURCES)
    given = set(re.findall(r'Reason\(\s*"([a-z_]+)"', text)) | {"expired", "expires"}
    cells = re.findall(r"^\| (`[a-z_`, ]+`) \|", PAGE, re.MULTILINE)
    told = {code for cell in cells for code in re.findall(r"[a-z_]+", cell)}
    assert told == given
