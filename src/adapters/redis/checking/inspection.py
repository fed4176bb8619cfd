"""Inspection: one check on its way: how its stages reach the store, and what they have found."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from ....ports.store_check import Pause
from ..keys import Keys
from ..scripts import script
from ..transport import Argument, Transport
from .findings import Findings
from .pages import PAGE, Part, pages


class Inspection:
    """One check on its way. Every call of the server is short and is followed by the pause that was asked for."""

    def __init__(self, transport: Transport, keys: Keys, *, repair: bool, pause: Pause | None) -> None:
        self.transport = transport
        self.keys = keys
        self.repair = repair
        self.findings = Findings(repair=repair)
        self._pause = pause

    async def pause(self) -> None:
        """Let others have their turn, where somebody asked for it."""
        if self._pause is not None:
            await self._pause()

    async def run(self, name: str, *arguments: Argument) -> list[Any]:
        """Run a checking script; its answer without the findings, which are noted."""
        prefixed = [self.keys.prefix, int(self.repair), *arguments]
        rest: list[Any]
        findings, *rest = await self.transport.run(script(name), prefixed, repeatable=True)
        self.findings.add_all(findings)
        await self.pause()
        return rest

    async def act(self, name: str, *arguments: Argument) -> Any:
        """Run any other script; its answer."""
        reply = await self.transport.run(script(name), [self.keys.prefix, *arguments])
        await self.pause()
        return reply

    async def execute(self, *command: Argument) -> Any:
        """Run one command that reads."""
        reply = await self.transport.execute(*command)
        await self.pause()
        return reply

    async def scan(self, pattern: str) -> AsyncIterator[list[bytes]]:
        """The keys under the prefix that match, in pages. All that are there throughout are met, some twice."""
        prefix = "".join(f"\\{letter}" if letter in "*?[]\\" else letter for letter in self.keys.prefix)
        cursor = 0
        while True:
            found, keys = await self.execute("SCAN", cursor, "MATCH", f"{prefix}:{pattern}", "COUNT", 200)
            yield keys
            cursor = int(found)
            if not cursor:
                return

    async def list_ids(self, name: str) -> AsyncIterator[list[bytes]]:
        """The ids of a list, by its key without the prefix, in pages and unchecked."""

        async def read(skipped: int) -> Part:
            length, looked_at, *page = await self.run("check_page", name, skipped, PAGE)
            return length, looked_at, page

        async for page in pages(read):
            yield page
