"""JobContext: what a handler knows about the run it is in."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

import structlog

Submit = Callable[..., Awaitable[str]]
BlockingSubmit = Callable[..., str]
SaveProgress = Callable[[Any], None]


class JobContext:
    """What a handler knows about the run it is in.

    `attempt` counts the runs from 1. `fence_token` grows with each delivery of the job: pass it to a database that
    keeps the highest it saw, and a late run cannot overwrite. `idempotency_key` is the same in every run of the job:
    pass it to outside services. `deadline` is when this run is stopped (aware UTC), None without a limit.
    """

    def __init__(
        self,
        *,
        job_id: str,
        job_type: str,
        queue: str,
        attempt: int,
        max_retries: int,
        fence_token: int,
        deadline: datetime | None = None,
        tags: tuple[str, ...] = (),
        metadata: Mapping[str, Any] | None = None,
        headers: Mapping[str, Any] | None = None,
        submit: Submit | None = None,
        save_progress: SaveProgress | None = None,
    ) -> None:
        self.job_id = job_id
        self.job_type = job_type
        self.queue = queue
        self.attempt = attempt
        self.max_retries = max_retries
        self.fence_token = fence_token
        self.deadline = deadline
        self.tags = tags
        self.metadata = metadata or {}
        self.headers = headers or {}
        self._submit = submit
        self._save_progress = save_progress
        self._cancelled = threading.Event()

    @property
    def idempotency_key(self) -> str:
        """The same text in every run of this job, for outside services that recognise a repeated call."""
        return f"hexjobs:{self.job_id}"

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked for this job to be cancelled, or the worker stops: a `def` handler looks here."""
        return self._cancelled.is_set()

    @property
    def log(self) -> Any:
        """A structlog logger with the job's ids bound."""
        return structlog.get_logger("hexjobs.handler").bind(
            job_id=self.job_id, job_type=self.job_type, attempt=self.attempt
        )

    def progress(self, value: Any) -> None:
        """Keep `value` (JSON-safe, such as `{"done": 3, "of": 10}`) with the job; the latest one wins. Returns at once."""
        if self._save_progress is not None:
            self._save_progress(value)

    async def submit_job(self, job_type: Any, payload: Any = None, **options: Any) -> str:
        """Submit another job; as `AsyncBackgroundJobService.submit_job`."""
        if self._submit is None:
            raise RuntimeError(
                "this context was made without a service; give `submit` to submit jobs in a test"
            )
        return await self._submit(job_type, payload, **options)

    def cancel(self) -> None:
        """Set `cancelled`; for the worker and for tests."""
        self._cancelled.set()


class BlockingJobContext(JobContext):
    """The context that a `def` handler is given: the same, and `submit_job` blocks."""

    def __init__(self, *, blocking_submit: BlockingSubmit | None = None, **known: Any) -> None:
        super().__init__(**known)
        self._blocking_submit = blocking_submit

    def submit_job(self, job_type: Any, payload: Any = None, **options: Any) -> str:  # type: ignore[override]  # a thread has nothing to await with
        """Submit another job; as `BackgroundJobService.submit_job`."""
        if self._blocking_submit is None:
            raise RuntimeError(
                "this context was made without a service; give `blocking_submit` to submit jobs in a test"
            )
        return self._blocking_submit(job_type, payload, **options)
