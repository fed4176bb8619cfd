"""RedisScheduleStore: ScheduleStore on Redis or Valkey."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ...ports.envelope import Message
from ...ports.schedule_store import ScheduleEntry
from .keys import Keys
from .scripts import script
from .transport import Argument, Transport

_decode = msgspec.json.Decoder(ScheduleEntry).decode


class RedisScheduleStore:
    """ScheduleStore on Redis or Valkey, one partition."""

    def __init__(self, transport: Transport, keys: Keys) -> None:
        self._transport = transport
        self._keys = keys

    async def put(self, entry: ScheduleEntry) -> None:
        """See `ScheduleStore.put`."""
        fired = "" if entry.last_fired is None else entry.last_fired
        await self._transport.run(
            script("schedule_put"),
            [
                self._keys.prefix,
                entry.name,
                msgspec.json.encode(entry),
                entry.next_due,
                int(entry.paused),
                fired,
            ],
            repeatable=True,
        )

    async def get(self, name: str) -> ScheduleEntry | None:
        """See `ScheduleStore.get`."""
        return next((entry for entry in await self._read(name)), None)

    async def list(self) -> list[ScheduleEntry]:
        """See `ScheduleStore.list`."""
        return sorted(await self._read(""), key=lambda entry: entry.name)

    async def remove(self, name: str) -> bool:
        """See `ScheduleStore.remove`."""
        return bool(await self._transport.run(script("schedule_remove"), [self._keys.prefix, name]))

    async def set_paused(self, name: str, paused: bool) -> bool:
        """See `ScheduleStore.set_paused`."""
        arguments: Sequence[Argument] = [self._keys.prefix, name, int(paused)]
        return bool(await self._transport.run(script("schedule_pause"), arguments, repeatable=True))

    async def next_due(self) -> int | None:
        """See `ScheduleStore.next_due`."""
        found = await self._transport.run(script("schedule_next"), [self._keys.prefix], repeatable=True)
        return int(found) if found else None

    async def fire(self, name: str, due: int, following: int, message: Message) -> bool:
        """See `ScheduleStore.fire`."""
        envelope = message.envelope
        arguments: Sequence[Argument] = [
            self._keys.prefix,
            name,
            due,
            following,
            message.job_id,
            message.data,
            envelope.queue,
            envelope.priority,
            envelope.unique or "",
            envelope.type,
        ]
        return bool(await self._transport.run(script("fire"), arguments))

    async def _read(self, name: str) -> Sequence[ScheduleEntry]:
        reply = await self._transport.run(script("schedule_read"), [self._keys.prefix, name], repeatable=True)
        entries = []
        for at in range(0, len(reply), 4):
            text, due, paused, fired = reply[at : at + 4]
            entry = _decode(text)
            entry.next_due = int(float(due))
            entry.paused = paused == 1
            entry.last_fired = int(fired) if fired else None
            entries.append(entry)
        return entries
