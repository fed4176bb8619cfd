"""ScriptedServer: a server that keeps its answers until a test lets them go."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Self

from hexjobs.adapters.redis.address import Address
from hexjobs.adapters.redis.answer_reader import INCOMPLETE, answer_reader
from support.certificates import AUTHORITY
from support.until import until

GREETINGS = (b"CLIENT", b"SELECT", b"AUTH")


class ScriptedServer:
    """Listens on a unix socket, or with `context` on a port by TLS. Greets at once; answers all else by `answer`.

    `commands` are those that await an answer, the oldest first, with the number of their connection; `connections` counts
    those that came, `open` those that are there. While `greets` is false the greeting waits too.
    """

    def __init__(self, folder: Path, context: ssl.SSLContext | None = None) -> None:
        self._path, self._context = str(folder / "scripted"), context
        self._writers: dict[int, asyncio.StreamWriter] = {}
        self._ungreeted: list[asyncio.StreamWriter] = []
        self.commands: list[tuple[int, list[bytes]]] = []
        self.connections = 0
        self.greets = True
        self.address = Address(socket_path=self._path)

    async def __aenter__(self) -> Self:
        if self._context is None:
            self._server = await asyncio.start_unix_server(self._serve, self._path)
        else:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._context)
            port = self._server.sockets[0].getsockname()[1]
            self.address = Address(
                host="127.0.0.1", port=port, tls=True, tls_options={"ssl_ca_certs": AUTHORITY}
            )
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.hang_up()
        await until(lambda: not self._writers)
        await self._server.wait_closed()

    @property
    def open(self) -> int:
        """How many connections are open."""
        return len(self._writers)

    def answer(self, *answers: bytes) -> None:
        """Give the oldest commands these answers, in one piece for each connection."""
        pieces: dict[int, bytes] = {}
        for text in answers:
            number, _ = self.commands.pop(0)
            pieces[number] = pieces.get(number, b"") + text
        for number, piece in pieces.items():
            self._writers[number].write(piece)

    def say(self, text: bytes) -> None:
        """Say something on every connection, asked or not."""
        for writer in self._writers.values():
            writer.write(text)

    def greet(self) -> None:
        """Give the greetings that waited, and all that come, their answers."""
        self.greets = True
        for writer in self._ungreeted:
            if not writer.is_closing():
                writer.write(b"+OK\r\n")
        self._ungreeted.clear()

    def hang_up(self) -> None:
        """Close every connection."""
        for writer in self._writers.values():
            writer.close()
        self.commands.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        self._writers[number] = writer
        commands = answer_reader()  # a command has the form of an answer
        try:
            while data := await reader.read(65536):
                commands.feed(data)
                while (command := commands.gets()) is not INCOMPLETE:
                    if command[0] not in GREETINGS:
                        self.commands.append((number, command))
                    elif self.greets:
                        writer.write(b"+OK\r\n")
                    else:
                        self._ungreeted.append(writer)
        except OSError:
            pass
        finally:
            del self._writers[number]
            writer.close()
