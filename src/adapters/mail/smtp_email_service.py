"""SmtpEmailService: sends mail through an SMTP server (RFC 5321), with STARTTLS (RFC 3207) unless told otherwise."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from ...domain.errors import InvalidConfiguration, Problem
from ...domain.jobs.email import check_address
from ...ports.services import MailMessage, MailReport
from .accepted_keys import AcceptedKeys
from .message_composer import MessageComposer
from .tally import Tally

if TYPE_CHECKING:
    from aiosmtplib import SMTP

Tls = Literal["starttls", "implicit", "none"]
_SERVICE_CLOSING = 421
_QUIT_SECONDS = 5.0


class SmtpEmailService:
    """An EmailService: one connection for each batch, one mail for each recipient.

    `tls`: `starttls` (the default) sends nothing to a server that does not offer it, `implicit` speaks TLS from the
    first byte, `none` is for a relay on the same machine and takes no credentials. Certificates are checked against
    the system's authorities, and against those in `ca_file` (PEM) where it is given. `timeout_seconds` bounds each
    step of the conversation. InvalidConfiguration where these do not fit together.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        sender: str,
        username: str | None = None,
        password: str | None = None,
        tls: Tls = "starttls",
        timeout_seconds: float = 30.0,
        ca_file: str | None = None,
    ) -> None:
        if tls == "none" and username is not None:
            message = "credentials would travel in clear; use tls starttls or implicit, or no username"
            raise InvalidConfiguration([Problem("tls", message)])
        self._composer = MessageComposer(sender)
        self._host = host
        self._port = port
        self._username = username
        self._password = password
        self._tls = tls
        self._timeout = timeout_seconds
        self._ca_file = ca_file
        self._earlier = AcceptedKeys()

    async def send(self, messages: Sequence[MailMessage]) -> MailReport:
        """As the port says. A message that was accepted in an earlier, failed try of this process is not repeated."""
        tally = Tally(len(messages))
        offers: list[tuple[MailMessage, bytes]] = []
        for message in messages:
            if message.message_key in self._earlier:
                tally.accept(message)
                continue
            try:
                check_address(message.to)
            except ValueError as error:
                tally.refuse(message, f"the address {error}")
                continue
            offers.append((message, self._composer.compose(message)))
        try:
            if offers:
                await self._converse(offers, tally)
            report = tally.report()
        except BaseException:  # also a cancelled run is repeated
            self._earlier.remember(tally.accepted_keys)
            raise
        self._earlier.forget(tally.accepted_keys)
        return report

    async def _converse(self, offers: Sequence[tuple[MailMessage, bytes]], tally: Tally) -> None:
        client = self._client()
        from aiosmtplib import SMTPException

        try:
            await client.connect()
            for message, content in offers:
                await self._offer(client, message, content, tally)
            with contextlib.suppress(SMTPException, OSError):  # every mail has its answer by now
                await client.quit(timeout=_QUIT_SECONDS)
        except (SMTPException, OSError) as error:
            raise tally.interrupted(f"{type(error).__name__}: {error}") from error
        finally:
            client.close()

    async def _offer(self, client: SMTP, message: MailMessage, content: bytes, tally: Tally) -> None:
        from aiosmtplib import SMTPRecipientsRefused, SMTPResponseException

        answer: SMTPResponseException
        try:
            await client.sendmail(self._composer.address, [message.to], content)
        except SMTPRecipientsRefused as error:
            answer = error.recipients[0]
        except SMTPResponseException as error:
            answer = error
        else:
            tally.accept(message)
            return
        words = f"{answer.code} {answer.message}"
        if answer.code == _SERVICE_CLOSING:
            raise answer
        if answer.code >= 500:
            tally.refuse(message, words)
        else:
            tally.put_off(message, words)

    def _client(self) -> SMTP:
        try:
            from aiosmtplib import SMTP
        except ImportError:
            message = "sending mail needs aiosmtplib: pip install 'hexjobs[email]'"
            raise InvalidConfiguration([Problem("mail", message)]) from None
        return SMTP(
            hostname=self._host,
            port=self._port,
            username=self._username,
            password=self._password,
            use_tls=self._tls == "implicit",
            start_tls=self._tls == "starttls",
            cert_bundle=self._ca_file,
            timeout=self._timeout,
            local_hostname=socket.gethostname() or "localhost",  # not getfqdn, which waits for a name server
        )
