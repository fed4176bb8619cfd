"""RedisLeases: Leases on Redis or Valkey."""

from __future__ import annotations

import msgspec

from ...domain.errors import LeaseLost
from ...ports.leases import Recovered, WorkerFacts, WorkerStatus
from .keys import Keys
from .scripts import script
from .transport import Argument, Transport

CERTAIN = "*"
FIELDS_OF_RECOVERED = 4
FIELDS_OF_WORKER = 4
_decode_facts = msgspec.json.Decoder(WorkerFacts).decode


class RedisLeases:
    """Leases on Redis or Valkey, one partition."""

    def __init__(self, transport: Transport, keys: Keys) -> None:
        self._transport = transport
        self._keys = keys

    async def beat(self, worker_id: str, facts: WorkerFacts | None = None) -> dict[str, str]:
        """See `Leases.beat`. A worker whose beat a fault has removed is there with an empty one, so that it is watched."""
        told = b"" if facts is None else msgspec.json.encode(facts)
        arguments: list[Argument] = [self._keys.prefix, worker_id, int(facts is not None), told]
        reply = await self._transport.run(script("beat"), arguments, repeatable=True)
        if not reply:
            raise LeaseLost(f"the lease of worker {worker_id!r} is gone: its jobs were given back")
        return {reply[at].decode(): reply[at + 1].decode() for at in range(0, len(reply), 2)}

    async def take_over(self, worker_id: str, beat: str | None) -> list[Recovered] | None:
        """See `Leases.take_over`."""
        seen = CERTAIN if beat is None else beat
        reply = await self._transport.run(
            script("take_over"), [self._keys.prefix, worker_id, seen], repeatable=True
        )
        if reply == 0:
            return None
        return [
            Recovered(
                job_id=reply[at].decode(),
                data=reply[at + 1],
                crashes=int(reply[at + 2]),
                cancelled=bool(reply[at + 3]),
            )
            for at in range(0, len(reply), FIELDS_OF_RECOVERED)
        ]

    async def workers(self) -> list[WorkerStatus]:
        """See `Leases.workers`."""
        reply = await self._transport.run(script("workers"), [self._keys.prefix], repeatable=True)
        found = [
            _status(reply[at].decode(), reply[at + 1], reply[at + 2].decode(), int(reply[at + 3]))
            for at in range(0, len(reply), FIELDS_OF_WORKER)
        ]
        return sorted(found, key=lambda status: status.worker_id)


def _status(worker_id: str, facts: bytes, beat: str, processing: int) -> WorkerStatus:
    seen = beat.partition(":")[2]
    return WorkerStatus(
        worker_id=worker_id,
        facts=_decode_facts(facts) if facts.startswith(b"{") else None,  # before, only its queues are there
        beat=beat or None,
        seen=int(seen) if seen else None,
        processing=processing,
    )
