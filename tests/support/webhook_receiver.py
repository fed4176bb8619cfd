"""WebhookReceiver: a real HTTP/1.1 server on loopback that keeps what arrives and answers as it is told."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Received:
    """One request; the names of headers are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


class WebhookReceiver:
    """Runs in the event loop of the test, between `async with`.

    Each request gets `status`, `headers` and `answer`. With `silent` the answer never comes; with `endless` its body
    never ends.
    """

    def __init__(
        self,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        *,
        answer: bytes = b"",
        silent: bool = False,
        endless: bool = False,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.received: list[Received] = []
        self.connections = 0
        self.bytes_taken = 0
        self.server_names: list[str | None] = []
        self._status = status
        self._headers = dict(headers or {})
        self._answer = answer
        self._silent = silent
        self._endless = endless
        self._tls = tls
        if tls is not None:
            tls.sni_callback = lambda _socket, name, _context: self.server_names.append(name)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """Its address; the path holds a secret, as such addresses do."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}/hook/s3cret?x=1"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        self.connections += 1
        try:
            await self._exchange(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._open.discard(task)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ", 2)
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head[1:] if line)
        }
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.received.append(Received(method, path, headers, body))
        if self._silent:
            await asyncio.Event().wait()
        lines = [f"HTTP/1.1 {self._status} X", *(f"{name}: {value}" for name, value in self._headers.items())]
        if not self._endless:
            lines.append(f"Content-Length: {len(self._answer)}")
        writer.write(("\r\n".join([*lines, "Connection: close", "", ""])).encode() + self._answer)
        await writer.drain()
        while self._endless:
            writer.write(b"x" * 16_384)
            await writer.drain()
            self.bytes_taken += 16_384
