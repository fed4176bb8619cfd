"""WebhookSink: an HTTP server on this machine that keeps what is posted to it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .sink import Sink

LARGEST_BODY = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Posted:
    """One request; the names of headers are in lower case."""

    path: str
    headers: dict[str, str]
    body: Any


class WebhookSink(Sink):
    """Takes every POST of JSON, between `async with`. Each one becomes a file `NNN.json`."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.posts: list[Posted] = []
        self._folder = folder

    @property
    def url(self) -> str:
        """Where to post to."""
        return f"http://127.0.0.1:{self.port}/hook"

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        status = await self._take(reader)
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()

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
