"""MailSink: a mail server on this machine that keeps what arrives (SMTP, RFC 5321, as far as a client needs it)."""

from __future__ import annotations

import asyncio
import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from .sink import Sink

LARGEST_MAIL = 10 * 1024 * 1024
_PATH = re.compile(r"(?:FROM|TO):\s*<([^>]*)>", re.IGNORECASE)


class MailSink(Sink):
    """Takes every mail and sends none on; between `async with`. Each one becomes a file `NNN-recipient.eml`."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.mails: list[EmailMessage] = []
        self._folder = folder

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """SMTP, as far as a client needs it."""
        recipients: list[str] = []
        answer = "220 hexjobs demo"
        while True:
            writer.write(answer.encode() + b"\r\n")
            await writer.drain()
            line = (await reader.readuntil(b"\n")).decode("ascii", "replace").strip()
            match line[:4].upper():
                case "EHLO" | "HELO":
                    answer = "250 hexjobs demo"
                case "MAIL":
                    recipients, answer = [], "250 go on"
                case "RCPT":
                    path = _PATH.search(line)
                    answer = "250 go on" if path else "501 RCPT TO:<address>"
                    recipients += [path[1]] if path else []
                case "DATA" if recipients:
                    writer.write(b"354 end with a dot on a line of its own\r\n")
                    self._keep(recipients, await _content(reader))
                    recipients, answer = [], "250 kept"
                case "DATA":
                    answer = "503 RCPT first"
                case "RSET" | "NOOP":
                    recipients, answer = [], "250 ok"
                case "QUIT":
                    writer.write(b"221 bye\r\n")
                    return
                case _:
                    answer = "502 not known here"

    def _keep(self, recipients: list[str], content: bytes) -> None:
        self.mails.append(message_from_bytes(content, EmailMessage, policy=policy.default))
        name = re.sub(r"[^A-Za-z0-9@._+-]", "_", recipients[0])[:100]
        (self._folder / f"{len(self.mails):03}-{name}.eml").write_bytes(content)


async def _content(reader: asyncio.StreamReader) -> bytes:
    """The message up to the lone dot, the doubled dots undone (section 4.5.2)."""
    content = bytearray()
    while (line := await reader.readuntil(b"\n")) != b".\r\n":
        content += line.removeprefix(b".")
        if len(content) > LARGEST_MAIL:
            raise ValueError("this mail has no end")
    return bytes(content)
