"""SmtpSink: a real SMTP server on loopback that keeps what arrives and refuses whom it is told to."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


class SmtpSink:
    """Runs in the event loop of the test, between `async with`.

    `answers` maps a recipient to what RCPT gets instead of 250, `data_answers` to what the message itself gets.
    """

    def __init__(
        self,
        *,
        answers: Mapping[str, str] | None = None,
        data_answers: Mapping[str, str] | None = None,
        starttls: ssl.SSLContext | None = None,
        implicit_tls: ssl.SSLContext | None = None,
        users: Mapping[bytes, bytes] | None = None,
    ) -> None:
        self.answers = dict(answers or {})
        self.data_answers = dict(data_answers or {})
        self.recipients: list[str] = []
        self.messages: list[EmailMessage] = []
        self.connections = 0
        self.encrypted: list[bool] = []
        self._users = dict(users or {})
        self._implicit_tls = implicit_tls
        self._options: dict[str, Any] = {"tls_context": starttls, "require_starttls": starttls is not None}
        if users is not None:
            self._options |= {"auth_required": True, "authenticator": self._authenticate}
            self._options["auth_require_tls"] = implicit_tls is None
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.get_running_loop().create_server(
            self._session, "127.0.0.1", 0, ssl=self._implicit_tls
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def _session(self) -> SMTP:
        self.connections += 1
        return SMTP(self, loop=asyncio.get_running_loop(), hostname="sink.test", **self._options)

    def _authenticate(
        self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any
    ) -> AuthResult:
        known = isinstance(data, LoginPassword) and self._users.get(data.login) == data.password
        return AuthResult(success=known, handled=known)

    async def handle_RCPT(  # noqa: N802  # aiosmtpd calls it by this name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        """Take or refuse one recipient."""
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(  # noqa: N802  # aiosmtpd calls it by this name
        self, _server: Any, session: Any, envelope: Any
    ) -> str:
        """Take or refuse one message."""
        answer = self.data_answers.get(envelope.rcpt_tos[0], "250 OK")
        if answer.startswith("2"):
            self.recipients += envelope.rcpt_tos
            self.messages.append(message_from_bytes(envelope.content, EmailMessage, policy=policy.default))
            self.encrypted.append(session.ssl is not None)
        return answer
