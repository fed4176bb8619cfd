"""Reading what the scripts answer about schedules, and the one text that they keep: pure, and the same for both transports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import fields

from ...ports.schedule_entry import ScheduleDefinition, ScheduleEntry
from ...ports.schedule_ledger import LedgerEntry, Look, Released, Seeding

_decode = msgspec.json.Decoder(ScheduleEntry).decode
_NAMES = tuple(field.name for field in fields(ScheduleDefinition))
# In place of a definition that cannot be read: no envelope can be read from it either, so a scheduler pauses the entry.
UNREADABLE = msgspec.Raw(b"null")


def definition_text(definition: ScheduleDefinition) -> bytes:
    """A definition as it is kept; of an entry nothing else."""
    plain = ScheduleDefinition(**{name: getattr(definition, name) for name in _NAMES})
    return msgspec.json.encode(plain)


def schedule_entry(row: Sequence[Any]) -> ScheduleEntry:
    """An entry, as `schedule_read.lua` gives it. One whose definition cannot be read has nothing but its name and its state."""
    name, text, due, anchor, fired, skipped, missed, last_fired, paused_by, queued = row
    try:
        entry = _decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        entry = ScheduleEntry(name="", envelope=UNREADABLE)
    entry.name = name.decode()
    entry.next_due = _instant(due)
    entry.anchor = int(anchor)
    entry.fired, entry.skipped, entry.missed = int(fired), int(skipped), int(missed)
    entry.last_fired = _instant(last_fired)
    entry.paused_by = paused_by.decode()
    entry.queued = _instant(queued)
    return entry


def look_of(reply: Sequence[Any]) -> Look:
    """What `schedule_look.lua` saw."""
    now, next_due, revision, waits, released, entries = reply
    return Look(
        now=now,
        due=[schedule_entry(row) for row in entries],
        next_due=_instant(next_due),
        revision=int(revision) if revision else None,
        released=[Released(name.decode(), int(instant), job.decode()) for name, instant, job in released],
        waits=bool(waits),
    )


def seeding_of(reply: Sequence[Any]) -> Seeding:
    """What `schedule_seed.lua` did."""
    applied, revision, digest, paused, removed = reply
    return Seeding(
        applied=bool(applied),
        revision=revision,
        digest=digest.decode(),
        paused=[name.decode() for name in paused],
        removed=[name.decode() for name in removed],
    )


def ledger_entry(text: bytes) -> LedgerEntry:
    """One entry of a ledger, as `include/schedules.lua` writes it."""
    instant, outcome, at, count, job_id = text.decode().split(" ", 4)
    return LedgerEntry(int(instant), outcome, int(at), job_id, int(count))


def _instant(text: bytes) -> int | None:
    return int(float(text)) if text else None
