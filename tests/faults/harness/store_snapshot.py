"""StoreSnapshot: everything the server holds, read with plain commands by the words of docs/redis-keys.md.

It shares no code with the adapter, so that a fault there cannot hide itself.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import redis

Reply = Any  # the client's types leave open whether it decodes; this one does not

PRIORITIES = ("critical", "high", "normal", "low")
ENDED = {"completed", "cancelled", "failed"}


@dataclass(slots=True)
class StoreSnapshot:
    """What was in the store at one moment in which nothing moved.

    `places` lists for each job where it is, a word for each occurrence: `waiting`, `delayed`, `processing`, `completed`,
    `cancelled`, `failed`. `ledgers` has each schedule's entries, `schedules` its counts. `disagreements` are counters of the store that differ from what they count.
    """

    data: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    states: dict[str, dict[str, str]] = field(default_factory=dict)
    places: dict[str, list[str]] = field(default_factory=dict)
    disagreements: list[str] = field(default_factory=list)
    keys: Counter[str] = field(default_factory=Counter)
    schedules: dict[str, dict[str, str]] = field(default_factory=dict)
    ledgers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @property
    def live(self) -> list[str]:
        """The jobs that have not ended."""
        return [job for job, places in self.places.items() if set(places) - ENDED]

    @property
    def fired(self) -> set[str]:
        """The jobs that schedules have made, by their ledgers."""
        outcomes = ("fired", "triggered")
        return {row["job_id"] for rows in self.ledgers.values() for row in rows if row["outcome"] in outcomes}

    def result(self, job: str) -> Any:
        """What the accepted completion returned."""
        text = self.states.get(job, {}).get("result")
        return None if text is None else json.loads(text)


def take_snapshot(server: redis.Redis, prefix: str = "jobs") -> StoreSnapshot:
    """Read the whole store, a key at a time; nobody may write meanwhile."""
    client: Reply = server
    found = StoreSnapshot()
    start = len(prefix) + 1
    running: Counter[str] = Counter()
    for raw in client.scan_iter(f"{prefix}:*", count=5000):
        name = raw.decode()
        family, _, rest = name[start:].partition(":")
        found.keys[family] += 1
        match family:
            case "data":
                found.data[rest] = _decoded(client.get(name))
            case "state":
                found.states[rest] = json.loads(client.get(name))
            case "queue":
                _place(found, client.lrange(name, 0, -1), "waiting")
            case "delayed" if not rest:
                _place(found, client.zrange(name, 0, -1), "delayed")
            case "processing":
                for job, place in client.hgetall(name).items():
                    _place(found, [job], "processing")
                    running[place.decode().split(" ")[0]] += 1
            case "failed":
                _place(found, client.zrange(name, 0, -1), "failed")
            case "schedules" if rest.startswith("state:"):
                state = client.hgetall(name).items()
                found.schedules[rest[6:]] = {k.decode(): v.decode() for k, v in state}
            case "schedules" if rest.startswith("ledger:"):
                found.ledgers[rest[7:]] = [_row(entry.decode()) for entry in client.zrange(name, 0, -1)]
            case "completed" | "cancelled" if not rest:
                _place(found, client.lrange(name, 0, -1), family)
    _compare_counts(client, prefix, found, running)
    return found


def _place(found: StoreSnapshot, jobs: Reply, word: str) -> None:
    for job in jobs:
        found.places.setdefault(job.decode(), []).append(word)


def _row(entry: str) -> dict[str, Any]:
    instant, outcome, at, count, job_id = entry.split(" ")
    return {
        "instant": int(instant),
        "outcome": outcome,
        "at": int(at),
        "count": int(count),
        "job_id": job_id,
    }


def _decoded(data: bytes | None) -> dict[str, Any] | None:
    try:
        value = json.loads(data or b"")
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _compare_counts(client: Reply, prefix: str, found: StoreSnapshot, running: Counter[str]) -> None:
    said = {k.decode(): int(v) for k, v in client.hgetall(f"{prefix}:running").items()}
    for queue in sorted(said.keys() | running.keys()):
        if said.get(queue, 0) != running[queue]:
            found.disagreements.append(
                f"running of {queue}: {said.get(queue, 0)} said, {running[queue]} there"
            )
    delayed: Counter[str] = Counter()
    for job in client.zrange(f"{prefix}:delayed", 0, -1):
        name = job.decode()
        queue = (found.data.get(name) or {}).get("queue", "default")
        is_retrying = found.states.get(name, {}).get("status") == "retrying"
        delayed[f"{'retrying' if is_retrying else 'scheduled'}:{queue}"] += 1
    counts = {k.decode(): int(v) for k, v in client.hgetall(f"{prefix}:delayed:counts").items()}
    for label in sorted(counts.keys() | delayed.keys()):
        if counts.get(label, 0) != delayed[label]:
            found.disagreements.append(f"{label}: {counts.get(label, 0)} said, {delayed[label]} there")
