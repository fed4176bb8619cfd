"""RedisScheduleStore: ScheduleStore on Redis or Valkey."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from ...ports.envelope import Message
from ...ports.schedule_entry import Planned, ScheduleEntry
from ...ports.schedule_ledger import Claim, FireOutcome, LedgerEntry, Look, Seeding
from .job_queue import SHORTEST_BLOCK_SECONDS
from .keys import Keys
from .schedule_replies import definition_text, ledger_entry, look_of, schedule_entry, seeding_of
from .scripts import script
from .transport import LONGEST_BLOCK_SECONDS, Argument, Transport


class RedisScheduleStore:
    """ScheduleStore on Redis or Valkey, one partition.

    Who waits blocks on the bell. A token that was on its way to somebody who died is lost: nobody should wait for hours.
    """

    def __init__(self, transport: Transport, keys: Keys) -> None:
        self._transport = transport
        self._keys = keys

    async def now(self) -> int:
        """See `ScheduleStore.now`."""
        seconds, microseconds = await self._transport.execute("TIME")
        return int(seconds) * 1000 + int(microseconds) // 1000

    async def put(self, planned: Planned) -> None:
        """See `ScheduleStore.put`."""
        definition = planned.definition
        arguments: Sequence[Argument] = [
            self._keys.prefix,
            definition.name,
            definition_text(definition),
            definition.rhythm,
            definition.source,
            planned.anchor,
            planned.next_due,
        ]
        await self._transport.run(script("schedule_put"), arguments, repeatable=True)

    async def seed(self, revision: int, digest: str, entries: Sequence[Planned], *, prune: bool) -> Seeding:
        """See `ScheduleStore.seed`."""
        arguments: list[Argument] = [self._keys.prefix, revision, digest, int(prune)]
        for planned in entries:
            definition = planned.definition
            arguments += (definition.name, definition_text(definition), definition.rhythm)
            arguments += (planned.anchor, planned.next_due)
        return seeding_of(await self._transport.run(script("schedule_seed"), arguments))

    async def get(self, name: str) -> ScheduleEntry | None:
        """See `ScheduleStore.get`."""
        return next(iter(await self._read(name)), None)

    async def remove(self, name: str) -> bool:
        """See `ScheduleStore.remove`."""
        return bool(await self._transport.run(script("schedule_remove"), [self._keys.prefix, name]))

    async def pause(self, name: str) -> bool:
        """See `ScheduleStore.pause`."""
        arguments = [self._keys.prefix, name]
        return bool(await self._transport.run(script("schedule_pause"), arguments, repeatable=True))

    async def resume(self, name: str, next_due: int | None) -> bool:
        """See `ScheduleStore.resume`."""
        arguments: Sequence[Argument] = [self._keys.prefix, name, _or_nothing(next_due)]
        return bool(await self._transport.run(script("schedule_resume"), arguments, repeatable=True))

    async def look(self, most: int) -> Look:
        """See `ScheduleStore.look`."""
        arguments: Sequence[Argument] = [self._keys.prefix, most]
        return look_of(await self._transport.run(script("schedule_look"), arguments, repeatable=True))

    async def fire(self, claim: Claim, message: Message, overlap: str) -> FireOutcome:
        """See `ScheduleStore.fire`."""
        arguments = [*self._claim(claim), overlap, *_job(message)]
        return FireOutcome((await self._transport.run(script("fire"), arguments)).decode())

    async def pass_over(self, claim: Claim, count: int) -> bool:
        """See `ScheduleStore.pass_over`."""
        return bool(await self._transport.run(script("schedule_pass"), [*self._claim(claim), count]))

    async def unended(self, name: str) -> list[str]:
        """See `ScheduleStore.unended`."""
        arguments = [self._keys.prefix, name]
        found = await self._transport.run(script("schedule_unended"), arguments, repeatable=True)
        return [job_id.decode() for job_id in reversed(found)]

    async def trigger(self, name: str, message: Message) -> str | None:
        """See `ScheduleStore.trigger`. May be repeated after a broken connection: its id makes it one job."""
        arguments = [self._keys.prefix, name, *_job(message)]
        made = await self._transport.run(script("schedule_trigger"), arguments, repeatable=True)
        return made.decode() or None

    async def history(self, name: str, most: int) -> list[LedgerEntry]:
        """See `ScheduleStore.history`."""
        if most < 1:
            return []
        ledger = self._keys.schedule_ledger(name)
        return [
            ledger_entry(text) for text in await self._transport.execute("ZREVRANGE", ledger, 0, most - 1)
        ]

    async def wait(self, longest: timedelta) -> None:
        """See `ScheduleStore.wait`. Blocked on a connection that carries nothing else, LONGEST_BLOCK_SECONDS at most."""
        seconds = min(max(longest.total_seconds(), SHORTEST_BLOCK_SECONDS), LONGEST_BLOCK_SECONDS)
        await self._transport.wait("BLPOP", self._keys.schedules_bell, seconds, longest=seconds)

    async def list(self) -> list[ScheduleEntry]:
        """See `ScheduleStore.list`."""
        return sorted(await self._read(""), key=lambda entry: entry.name)

    async def _read(self, name: str) -> Sequence[ScheduleEntry]:
        reply = await self._transport.run(script("schedule_read"), [self._keys.prefix, name], repeatable=True)
        return [schedule_entry(row) for row in reply]

    def _claim(self, claim: Claim) -> Sequence[Argument]:
        return [self._keys.prefix, claim.name, claim.due, claim.instant, _or_nothing(claim.following)]


def _or_nothing(due: int | None) -> Argument:
    return "" if due is None else due


def _job(message: Message) -> Sequence[Argument]:
    envelope = message.envelope
    unique = envelope.unique or ""
    return [message.job_id, message.data, envelope.queue, envelope.priority, unique, envelope.type]
