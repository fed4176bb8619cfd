"""EffectLedger: the effects of the jobs of one worker, in its store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import random

import structlog

from ..domain.errors import LeaseLost, ServerUnavailable
from ..ports.clock import Clock
from ..ports.delivery import Delivery
from ..ports.job_metrics import JobMetrics
from ..ports.job_store import JobStore

PATIENCE_SECONDS = 30.0
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 2.0
log = structlog.get_logger("hexjobs.effects")


@dataclass(frozen=True, slots=True)
class EffectLedger:
    """Gives each run its effects. Over a blocking store and a blocking clock none of their methods suspends."""

    store: JobStore
    clock: Clock
    metrics: JobMetrics
    random: Callable[[], float] = random

    def of(self, delivery: Delivery, job_type: str) -> RunEffects:
        """The effects of the job that this delivery runs."""
        return RunEffects(self, delivery, job_type)


@dataclass(slots=True)
class RunEffects:
    """The effects of one run, guarded by its fence."""

    ledger: EffectLedger
    delivery: Delivery
    job_type: str

    async def recorded(self, key: str) -> bytes | None:
        """See `Effects.recorded`."""
        delivery = self.delivery
        try:
            return await self.ledger.store.effect(delivery.job_id, delivery.fence, key)
        except LeaseLost as error:
            log.warning("effect_stopped", job_id=delivery.job_id, fence=delivery.fence, effect=key)
            raise LeaseLost(f"{error}: the effect {key!r} was not run") from error

    async def record(self, key: str, value: bytes) -> bytes:
        """See `Effects.record`. The effect has happened, so a server that is away is asked again for half a minute."""
        delivery, ledger = self.delivery, self.ledger
        ends, pause = ledger.clock.monotonic() + PATIENCE_SECONDS, FIRST_PAUSE_SECONDS
        while True:
            try:
                return await ledger.store.record_effect(delivery.job_id, delivery.fence, key, value)
            except LeaseLost as error:
                ledger.metrics.result_refused(self.job_type)
                log.warning("effect_refused", job_id=delivery.job_id, fence=delivery.fence, effect=key)
                raise LeaseLost(
                    f"{error}: the effect {key!r} has happened, its result was not recorded, and another run may "
                    "repeat it"
                ) from error
            except ServerUnavailable as error:
                if ledger.clock.monotonic() + pause > ends:
                    log.error("effect_not_recorded", job_id=delivery.job_id, effect=key, error=str(error))  # noqa: TRY400  # the cause is the server
                    raise ServerUnavailable(
                        f"the effect {key!r} has happened, but its result could not be recorded: {error}"
                    ) from error
                log.warning("effect_delayed", job_id=delivery.job_id, effect=key, error=str(error))
            await ledger.clock.sleep(pause * (0.5 + ledger.random() / 2))
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
