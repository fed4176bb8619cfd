"""IsolationOptions: where a handler runs, and what a process of its own may use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from .byte_size import parse_byte_size
from .duration import parse_duration
from .errors import Problem

Isolation = Literal["none", "process"]
SHORTEST_CPU_LIMIT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class IsolationOptions:
    """`"none"`: in the worker's process. `"process"`: in one of its own, at most this much memory and CPU time."""

    isolation: Isolation = "none"
    memory_limit: int | None = None
    """Bytes of address space."""
    cpu_limit: timedelta | None = None
    """CPU time, not time by the clock."""

    @classmethod
    def read(
        cls,
        name: str,
        isolation: str,
        memory_limit: int | str | None,
        cpu_limit: timedelta | float | str | None,
        problems: list[Problem],
    ) -> IsolationOptions:
        """The options of the job type `name` as people write them; what is wrong is added to `problems`."""
        memory = cpu = None
        if isolation not in {"none", "process"}:
            problems.append(Problem(f"{name}.isolation", f'{isolation!r} must be "none" or "process"'))
        if memory_limit is not None:
            try:
                memory = parse_byte_size(memory_limit)
            except ValueError as error:
                problems.append(Problem(f"{name}.memory_limit", str(error)))
        if cpu_limit is not None:
            try:
                cpu = parse_duration(cpu_limit)
            except ValueError as error:
                problems.append(Problem(f"{name}.cpu_limit", str(error)))
            if cpu is not None and cpu < SHORTEST_CPU_LIMIT:
                problems.append(Problem(f"{name}.cpu_limit", "must be at least 1s"))
        if isolation == "none":
            problems += [
                Problem(f"{name}.{field}", 'needs isolation="process": only a process has limits')
                for field, value in (("memory_limit", memory_limit), ("cpu_limit", cpu_limit))
                if value is not None
            ]
        return cls("process" if isolation == "process" else "none", memory, cpu)
