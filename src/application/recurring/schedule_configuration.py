"""ScheduleConfiguration: the schedules that the configuration declares."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import msgspec
import structlog

from ...domain.errors import InvalidJob
from ...ports.schedule_entry import Planned, ScheduleDefinition
from .planned_of import planned_of

log = structlog.get_logger("hexjobs.scheduler")


class ScheduleConfiguration:
    """The schedules of one revision of the configuration. `prune`: those of earlier ones are forgotten, not paused.

    `digest` is the same for the same definitions, in whatever order they stand.
    """

    def __init__(
        self, revision: int, definitions: Sequence[ScheduleDefinition], *, prune: bool = False
    ) -> None:
        self.revision = revision
        self.prune = prune
        self._definitions = sorted(definitions, key=lambda definition: definition.name)
        self.digest = sha256(msgspec.json.encode(self._definitions)).hexdigest()

    def planned(self, now: int) -> list[Planned]:
        """What a store is to keep from `now` on, its clock; those that would never be due any more are left out."""
        found = []
        for definition in self._definitions:
            try:
                found.append(planned_of(definition, now))
            except InvalidJob as error:
                log.warning("schedule_never_due", schedule=definition.name, error=str(error))
        return found
