"""JobContext: what a handler knows about the run it is in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

import structlog

from .effects import Effects
from .interruption import uninterrupted
from .once import Once
from .own_effects import OwnEffects
from .run_details import BlockingSubmit, RunDetails, SaveProgress, Submit

_cancelling = threading.Lock()  # one for all contexts: it is held for a moment, and a run costs none


class JobContext:
    """What a handler knows about the run it is in.

    `attempt` counts the runs from 1. `fence_token` grows with each delivery of the job: pass it to a database that
    keeps the highest it saw, and a late run cannot overwrite. `idempotency_key` is the same in every run of the job:
    pass it to outside services. `deadline` is when this run is stopped (aware UTC), None without a limit.
    """

    _details: RunDetails | None = None
    _once: Once | None = None
    _cancelled = False
    _is_abandoned = False
    _on_cancel: tuple[Callable[[], None], ...] = ()

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
        effects: Effects | None = None,
    ) -> None:
        self.job_id = job_id
        self.job_type = job_type
        self.queue = queue
        self.attempt = attempt
        self.fence_token = fence_token
        self._details = RunDetails(
            max_retries, deadline, tags, metadata or {}, headers or {}, submit, save_progress, effects
        )

    @property
    def max_retries(self) -> int:
        """How many runs may follow the first one where each fails."""
        return self._known.max_retries

    @property
    def deadline(self) -> datetime | None:
        """When this run is stopped (aware UTC), None without a limit."""
        return self._known.deadline

    @property
    def tags(self) -> tuple[str, ...]:
        """The job's tags."""
        return self._known.tags

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What the submitter noted with the job."""
        return self._known.metadata

    @property
    def headers(self) -> Mapping[str, Any]:
        """What the system noted with the job."""
        return self._known.headers

    @property
    def idempotency_key(self) -> str:
        """The same text in every run of this job, for outside services that recognise a repeated call."""
        return f"hexjobs:{self.job_id}"

    @property
    def cancelled(self) -> bool:
        """Whether this run should end: cancelled, out of time, or the worker stops. A `def` handler looks here."""
        return self._cancelled

    @property
    def log(self) -> Any:
        """A structlog logger with the job's ids bound."""
        return structlog.get_logger("hexjobs.handler").bind(
            job_id=self.job_id, job_type=self.job_type, attempt=self.attempt
        )

    def progress(self, value: Any) -> None:
        """Keep `value` (JSON-safe, such as `{"done": 3, "of": 10}`) with the job; the latest one wins. Returns at once."""
        save = self._known.save_progress
        if save is not None and not self._is_abandoned:
            save(value)

    @property
    def effects(self) -> Effects:
        """Where the results of this job's effects are recorded: the pieces of `once`. Without a store, a mapping."""
        known = self._known
        if known.effects is None:
            known.effects = OwnEffects()
        return known.effects

    async def once(self, key: str, effect: Callable[[], Any]) -> Any:
        """The result of `effect()`, run unless a run of this job has recorded its result under `key` before.

        `effect` takes nothing and is a coroutine function or a plain one; what it returns (JSON-safe, or a pydantic
        model) comes back as JSON holds it, in the first run as in later ones. Its exception records nothing. `key` is
        text of 1 to 128 characters. PermanentError for another key and for a result that is not JSON; LeaseLost where
        this run is no longer the current one: before the effect, or after it, when its result was refused.
        """
        return await self._runs().run(key, effect)

    async def submit_job(self, job_type: Any, payload: Any = None, **options: Any) -> str:
        """Submit another job; as `AsyncBackgroundJobService.submit_job`."""
        submit = self._known.submit
        if submit is None:
            raise RuntimeError(
                "this context was made without a service; give `submit` to submit jobs in a test"
            )
        return await submit(job_type, payload, **options)

    @property
    def _known(self) -> RunDetails:
        assert self._details is not None, "made by the constructor"
        return self._details

    def _runs(self) -> Once:
        if self._once is None:
            self._once = Once(self.effects)
        return self._once

    def on_cancel(self, callback: Callable[[], None]) -> None:
        """Call `callback` once when `cancelled` becomes true, at once where it is; in the thread that sets it.

        It returns soon and does not raise: what it raises is logged.
        """
        with _cancelling:
            if not self._cancelled:
                self._on_cancel = (*self._on_cancel, callback)
                return
        self._tell(callback)

    def uninterrupted(self) -> AbstractContextManager[None]:
        """A block in which no timeout interrupts a `def` handler: for code that must not stop halfway. Keep it short.

        An interrupt that was due is raised at the end of the block.
        """
        return uninterrupted()

    def cancel(self) -> None:
        """Set `cancelled` and call what waits for it; for the worker and for tests."""
        with _cancelling:
            self._cancelled = True
            callbacks, self._on_cancel = self._on_cancel, ()
        for callback in callbacks:
            self._tell(callback)

    def abandon(self) -> None:
        """Keep no progress any more: this run was given up, and another may be under way. For the worker."""
        self._is_abandoned = True

    def _tell(self, callback: Callable[[], None]) -> None:
        try:
            callback()
        except Exception:
            self.log.exception("on_cancel_failed")


class BlockingJobContext(JobContext):
    """The context that a `def` handler is given: the same, and `submit_job` and `once` block."""

    def __init__(self, *, blocking_submit: BlockingSubmit | None = None, **known: Any) -> None:
        super().__init__(**known)
        self._known.blocking_submit = blocking_submit

    def submit_job(self, job_type: Any, payload: Any = None, **options: Any) -> str:  # type: ignore[override]  # a thread has nothing to await with
        """Submit another job; as `BackgroundJobService.submit_job`."""
        submit = self._known.blocking_submit
        if submit is None:
            raise RuntimeError(
                "this context was made without a service; give `blocking_submit` to submit jobs in a test"
            )
        return submit(job_type, payload, **options)

    def once(self, key: str, effect: Callable[[], Any]) -> Any:
        """See `JobContext.once`; `effect` is a plain function."""
        return self._runs().run_blocking(key, effect)
