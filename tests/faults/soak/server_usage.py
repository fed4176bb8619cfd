"""ServerUsage: what an emptied server holds over a soak, and whether it grows."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from hexjobs.adapters.redis import scripts

MOST_GROWTH = 16 << 10
"""Bytes: what is known of living workers, and counts by queue, may differ from round to round."""


@dataclass(slots=True)
class ServerUsage:
    """Samples of an emptied server: bytes of its keys, scripts it has cached, and all the memory it uses.

    The keys are asked one by one (`MEMORY USAGE`). What `INFO` calls the dataset will not do: it is what is left of the
    memory after the parts that the server knows, and holds compiled scripts and connections' buffers; it is halved by a
    restart of a server without a single job.
    """

    keys: list[int] = field(default_factory=list)
    scripts: list[int] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    patience: float = 75.0
    """Seconds. What a check has noted that died under way is there for a minute more."""
    _largest: tuple[int, str] = (0, "")

    def take(self, client: Any) -> None:
        """Add a sample; what should be gone and is not yet is waited for."""
        ends = time.monotonic() + self.patience
        sizes = key_sizes(client)
        while self.keys and sum(sizes.values()) - self.keys[0] > MOST_GROWTH and time.monotonic() < ends:
            time.sleep(1.0)
            sizes = key_sizes(client)
        if sizes:
            self._largest = max(self._largest, *((size, name) for name, size in sizes.items()))
        self.keys.append(sum(sizes.values()))
        info = client.info("memory")
        self.scripts.append(int(info["number_of_cached_scripts"]))
        self.memory.append(int(info["used_memory"]))

    def figures(self) -> dict[str, str]:
        """For the report."""
        if not self.keys:
            return {}
        return {
            "bytes of keys in the emptied server": f"{self.keys[0]:,} after the first round, {self.keys[-1]:,} after "
            f"the last of {len(self.keys)}, at most {max(self.keys):,}",
            "scripts that the server has cached": f"{self.scripts[0]} to {max(self.scripts)} of {shipped_scripts()}",
            "memory of the server": f"{self.memory[0]:,} bytes after the first round, {self.memory[-1]:,} after the last",
        }

    def problems(self) -> list[str]:
        """What grows: bytes of keys in any round against the first, and scripts beyond those that there are."""
        found = []
        if self.keys and max(self.keys) - self.keys[0] > MOST_GROWTH:
            found.append(
                f"I6: the keys of the emptied server have {max(self.keys):,} bytes, at first {self.keys[0]:,}; "
                f"the largest was {self._largest[1]}"
            )
        if self.scripts and max(self.scripts) > shipped_scripts():
            found.append(
                f"I6: the server has cached {max(self.scripts)} scripts, there are {shipped_scripts()}"
            )
        return found


def key_sizes(client: Any) -> dict[str, int]:
    """Bytes of each key."""
    return {key.decode(): client.memory_usage(key) or 0 for key in client.scan_iter(count=1000)}


def shipped_scripts() -> int:
    """How many scripts the adapter has."""
    return sum(1 for path in files(scripts).iterdir() if path.name.endswith(".lua"))
