"""Tally: what became of each message of a batch."""

from __future__ import annotations

from collections.abc import Collection

from ...domain.errors import PermanentError
from ...ports.services import MailMessage, MailReport

_WORDS = 200


class Tally:
    """Counts a batch of `total` messages: accepted, refused for good, put off."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._accepted: list[MailMessage] = []
        self._refused: dict[str, str] = {}
        self._put_off: dict[str, str] = {}

    def accept(self, message: MailMessage) -> None:
        """A server took the responsibility for it."""
        self._accepted.append(message)

    def refuse(self, message: MailMessage, words: str) -> None:
        """It can never be delivered."""
        self._refused[message.to] = words[:_WORDS]

    def put_off(self, message: MailMessage, words: str) -> None:
        """The server will not have it now."""
        self._put_off[message.to] = words[:_WORDS]

    @property
    def accepted_keys(self) -> Collection[str]:
        """The message keys of what was accepted."""
        return {message.message_key for message in self._accepted if message.message_key is not None}

    def interrupted(self, why: str) -> ConnectionError:
        """The error of a batch that could not be offered to its end."""
        return ConnectionError(f"{len(self._accepted)} of {self._total} mails were accepted, then: {why}")

    def report(self) -> MailReport:
        """The report of a batch of which every message was offered.

        ConnectionError where some were put off, PermanentError where all were refused for good.
        """
        if self._put_off:
            why = f"{len(self._put_off)} were put off, such as {_first(self._put_off)}"
            raise self.interrupted(why)
        if self._refused and not self._accepted:
            raise PermanentError(f"every recipient was refused, such as {_first(self._refused)}")
        return MailReport(tuple(message.to for message in self._accepted), dict(self._refused))


def _first(answers: dict[str, str]) -> str:
    address, words = next(iter(answers.items()))
    return f"{address}: {words}"
