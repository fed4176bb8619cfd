"""Load: producers that submit, cancel and retry while faults happen, each act journalled."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from faults.harness.stage import Stage
from hexjobs import IllegalTransition, JobNotFound, ServerUnavailable

MIX: tuple[tuple[float, Callable[[random.Random], tuple[str, dict[str, Any], dict[str, Any]]]], ...] = (
    (40, lambda dice: ("step", {"seconds": dice.random() * 0.1}, {})),
    (15, lambda dice: ("thread_step", {"seconds": dice.random() * 0.1}, {})),
    (10, lambda dice: ("step", {"failures": dice.choice((1, 2))}, {})),
    (10, lambda dice: ("step", {}, {"delay": dice.random() * 2})),
    (8, lambda dice: ("step", {}, {"priority": dice.choice(("low", "high", "critical"))})),
    (5, lambda dice: ("later", {}, {})),
    (5, lambda dice: ("effect", {"once": True}, {})),
    (3, lambda dice: ("poison", {"how": dice.choice(("exit", "base", "memory", "recursion"))}, {})),
    (2, lambda dice: ("step", {"seconds": dice.uniform(1.0, 3.0)}, {})),
    (1, lambda dice: ("blocking", {"seconds": dice.uniform(0.2, 2.0)}, {})),
)
CANCELS = 0.05


class Load(threading.Thread):
    """Submits about `rate` jobs a second until it is told to stop; its sequence follows from the seed."""

    def __init__(self, stage: Stage, seed: int, rate: float) -> None:
        super().__init__(name="load", daemon=True)
        self._stage, self._dice, self._pause = stage, random.Random(seed), 1 / rate
        self._stopping = threading.Event()
        self._recent: list[str] = []
        self.counts: Counter[str] = Counter()
        self.error: BaseException | None = None

    def stop(self) -> None:
        """End, and raise what went wrong."""
        self._stopping.set()
        self.join(60)
        if self.error is not None:
            raise self.error

    def run(self) -> None:
        """Submit; a server that is away or full refuses, and that is counted."""
        try:
            while not self._stopping.is_set():
                self._act()
                time.sleep(self._pause * self._dice.uniform(0.5, 1.5))
        except BaseException as error:  # noqa: BLE001  # raised again by whoever stops it
            self.error = error

    def _act(self) -> None:
        [(_, make)] = self._dice.choices(MIX, [weight for weight, _ in MIX])
        job_type, payload, options = make(self._dice)
        cancels, victim = self._dice.random() < CANCELS, self._dice.random()
        try:
            self._recent.append(self._stage.submit(job_type, payload, **options))
            self.counts["acknowledged"] += 1
            if cancels:
                job = self._recent[int(victim * len(self._recent))]
                self._stage.producer.write("cancelled", job=job, answer=self._stage.service.cancel_job(job))
                self.counts["cancels"] += 1
        except ServerUnavailable:
            self.counts["refused"] += 1
        except (IllegalTransition, JobNotFound):
            self.counts["too late"] += 1
        del self._recent[:-50]
