"""docs/architecture.md says what is there."""

from __future__ import annotations

import re
from pathlib import Path

from hexjobs.domain.status import JobStatus
from hexjobs.domain.transitions import TRANSITIONS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text()


def test_every_file_that_the_page_names_exists() -> None:
    """The way of one job can be followed from file to file."""
    named = set(re.findall(r"`((?:src|docs|config|tests)/[\w./-]+)`", PAGE)) | {
        f"docs/{link}" for link in re.findall(r"\]\(([\w./-]+\.md)\)", PAGE)
    }
    assert len(named) > 25
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_the_table_of_states_is_the_one_that_the_code_reads() -> None:
    """Each transition is a row, and each row a transition."""
    part = PAGE[PAGE.index("<!-- states") : PAGE.index("<!-- end of states")]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in part.splitlines()
        if line.startswith("| ")
    ]
    expected = [
        [
            row.event.value,
            ", ".join(status.value for status in JobStatus if status in row.sources),
            row.target.value,
            "yes" if row.attempt_spent else "no",
            row.meaning,
        ]
        for row in TRANSITIONS.values()
    ]
    assert rows[2:] == expected


def test_the_roles_of_the_page_are_those_of_a_worker() -> None:
    """The table of roles names each one, and no other."""
    from hexjobs.adapters.worker import roles
    from hexjobs.adapters.worker.lease_keeper import LeaseKeeper

    names = {LeaseKeeper.name} | {
        kind.__dataclass_fields__["name"].default
        for kind in (roles.Fetch, roles.FireSchedules, roles.Sweep, roles.Collect)
    }
    table = PAGE[PAGE.index("| role |") : PAGE.index("Stopping has two meanings")]
    assert {line.split("|")[1].strip() for line in table.splitlines()[2:] if line} == names
