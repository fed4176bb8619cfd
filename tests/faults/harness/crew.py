"""Crew: so many workers at once, of which random ones are killed, stand still, go on, and have their clocks set."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Sequence

from faults.harness.fault_schedule import PlannedFault
from faults.harness.shifted_clock import ShiftedClock
from faults.harness.stage import Stage
from faults.harness.worker_process import WorkerProcess

HOUR = 3600
KINDS = {
    "runner_killed": 3.0,
    "worker_killed": 1.0,
    "worker_paused": 4.0,
    "worker_resumed": 4.0,
    "clock_set": 3.0,
}
FEWEST_AWAKE = 2


class Crew:
    """Workers on a stage, started side by side; those at the front have `clocks`, a clock of their own each.

    `do` does a planned fault without waiting for its time; `counts` says how many of each kind were done. `pause_all`
    and `resume_all` are for everybody at once. A worker that was killed is replaced, with the same clock.
    """

    def __init__(self, stage: Stage, size: int, clocks: Sequence[ShiftedClock]) -> None:
        self._stage, self._clocks = stage, clocks
        self._paused: list[int] = []
        self.counts: Counter[str] = Counter()
        self.workers = [self._start(number) for number in range(size)]

    def do(self, fault: PlannedFault) -> None:
        """Do it; its dice decides to whom."""
        getattr(self, f"_{fault.kind}")(fault.dice)

    def pause_all(self) -> None:
        """Everybody stands still."""
        for worker in self.workers:
            worker.send(signal.SIGSTOP, to_all=True)
        self._paused = list(range(len(self.workers)))
        self.counts["all paused"] += 1

    def resume_all(self) -> None:
        """Everybody goes on; the clocks stay as they are."""
        for number in self._paused:
            self.workers[number].send(signal.SIGCONT, to_all=True)
        self._paused = []

    def _start(self, number: int) -> WorkerProcess:
        environment = self._clocks[number].environment if number < len(self._clocks) else {}
        return self._stage.start_worker(address=self._stage.server.url, **environment)

    def _runner_killed(self, dice: float) -> None:
        self._stage.kill(self.workers[int(dice * len(self.workers))], only_runners=True)
        self.counts["runner killed"] += 1

    def _worker_killed(self, dice: float) -> None:
        number = int(dice * len(self.workers))
        self._stage.kill(self.workers[number])
        if number in self._paused:
            self._paused.remove(number)
        self.workers[number] = self._start(number)
        self.counts["worker killed"] += 1

    def _worker_paused(self, dice: float) -> None:
        awake = [number for number in range(len(self.workers)) if number not in self._paused]
        if len(awake) <= FEWEST_AWAKE:
            return
        number = awake[int(dice * len(awake))]
        self.workers[number].send(signal.SIGSTOP, to_all=True)
        self._paused.append(number)
        self.counts["worker paused"] += 1

    def _worker_resumed(self, dice: float) -> None:
        if self._paused:
            number = self._paused.pop(int(dice * len(self._paused)))
            self.workers[number].send(signal.SIGCONT, to_all=True)

    def _clock_set(self, dice: float) -> None:
        """An hour ahead, an hour back, or right: a third each."""
        turn = int(dice * 3 * len(self._clocks))
        self._clocks[turn // 3].step((turn % 3 - 1) * HOUR)
        self.counts["clock set"] += 1
