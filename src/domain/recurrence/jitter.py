"""The shift of an instant by jitter."""

from __future__ import annotations

from hashlib import blake2b


def shift(name: str, instant: int, below: int) -> int:
    """A number of milliseconds in [0, `below`), always the same for this schedule and instant, in every process."""
    digest = blake2b(f"{name}:{instant}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % below if below > 0 else 0
