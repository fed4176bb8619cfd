"""CircuitBreaker: keeps jobs away from an outside service that fails, until one run has found that it is well again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from random import random

from ..domain.errors import JobError
from ..domain.outcome import Done, Outcome, Retry, Snooze
from ..ports.circuits import CircuitRules, Circuits
from .circuit_visit import CircuitVisit, Sleep
from .middleware import Proceed
from .run import Run

SHORTEST_WAIT = timedelta(milliseconds=100)


class CircuitBreaker:
    """Surrounds the runs of handlers that name a circuit: while it is open, their jobs are put off, no attempt spent.

    A failed run (an exception, a timeout, `Retry`) counts against the circuit. What says nothing about the service does
    not: PermanentError and the other errors of hexjobs, `Snooze`, `Cancel`, `Discard`, `Fail`, a run that was stopped.
    Where the store does not answer, the job runs.
    """

    def __init__(
        self,
        circuits: Circuits,
        rules: Mapping[str, CircuitRules],
        *,
        random: Callable[[], float] = random,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._circuits = circuits
        self._rules = rules
        self._random = random
        self._sleep = sleep

    async def __call__(self, run: Run, proceed: Proceed) -> Outcome:
        """Surround the run."""
        name = run.handler.job_type.circuit
        if name is None:
            return await proceed(run)
        visit = CircuitVisit(self._circuits, name, self._rules.get(name, CircuitRules()), run)
        passage = await visit.enter()
        if not passage.is_allowed:
            # A little later than told, and not all at once.
            return Snooze(max(passage.wait * (1.1 - self._random() / 10), SHORTEST_WAIT), "circuit_open")
        with visit.under_way(self._sleep):
            try:
                outcome = await proceed(run)
            except GeneratorExit:
                raise
            except BaseException as error:
                await visit.leave(well=None if isinstance(error, JobError) else False)
                raise
            await visit.leave(well=_found(outcome))
        return outcome


def _found(outcome: Outcome) -> bool | None:
    """What an outcome tells about the service: it is well, it is not, or nothing."""
    match outcome:
        case Done():
            return True
        case Retry():
            return False
        case _:
            return None
