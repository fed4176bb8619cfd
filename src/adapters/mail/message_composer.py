"""MessageComposer: turns a MailMessage into the bytes that travel by SMTP (RFC 5322, MIME)."""

from __future__ import annotations

import hashlib
import unicodedata
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import make_msgid, parseaddr

from ...domain.errors import InvalidConfiguration, PermanentError, Problem
from ...domain.jobs.email import check_address
from ...ports.services import MailMessage

# Seven bits pass every relay, also one without 8BITMIME.
_POLICY = SMTP.clone(cte_type="7bit")
# Control characters, line and paragraph separators, surrogates: str.splitlines(), by which headers are folded,
# breaks lines at more of them than CR and LF.
_UNFIT_IN_HEADER = {"Cc", "Zl", "Zp", "Cs"}


class MessageComposer:
    """Composes mail of one sender, `user@example.com` or `Name <user@example.com>`; the payload never chooses it.

    InvalidConfiguration where `sender` is no address.
    """

    def __init__(self, sender: str) -> None:
        try:
            name, address = parseaddr(_fit_for_header(sender))
            self.address = check_address(address)
            self._from = Address(display_name=name, addr_spec=address)
        except ValueError as error:
            raise InvalidConfiguration([Problem("sender", f"{sender!r} {error}")]) from None
        self._domain = address.rpartition("@")[2]

    def compose(self, message: MailMessage) -> bytes:
        """The whole message; PermanentError where `to` or `subject` would forge headers."""
        try:
            recipient = check_address(message.to)
            subject = _fit_for_header(message.subject)
        except ValueError as error:
            raise PermanentError(f"the mail cannot be written: a header {error}") from None
        mail = EmailMessage(policy=_POLICY)
        mail["From"] = self._from
        mail["To"] = recipient
        mail["Subject"] = subject
        mail["Date"] = datetime.now(UTC)
        mail["Message-ID"] = self._message_id(message.message_key)
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: keeps absence notes from answering
        if message.text or message.html is None:
            mail.set_content(message.text)
            if message.html is not None:
                mail.add_alternative(message.html, subtype="html")
        else:
            mail.set_content(message.html, subtype="html")
        return mail.as_bytes()

    def _message_id(self, key: str | None) -> str:
        if key is None:
            return make_msgid(domain=self._domain)
        return f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{self._domain}>"


def _fit_for_header(text: str) -> str:
    if any(unicodedata.category(character) in _UNFIT_IN_HEADER for character in text if character != "\t"):
        raise ValueError("must not hold line breaks or control characters")
    return text
