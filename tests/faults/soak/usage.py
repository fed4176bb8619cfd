"""Usage: memory and descriptors of long-lived processes over a soak, and whether they grow."""

from __future__ import annotations

from dataclasses import dataclass, field

import psutil

MIB = 1 << 20


@dataclass(slots=True)
class Usage:
    """Samples of one process, each taken at rest: hours since the first, MiB resident, open descriptors."""

    name: str
    hours: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    descriptors: list[int] = field(default_factory=list)
    processes: set[int] = field(default_factory=set)

    def take(self, process: psutil.Process, seconds: float) -> None:
        """Add a sample, so many seconds after the start of the soak."""
        self.processes.add(process.pid)
        self.hours.append(seconds / 3600)
        self.memory.append(process.memory_info().rss / MIB)
        self.descriptors.append(process.num_fds())

    @property
    def slope(self) -> float:
        """MiB an hour, by least squares over the later two thirds: the first fill caches."""
        hours, memory = (values[len(values) // 3 :] for values in (self.hours, self.memory))
        if len(hours) < 2:
            return 0.0
        middle, height = sum(hours) / len(hours), sum(memory) / len(memory)
        spread = sum((hour - middle) ** 2 for hour in hours)
        return sum((h - middle) * (m - height) for h, m in zip(hours, memory, strict=True)) / spread

    @property
    def growth(self) -> float:
        """MiB by which the later two thirds have grown, by that slope."""
        later = self.hours[len(self.hours) // 3 :]
        return self.slope * (later[-1] - later[0]) if later else 0.0

    def figures(self) -> dict[str, str]:
        """For the report."""
        if not self.hours:
            return {}
        return {
            f"memory of {self.name}": f"{self.memory[0]:.1f} MiB at first, {self.memory[-1]:.1f} at last, "
            f"slope {self.slope:+.1f} an hour, over {len(self.memory)} samples",
            f"descriptors of {self.name}": f"{self.descriptors[0]} at first, {self.descriptors[-1]} at last, "
            f"{min(self.descriptors)} to {max(self.descriptors)}",
        }

    def problems(self, most_growth: float, most_descriptors: int) -> list[str]:
        """What grows: MiB over the run, and descriptors from the first third's most to the last sample."""
        found = []
        if len(self.processes) > 1:
            found.append(
                f"soak: {self.name}, which nobody killed, was replaced {len(self.processes) - 1} times"
            )
        if self.growth > most_growth:
            found.append(
                f"soak: memory of {self.name} grew by {self.growth:.1f} MiB ({self.slope:+.1f} an hour)"
            )
        before = max(self.descriptors[: len(self.descriptors) // 3 + 1])
        if self.descriptors[-1] > before + most_descriptors:
            found.append(f"soak: descriptors of {self.name} grew from {before} to {self.descriptors[-1]}")
        return found
