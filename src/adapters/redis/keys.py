"""Every key that this adapter uses, built here alone; `docs/redis-keys.md` describes them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one partition. Scripts build the same names from the prefix."""

    prefix: str = "jobs"

    @property
    def meta(self) -> str:
        """Hash: the version of the key layout. Passed as KEYS[1] to every script, so that a cluster routes it."""
        return f"{self.prefix}:meta"

    def queue(self, queue: str, priority: str) -> str:
        """List of waiting ids, the next one at its right end."""
        return f"{self.prefix}:queue:{queue}:{priority}"

    @property
    def delayed(self) -> str:
        """Sorted set of ids that wait for a time: scheduled, snoozed and retrying jobs by due millisecond."""
        return f"{self.prefix}:delayed"

    def processing(self, worker_id: str) -> str:
        """Hash of the ids a worker runs: `queue priority`."""
        return f"{self.prefix}:processing:{worker_id}"

    def mailbox(self, worker_id: str) -> str:
        """List on which an idle worker blocks."""
        return f"{self.prefix}:mailbox:{worker_id}"

    def failed(self, queue: str) -> str:
        """Sorted set of dead-lettered ids by the millisecond of their death."""
        return f"{self.prefix}:failed:{queue}"

    def ended(self, status: str) -> str:
        """List of `completed` or `cancelled` ids, the latest at its left end."""
        return f"{self.prefix}:{status}"

    @property
    def workers(self) -> str:
        """Hash of the worker ids that may have a processing hash: what they told about themselves, as JSON, before that their queues."""
        return f"{self.prefix}:workers"

    @property
    def beats(self) -> str:
        """Hash of worker id to its latest beat, `count:millisecond`; a worker's lease is alive while it is in here."""
        return f"{self.prefix}:beats"

    def circuit(self, name: str) -> str:
        """Hash of what is known of a circuit; absent while it is closed without recent failures."""
        return f"{self.prefix}:circuit:{name}"

    @property
    def enqueued(self) -> str:
        """Hash of counts: `type|priority|queue` to jobs ever enqueued."""
        return f"{self.prefix}:enqueued"

    @property
    def schedules(self) -> str:
        """Hash of schedule name to its definition, JSON."""
        return f"{self.prefix}:schedules"

    @property
    def schedules_bell(self) -> str:
        """List of at most one token, on which schedulers block."""
        return f"{self.prefix}:schedules:bell"

    def schedule_ledger(self, name: str) -> str:
        """Sorted set of what became of the instants of a schedule, by instant."""
        return f"{self.prefix}:schedules:ledger:{name}"
