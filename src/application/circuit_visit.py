"""CircuitVisit: one run at one circuit, from its asking to what it found out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress

import structlog

from ..domain.errors import ServerUnavailable
from ..ports.circuits import CircuitRules, Circuits, CircuitState, Passage
from .run import Run, StopReason

Sleep = Callable[[float], Awaitable[None]]
log = structlog.get_logger("hexjobs.circuits")


class CircuitVisit:
    """One run at one circuit. Where the store does not answer, the run goes through and nothing is told."""

    def __init__(self, circuits: Circuits, name: str, rules: CircuitRules, run: Run) -> None:
        self.name = name
        self._rules = rules
        self._circuits = circuits
        self._run = run
        self._token = f"{run.delivery.job_id}:{run.delivery.fence}"
        self._is_probe = False
        self._leaving: asyncio.Task[None] | None = None

    async def enter(self) -> Passage:
        """Ask to go through."""
        try:
            passage = await self._circuits.enter(self.name, self._rules, self._token)
        except ServerUnavailable as error:
            log.warning("circuit_unknown", circuit=self.name, error=str(error))
            return Passage(CircuitState.CLOSED)
        self._is_probe = passage.is_probe
        if passage.is_probe:
            log.info("circuit_half_open", circuit=self.name)
        return passage

    @contextmanager
    def under_way(self, sleep: Sleep) -> Iterator[None]:
        """Around the run: tells of a stop when it comes, for the run may not obey; says that a probe is alive."""
        loop = asyncio.get_running_loop()
        self._run.context.on_cancel(lambda: _soon(loop, lambda: self._leave(None)))
        keeping = asyncio.create_task(self._keep_probing(sleep)) if self._is_probe else None
        try:
            yield
        finally:
            if keeping is not None:
                keeping.cancel()

    async def leave(self, *, well: bool | None) -> None:
        """Tell what the run found out about the service: it is well, it is not, or nothing. What is told first holds."""
        self._leave(well)
        if self._leaving is not None:
            await asyncio.shield(self._leaving)

    def _leave(self, well: bool | None) -> None:
        match self._run.stop_reason:
            case None:
                found = well
            case StopReason.TIMEOUT:
                found = False
            case _:
                found = None
        if self._leaving is None and (self._is_probe or found is False):
            self._leaving = asyncio.create_task(self._tell(found))

    async def _tell(self, well: bool | None) -> None:
        try:
            if well is False:
                opened = await self._circuits.fail(self.name, self._rules, self._token)
                if opened is not None:
                    log.warning("circuit_opened", circuit=self.name, seconds=opened.total_seconds())
            elif well is None:
                await self._circuits.abandon(self.name, self._token)
            elif await self._circuits.succeed(self.name, self._token):
                log.info("circuit_closed", circuit=self.name)
        except ServerUnavailable as error:
            log.warning("circuit_unknown", circuit=self.name, error=str(error))

    async def _keep_probing(self, sleep: Sleep) -> None:
        """A probe may run for longer than its lease; one that was stopped is waited for no longer."""
        is_probe = True
        while is_probe and self._leaving is None:
            await sleep(self._rules.probe_lease.total_seconds() / 3)
            if self._leaving is None:
                with suppress(ServerUnavailable):
                    is_probe = await self._circuits.keep_probing(self.name, self._rules, self._token)


def _soon(loop: asyncio.AbstractEventLoop, step: Callable[[], None]) -> None:
    with suppress(RuntimeError):  # the loop has ended, and with it the worker
        loop.call_soon_threadsafe(step)
