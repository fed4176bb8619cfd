"""Composition: what the command line needs of the composition root, which passes itself in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from ...application.blocking_service import BlockingJobService

OnStarted = Callable[[Mapping[str, Any]], None]


class Prepared(Protocol):
    """One loaded configuration, and what can be done under it. Nothing connects before it is needed."""

    @property
    def file(self) -> Path | None:
        """The configuration file that was read, if one was."""
        ...

    @property
    def keeps_jobs(self) -> bool:
        """Whether other processes meet the same jobs; false for `provider: memory`."""
        ...

    @property
    def logging(self) -> tuple[str, str]:
        """The level (`info`) and the format (`auto`, `console`, `json`) of log lines."""
        ...

    @property
    def http_address(self) -> tuple[str, int]:
        """Host and port at which health is served."""
        ...

    def values(self) -> dict[str, Any]:
        """The settings as JSON-safe values, secrets masked."""
        ...

    def origins(self) -> dict[str, str]:
        """Where each value comes from, by dotted path."""
        ...

    def check(self) -> None:
        """Import the handler modules and check them against the rest; InvalidConfiguration."""
        ...

    def job_types(self) -> Sequence[str]:
        """The names of the known job types."""
        ...

    def queues(self) -> Sequence[str]:
        """The names of the configured queues."""
        ...

    def jobs(self) -> AbstractContextManager[BlockingJobService]:
        """The service; its connections are closed at the end."""
        ...

    def bench(self, *, jobs: int, slots: int) -> Mapping[str, Any]:
        """Measure `jobs` jobs in `slots` slots, below a key prefix that nothing is left of; the figures by name."""
        ...

    def serve(self, duty: str, *, burst: bool, on_started: OnStarted) -> None:
        """Be a `run`, `worker` or `server` process until it is stopped; `on_started` hears what it consists of."""
        ...


class Composition(Protocol):
    """The composition root, as far as the command line needs it."""

    def prepare(self, config: Path | None, overrides: Mapping[str, Any]) -> Prepared:
        """Load the configuration, `overrides` (dotted paths to values) on top; InvalidConfiguration lists all problems."""
        ...

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the configuration file."""
        ...

    def demo(self, *, keep_running: bool, as_json: bool, program: str) -> bool:
        """Run the demonstration; whether every check held. `program` is how hexjobs is called, for what it prints."""
        ...
