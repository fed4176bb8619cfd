"""Schedules: keep recurring schedules, edit them, and look into them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, structs

from ...domain.errors import InvalidJob, JobNotFound, JobsDisabled, Problem, UnsupportedOption
from ...domain.job_type import JobType
from ...domain.names import is_name
from ...domain.options import NO_OPTIONS, JobOptions
from ...ports.envelope import Envelope, MalformedEnvelope, Message, decode_envelope
from ...ports.schedule_entry import Planned, ScheduleDefinition, ScheduleEntry
from ...ports.schedule_ledger import LedgerEntry
from ...ports.schedule_store import ScheduleStore
from ..messages import options_of, to_message
from ..submit_job import JobRequest, SubmitJob
from .fire_ids import manual_id

if TYPE_CHECKING:
    from ...domain.recurrence.schedule_plan import SchedulePlan
    from .coming_instant import ComingInstant

_PER_FIRE = ("delay", "scheduled_at", "job_id", "expires_at", "deadline")


@dataclass(frozen=True, slots=True)
class Schedules:
    """Keeps recurring schedules, by names of 1 to 64 of lower-case letters, digits, `_` and `-`. The store's clock counts.

    The calendar is imported where it is asked for: most processes that submit jobs have no schedules.
    """

    submit: SubmitJob
    store: ScheduleStore

    async def add(
        self,
        name: str,
        job_type: JobType[Any, Any] | str,
        payload: Any,
        plan: SchedulePlan,
        *,
        options: JobOptions | None = None,
        source: str = "code",
    ) -> ScheduleEntry:
        """Keep the schedule, in place of one of the same name. InvalidJob names the wrong field, and nothing changes then."""
        from .planned_of import planned_of

        definition = self.definition(name, job_type, payload, plan, options, source)
        now, known = await self.store.now(), await self.store.get(name)
        await self.store.put(planned_of(definition, now, known))
        return await self.get(name)

    def definition(
        self,
        name: str,
        job_type: JobType[Any, Any] | str,
        payload: Any,
        plan: SchedulePlan,
        options: JobOptions | None = None,
        source: str = "code",
    ) -> ScheduleDefinition:
        """What the store is to keep, checked but for whether it is ever due. InvalidJob names each wrong field."""
        from .definition_of import definition_of

        if not is_name(name):
            raise InvalidJob(
                [Problem("name", f"{name!r} must be 1 to 64 of lower-case letters, digits, _ and -")]
            )
        plan.check()
        return definition_of(name, self._envelope(job_type, payload, options or NO_OPTIONS), plan, source)

    def planned(
        self,
        name: str,
        job_type: JobType[Any, Any] | str,
        payload: Any,
        plan: SchedulePlan,
        options: JobOptions | None,
        source: str,
        now: int,
    ) -> Planned:
        """What `ScheduleStore.put` and `seed` take; `now` is the store's clock. InvalidJob as `add`."""
        from .planned_of import planned_of

        return planned_of(self.definition(name, job_type, payload, plan, options, source), now)

    async def edit(
        self, name: str, *, payload: Any = UNSET, options: Mapping[str, Any] | None = None, **plan_fields: Any
    ) -> ScheduleEntry:
        """Change the payload, words of `JobOptions.make`, or of the plan as `make_plan` takes them; None takes a bound away.

        `cron` takes the place of `every`, and the other way round. With other instants than before it goes on from the
        store's present. InvalidJob names the wrong field, and nothing changes then; JobNotFound.
        """
        from .definition_of import definition_of
        from .edited_plan import edited_plan
        from .planned_of import planned_of

        entry = await self.get(name)
        plan = edited_plan(entry, plan_fields)
        envelope = entry.envelope
        if payload is not UNSET or options:
            kept = _readable(entry)
            before = replace(options_of(kept), queue=kept.queue, priority=kept.level)
            job_type: JobType[Any, Any] | str = kept.type
            if payload is UNSET:  # checked when it was given, maybe by a process that knows more job types
                job_type = JobType(kept.type, dict, queue=kept.queue)
                payload = msgspec.json.decode(kept.payload)
            envelope = self._envelope(job_type, payload, JobOptions.make(before, **(options or {})))
        definition = definition_of(name, envelope, plan, entry.source)
        await self.store.put(planned_of(definition, await self.store.now(), entry))
        return await self.get(name)

    async def get(self, name: str) -> ScheduleEntry:
        """The schedule, and what became of it so far. JobNotFound."""
        entry = await self.store.get(name)
        if entry is None:
            raise _not_found(name)
        return entry

    async def remove(self, name: str) -> None:
        """Forget the schedule and its ledger; the jobs that it made stay. JobNotFound."""
        if not await self.store.remove(name):
            raise _not_found(name)

    async def pause(self, name: str) -> None:
        """Fire no more until it is resumed; it can be triggered. JobNotFound."""
        if not await self.store.pause(name):
            raise _not_found(name)

    async def resume(self, name: str) -> None:
        """Go on from the store's present: nothing of the pause is made up for. JobNotFound."""
        from .timetable_of import timetable_of

        entry = await self.get(name)
        after = max(await self.store.now(), entry.last_fired or 0)
        if not await self.store.resume(name, timetable_of(entry).next_due(after, entry.fired)):
            raise _not_found(name)

    async def trigger(self, name: str) -> str:
        """Make its job now, beside the timetable, also while it is paused; the job's id. JobNotFound, JobsDisabled.

        Where another job holds its unique key, no further one is made, and that one's id is the answer.
        """
        if not self.submit.enabled:
            raise JobsDisabled
        envelope = _readable(await self.get(name))
        now = await self.store.now()
        message = Message.of(manual_id(name, self.submit.ids.new(now)), structs.replace(envelope, at=now))
        made = await self.store.trigger(name, message)
        if made is None:
            raise _not_found(name)
        return made

    async def coming(self, name: str, most: int) -> list[ComingInstant]:
        """Its next instants, `most` of them at most; fewer where it ends, and as if it were not paused. JobNotFound."""
        from .coming_instants import coming_instants
        from .timetable_of import timetable_of

        entry = await self.get(name)
        return coming_instants(entry, timetable_of(entry), await self.store.now(), most)

    async def history(self, name: str, most: int) -> list[LedgerEntry]:
        """What became of its latest instants, the latest first. JobNotFound."""
        found = await self.store.history(name, most)
        if not found:
            await self.get(name)
        return found

    def _envelope(self, job_type: JobType[Any, Any] | str, payload: Any, options: JobOptions) -> msgspec.Raw:
        for option in _PER_FIRE:
            if getattr(options, option) is not None:
                raise UnsupportedOption(
                    [Problem(f"options.{option}", "cannot be given to a recurring schedule")]
                )
        envelope = to_message(self.submit.build(JobRequest(job_type, payload, options))).envelope
        return msgspec.Raw(msgspec.json.encode(envelope))

    async def list(self) -> list[ScheduleEntry]:
        """All schedules, by name."""
        return await self.store.list()


def _readable(entry: ScheduleEntry) -> Envelope:
    try:
        return decode_envelope(bytes(entry.envelope))
    except MalformedEnvelope as error:
        raise InvalidJob(
            [Problem("envelope", f"the job of {entry.name!r} cannot be read: {error}")]
        ) from None


def _not_found(name: str) -> JobNotFound:
    return JobNotFound(name, f"there is no schedule {name!r}")
