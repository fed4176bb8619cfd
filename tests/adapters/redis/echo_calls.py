"""Calls of a script that answers its argument, over a transport under test."""

from __future__ import annotations

import asyncio
from hashlib import sha1
from typing import Any

from adapters.redis.scripted_server import ScriptedServer
from hexjobs.adapters.redis.async_transport import AsyncTransport
from hexjobs.adapters.redis.scripts import Script
from support.until import until

TEXT = "return ARGV[2]"
ECHO = Script("echo", TEXT, sha1(TEXT.encode(), usedforsecurity=False).hexdigest())


def ask(transport: AsyncTransport, word: str, *, repeatable: bool = False) -> asyncio.Task[Any]:
    """A call that is under way."""
    return asyncio.create_task(transport.run(ECHO, ["jobs", word], repeatable=repeatable))


async def proved(server: ScriptedServer, transport: AsyncTransport) -> None:
    """Let a first call have its answer."""
    first = ask(transport, "first")
    await until(lambda: server.commands)
    server.answer(b"+first\r\n")
    assert await first == b"first"
