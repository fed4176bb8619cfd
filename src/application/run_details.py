"""RunDetails: what a context knows that few handlers ask for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .effects import Effects

Submit = Callable[..., Awaitable[str]]
BlockingSubmit = Callable[..., str]
SaveProgress = Callable[[Any], None]


@dataclass(slots=True)
class RunDetails:
    """What a context knows that few handlers ask for; see `JobContext`."""

    max_retries: int
    deadline: datetime | None
    tags: tuple[str, ...]
    metadata: Mapping[str, Any]
    headers: Mapping[str, Any]
    submit: Submit | None
    save_progress: SaveProgress | None
    effects: Effects | None
    blocking_submit: BlockingSubmit | None = None
