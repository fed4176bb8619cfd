"""JobValidator: what is wrong with a submit, all of it at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import InvalidJob, Problem, UnknownJobType, UnknownQueue, UnsupportedOption
from .factory import Placement
from .job_type import JobType
from .options import JobOptions
from .payload import JobPayload, PayloadLimits
from .priority import HIGHEST_FIRST, JobPriority
from .suggestion import nearest

MAX_PLACEMENTS = 1000


@dataclass(frozen=True, slots=True)
class QueueRules:
    """One configured queue: its levels, how many waiting and scheduled jobs it may hold (None: no cap), its share."""

    levels: frozenset[JobPriority] = frozenset(JobPriority)
    max_jobs: int | None = None
    weight: int = 1

    @property
    def default_level(self) -> JobPriority:
        """`normal` where the queue has it, else its highest."""
        if JobPriority.NORMAL in self.levels:
            return JobPriority.NORMAL
        return next(level for level in HIGHEST_FIRST if level in self.levels)


@dataclass(frozen=True, slots=True)
class JobValidator:
    """Checks submits against the known job types, queues and limits."""

    job_types: Mapping[str, JobType[Any, Any]]
    queues: Mapping[str, QueueRules]
    limits: PayloadLimits = field(default_factory=PayloadLimits)
    default_queue: str = "default"
    caps: Mapping[str, int] = field(init=False, repr=False, compare=False)
    """The queues that have a `max_jobs`, and it."""
    _placements: dict[tuple[object, ...], Placement] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        caps = {name: rules.max_jobs for name, rules in self.queues.items() if rules.max_jobs is not None}
        object.__setattr__(self, "caps", caps)

    def job_type(self, given: JobType[Any, Any] | str) -> JobType[Any, Any]:
        """The declared type; UnknownJobType names the nearest."""
        if isinstance(given, JobType):
            return given
        known = self.job_types.get(given)
        if known is None:
            hint = nearest(str(given), self.job_types)
            raise UnknownJobType([Problem("job_type", f"{given!r} is not a known job type{hint}")])
        return known

    def check(
        self, job_type: JobType[Any, Any], payload: Any, options: JobOptions
    ) -> tuple[JobPayload, Placement]:
        """The encoded payload, the queue and the level; InvalidJob lists every problem of payload and options."""
        problems: list[Problem] = []
        encoded = placement = None
        try:
            encoded = job_type.encode(payload, self.limits)
        except InvalidJob as error:
            problems += error.problems
        try:
            placement = self._place(job_type, options)
        except InvalidJob as error:
            if not problems:
                raise
            problems += error.problems
        if encoded is None or placement is None:
            raise InvalidJob(problems)
        return encoded, placement

    def _place(self, job_type: JobType[Any, Any], options: JobOptions) -> Placement:
        """Where the job goes. Worked out once for each way to ask: most submits ask in one of a few."""
        asked = (job_type.queue, job_type.priority, options.queue, options.priority)
        placement = self._placements.get(asked)
        if placement is None:
            placement = self._find_place(job_type, options)
            if len(self._placements) >= MAX_PLACEMENTS:
                self._placements.clear()
            self._placements[asked] = placement
        return placement

    def _find_place(self, job_type: JobType[Any, Any], options: JobOptions) -> Placement:
        queue = options.queue or job_type.queue or self.default_queue
        rules = self.queues.get(queue)
        if rules is None and queue == job_type.queue:
            rules = QueueRules()
        if rules is None:
            raise UnknownQueue(
                [
                    Problem(
                        "options.queue", f"{queue!r} is not a configured queue{nearest(queue, self.queues)}"
                    )
                ]
            )
        asked = options.priority if options.priority is not None else job_type.priority
        priority = rules.default_level if asked is None else asked
        if priority not in rules.levels:
            levels = ", ".join(level.word for level in HIGHEST_FIRST if level in rules.levels)
            raise UnsupportedOption(
                [
                    Problem(
                        "options.priority",
                        f"queue {queue!r} has no level {priority.word!r}; it has: {levels}",
                    )
                ]
            )
        return Placement(queue, priority)


def with_handler_queues(
    queues: Mapping[str, QueueRules], job_types: Iterable[JobType[Any, Any]]
) -> dict[str, QueueRules]:
    """The configured queues and those that job types name."""
    merged = dict(queues)
    for job_type in job_types:
        if job_type.queue is not None:
            merged.setdefault(job_type.queue, QueueRules())
    return merged
