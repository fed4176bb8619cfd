"""WebhookSink: an HTTP server on this machine that keeps what is posted to it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

LARGEST_BODY = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Posted:
    """One request; the names of headers are in lower case."""

    path: str
    headers: dict[str, str]
    body: Any


class WebhookSink:
    """Takes every POST of JSON, between `async with`. Each one becomes a file `NNN.json`."""

    def __init__(self, folder: Path) -> None:
        self.posts: list[Posted] = []
        self._folder = folder
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    @property
    def url(self) -> str:
        """Where to post to."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/hook"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            status = await self._take(reader)
            writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            await writer.drain()
        except (OSError, asyncio.LimitOverrunError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client went, or the sink is closed: this request is over
        finally:
            self._open.discard(task)
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _take(self, reader: asyncio.StreamReader) -> str:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, *_ = [*head[0].split(" "), "", ""]
        pairs = (line.partition(":") for line in head[1:] if line)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        length = headers.get("content-length", "")
        if method != "POST" or not length.isdecimal():
            return "405 Method Not Allowed"
        if int(length) > LARGEST_BODY:
            return "413 Content Too Large"
        try:
            body = json.loads(await reader.readexactly(int(length)))
        except ValueError:
            return "400 Bad Request"
        self.posts.append(Posted(path, headers, body))
        kept = {"path": path, "headers": headers, "body": body}
        (self._folder / f"{len(self.posts):03}.json").write_text(json.dumps(kept, indent=2), "utf-8")
        return "204 No Content"
