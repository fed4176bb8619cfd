"""BlockingSchedules: what BlockingJobService does with recurring schedules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, Unpack, overload

from pydantic import BaseModel

from ..domain.job_type import JobType
from ..ports.schedule_entry import ScheduleEntry
from ..ports.schedule_ledger import LedgerEntry
from .schedule_options import ScheduleOptions

if TYPE_CHECKING:
    from .async_service import AsyncJobService
    from .blocking_service import Drive
    from .recurring.coming_instant import ComingInstant

P = TypeVar("P")
Payload = Mapping[str, Any] | BaseModel


class BlockingSchedules:
    """Keep recurring schedules. Each method is that of AsyncSchedules, driven to its end."""

    _jobs: AsyncJobService
    _drive: Drive

    @overload
    def schedule_recurring(
        self,
        name: str,
        job_type: JobType[P, Any],
        payload: P,
        *,
        source: str = ...,
        **options: Unpack[ScheduleOptions],
    ) -> ScheduleEntry: ...
    @overload
    def schedule_recurring(
        self,
        name: str,
        job_type: str,
        payload: Payload | None = ...,
        *,
        source: str = ...,
        **options: Unpack[ScheduleOptions],
    ) -> ScheduleEntry: ...
    def schedule_recurring(
        self,
        name: str,
        job_type: JobType[Any, Any] | str,
        payload: Any = None,
        *,
        source: str = "code",
        **options: Unpack[ScheduleOptions],
    ) -> ScheduleEntry:
        """See `AsyncSchedules.schedule_recurring`."""
        return self._drive(self._jobs.schedule_recurring(name, job_type, payload, source=source, **options))

    def edit_schedule(
        self, name: str, *, payload: Payload | None = None, **changes: Unpack[ScheduleOptions]
    ) -> ScheduleEntry:
        """See `AsyncSchedules.edit_schedule`."""
        return self._drive(self._jobs.edit_schedule(name, payload=payload, **changes))

    def get_schedule(self, name: str) -> ScheduleEntry:
        """See `AsyncSchedules.get_schedule`."""
        return self._drive(self._jobs.get_schedule(name))

    def list_schedules(self) -> list[ScheduleEntry]:
        """See `AsyncSchedules.list_schedules`."""
        return self._drive(self._jobs.list_schedules())

    def remove_schedule(self, name: str) -> None:
        """See `AsyncSchedules.remove_schedule`."""
        self._drive(self._jobs.remove_schedule(name))

    def pause_schedule(self, name: str) -> None:
        """See `AsyncSchedules.pause_schedule`."""
        self._drive(self._jobs.pause_schedule(name))

    def resume_schedule(self, name: str) -> None:
        """See `AsyncSchedules.resume_schedule`."""
        self._drive(self._jobs.resume_schedule(name))

    def trigger_schedule(self, name: str) -> str:
        """See `AsyncSchedules.trigger_schedule`."""
        return self._drive(self._jobs.trigger_schedule(name))

    def coming_instants(self, name: str, most: int = 10) -> list[ComingInstant]:
        """See `AsyncSchedules.coming_instants`."""
        return self._drive(self._jobs.coming_instants(name, most))

    def schedule_history(self, name: str, most: int = 20) -> list[LedgerEntry]:
        """See `AsyncSchedules.schedule_history`."""
        return self._drive(self._jobs.schedule_history(name, most))
