"""What handlers are given, what happens at a worker's start and stop, and who hears of dead letters.

The container collects the marks of every module in `jobs.handlers`. Nothing is registered anywhere else, and a marked
function stays a function that tests can call.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hexjobs import EmailService, JobEventInfo, on_dead, on_start, on_stop, provider
from hexjobs.ports.services import MailMessage, MailReport


class Ledger(Protocol):
    """A port of your own: what the handlers need, not how it is done."""

    def book(self, entry: str, amount: int) -> None:
        """Keep an entry; one that is there already stays as it is."""
        ...


@dataclass
class Office:
    """The folder that the adapters below share."""

    folder: Path

    def note(self, line: str) -> None:
        """Add a line to the journal."""
        with (self.folder / "journal.txt").open("a") as journal:
            journal.write(f"{line}\n")


class FileLedger:
    """An adapter for the port: a file for each entry."""

    def __init__(self, office: Office) -> None:
        self._folder = office.folder

    def book(self, entry: str, amount: int) -> None:
        """See `Ledger.book`."""
        path = self._folder / f"{entry}.entry"
        if not path.exists():
            path.write_text(str(amount))


class MailFolder:
    """In place of SMTP for the shipped `email` handler: a file for each message."""

    def __init__(self, office: Office) -> None:
        self._folder = office.folder

    async def send(self, messages: Sequence[MailMessage]) -> MailReport:
        """See `EmailService.send`."""
        for message in messages:
            (self._folder / f"{message.to}.mail").write_text(f"{message.subject}\n\n{message.text}")
        return MailReport(accepted=tuple(message.to for message in messages), refused={})


@provider
def office() -> Office:
    """Called once, when something first asks for an Office."""
    return Office(Path(os.environ.get("OFFICE", ".")))


@provider
def ledger(office: Office) -> Ledger:
    """Handlers with a parameter of type Ledger are given this one."""
    return FileLedger(office)


@provider
def mail(office: Office) -> EmailService:
    """Stands in for the adapter that is shipped, for every handler that sends mail."""
    return MailFolder(office)


@on_start
async def open_office(office: Office) -> None:
    """Runs before the worker takes a job; where it fails, the worker does not start."""
    office.note("open")


@on_stop
async def close_office(office: Office) -> None:
    """Runs after the last job."""
    office.note("closed")


@on_dead
def report(event: JobEventInfo) -> None:
    """Hears of each dead letter; where it fails or is slow, no job is affected."""
    office().note(f"{event.job_type} is dead: {event.reason}")
