"""AsyncSchedules: what AsyncJobService does with recurring schedules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, Unpack, overload

from pydantic import BaseModel

from ..domain.errors import Problem, UnsupportedOption
from ..domain.job_type import JobType
from ..domain.options import OPTION_NAMES, JobOptions
from ..domain.suggestion import nearest
from ..ports.schedule_entry import ScheduleEntry
from ..ports.schedule_ledger import LedgerEntry
from .schedule_options import PlanOptions, ScheduleOptions

if TYPE_CHECKING:
    from .async_service import UseCases
    from .recurring.coming_instant import ComingInstant

P = TypeVar("P")
Payload = Mapping[str, Any] | BaseModel


class AsyncSchedules:
    """Keep recurring schedules. JobNotFound where there is none of the name; the store's clock says what is due."""

    _use_cases: UseCases

    @overload
    async def schedule_recurring(
        self,
        name: str,
        job_type: JobType[P, Any],
        payload: P,
        *,
        source: str = ...,
        **options: Unpack[ScheduleOptions],
    ) -> ScheduleEntry: ...
    @overload
    async def schedule_recurring(
        self,
        name: str,
        job_type: str,
        payload: Payload | None = ...,
        *,
        source: str = ...,
        **options: Unpack[ScheduleOptions],
    ) -> ScheduleEntry: ...
    async def schedule_recurring(
        self,
        name: str,
        job_type: JobType[Any, Any] | str,
        payload: Any = None,
        *,
        source: str = "code",
        **options: Unpack[ScheduleOptions],
    ) -> ScheduleEntry:
        """Make such a job at every instant of `cron="0 2 * * *"`, or every `every="90s"`; see `ScheduleOptions`.

        `name` identifies the schedule: the same name replaces it, and its counts, its ledger and whether it is paused stay;
        with the same instants it goes on where it was. `source` tells others who keeps it. InvalidJob names what is wrong, and nothing is kept then.
        """
        from .recurring.make_plan import make_plan  # a process without schedules loads none of the calendar

        plan, lasting = _apart(options)
        return await self._use_cases.schedule.add(
            name,
            job_type,
            {} if payload is None else payload,
            make_plan(**plan),
            options=JobOptions.make(**lasting),
            source=source,
        )

    async def edit_schedule(
        self, name: str, *, payload: Payload | None = None, **changes: Unpack[ScheduleOptions]
    ) -> ScheduleEntry:
        """Change what is given, and leave the rest; None takes a bound away. InvalidJob; JobNotFound.

        `cron` takes the place of `every`, and the other way round. With other instants it goes on from the store's present.
        """
        plan, lasting = _apart(changes)
        given = plan if payload is None else {**plan, "payload": payload}
        return await self._use_cases.schedule.edit(name, options=lasting, **given)

    async def get_schedule(self, name: str) -> ScheduleEntry:
        """The schedule, and what became of it so far. JobNotFound."""
        return await self._use_cases.schedule.get(name)

    async def list_schedules(self) -> list[ScheduleEntry]:
        """The recurring schedules by name."""
        return await self._use_cases.schedule.list()

    async def remove_schedule(self, name: str) -> None:
        """Forget a recurring schedule and its ledger; the jobs that it made stay. JobNotFound."""
        await self._use_cases.schedule.remove(name)

    async def pause_schedule(self, name: str) -> None:
        """Fire no more until it is resumed; it can be triggered. JobNotFound."""
        await self._use_cases.schedule.pause(name)

    async def resume_schedule(self, name: str) -> None:
        """Go on from the store's present: nothing of the pause is made up for. JobNotFound."""
        await self._use_cases.schedule.resume(name)

    async def trigger_schedule(self, name: str) -> str:
        """Make its job now, beside the timetable, also while it is paused; the job's id. JobNotFound.

        Where another job holds its unique key, no further one is made, and that one's id is the answer.
        """
        return await self._use_cases.schedule.trigger(name)

    async def coming_instants(self, name: str, most: int = 10) -> list[ComingInstant]:
        """The next instants, `most` of them at most; fewer where it ends, and as if it were not paused. JobNotFound."""
        return await self._use_cases.schedule.coming(name, most)

    async def schedule_history(self, name: str, most: int = 20) -> list[LedgerEntry]:
        """What became of its latest instants, the latest first. JobNotFound."""
        return await self._use_cases.schedule.history(name, most)


def _apart(options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Those of the plan and those of each job; UnsupportedOption names the nearest one of either."""
    plan, lasting = {}, {}
    for name, value in options.items():
        if name in PlanOptions.__optional_keys__:
            plan[name] = value
        elif name in OPTION_NAMES:
            lasting[name] = value
        else:
            hint = nearest(name, ScheduleOptions.__optional_keys__)
            raise UnsupportedOption([Problem(f"options.{name}", f"is not an option{hint}")])
    return plan, lasting
