"""`edited_plan`: the plan of a schedule with some words changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from ...domain.errors import InvalidJob, Problem
from ...domain.recurrence.recurrence import Recurrence
from ...domain.recurrence.schedule_plan import SchedulePlan
from ...domain.suggestion import nearest
from ...ports.schedule_entry import ScheduleDefinition
from .make_plan import make_plan
from .plan_of import plan_of

_OWN = ("misfire", "grace", "backlog", "overlap")
_WORDS = (*(field.name for field in fields(Recurrence)), *_OWN)
_OTHER = {"cron": "every", "every": "cron"}


def edited_plan(definition: ScheduleDefinition, changes: Mapping[str, Any]) -> SchedulePlan:
    """The plan with the words of `make_plan` that are given, and the others as they were; InvalidJob names what is wrong.

    Giving `cron` drops `every`, and the other way round.
    """
    unknown = [word for word in changes if word not in _WORDS]
    if unknown:
        raise InvalidJob(
            [
                Problem(word, f"is nothing of a schedule that can be edited{nearest(word, _WORDS)}")
                for word in unknown
            ]
        )
    plan = plan_of(definition)
    words = {word: getattr(plan if word in _OWN else plan.recurrence, word) for word in _WORDS}
    for word, other in _OTHER.items():
        if changes.get(word) is not None:
            words[other] = None
    return make_plan(**{**words, **changes})
