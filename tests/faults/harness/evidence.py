"""Evidence: what the checker judges: the journals, the final state of the store, and the workers' logs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from faults.harness.store_snapshot import StoreSnapshot

Entry = Mapping[str, Any]


@dataclass(slots=True)
class Evidence:
    """Everything that is known after a run. The journals' entries are in the order of their times.

    `is_drained` says that every job had the time to end; `foreign` are jobs that no journalled producer submitted, such as
    those of schedules that are gone. `cadences` are schedules that leave no instant out, with their milliseconds from one
    to the next; `alone` are those whose jobs never run at the same time.
    """

    entries: Sequence[Entry]
    store: StoreSnapshot
    log: Sequence[Entry] = ()
    is_drained: bool = True
    foreign: frozenset[str] = frozenset()
    cadences: Mapping[str, int] = field(default_factory=dict)
    alone: frozenset[str] = frozenset()
    _by_event: dict[str, dict[str, list[Entry]]] = field(init=False)

    def __post_init__(self) -> None:
        self._by_event = {}
        for entry in self.entries:
            jobs = self._by_event.setdefault(entry["event"], {})
            jobs.setdefault(entry.get("job", ""), []).append(entry)

    def of(self, event: str, job: str) -> list[Entry]:
        """The journals' entries of one kind about one job."""
        return self._by_event.get(event, {}).get(job, [])

    def jobs(self, event: str) -> Iterable[str]:
        """The jobs that have such an entry."""
        return self._by_event.get(event, {})

    def logged(self, *words: str) -> set[str]:
        """The jobs about which the workers' logs have a line with one of these words."""
        lines = [line for line in self.log if line.get("event") in words]
        return {job for line in lines for job in (line.get("job_id"), *line.get("job_ids", ())) if job}
