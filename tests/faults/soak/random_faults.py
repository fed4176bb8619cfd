"""RandomFaults: the faults of the battery that a soak draws from, each a method that leaves things whole again."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections import Counter

import redis

from faults.harness.fault_schedule import PlannedFault
from faults.harness.stage import LEASE, Stage
from faults.harness.tcp_proxy import Weather
from faults.harness.worker_process import WorkerProcess

KINDS = {
    "worker_killed": 6.0,
    "runner_killed": 6.0,
    "worker_paused": 3.0,
    "worker_stopped": 3.0,
    "server_killed": 3.0,
    "server_paused": 1.0,
    "server_busy": 1.0,
    "server_full": 1.0,
    "connections_reset": 3.0,
    "replies_lost": 3.0,
    "road_parted": 3.0,
    "road_deaf": 1.0,
    "road_slow": 2.0,
}
PATIENCE = 2 * LEASE


class RandomFaults:
    """Does planned faults to a stage. `steady` is never killed or paused; the victims are replaced when they are gone."""

    def __init__(self, stage: Stage, victims: int) -> None:
        self._stage = stage
        self.counts: Counter[str] = Counter()
        self.steady = stage.start_worker().ready()
        self._victims = [stage.start_worker() for _ in range(victims)]

    def do(self, fault: PlannedFault) -> None:
        """Wait for its time, and do it."""
        time.sleep(fault.after)
        self.counts[fault.kind.replace("_", " ")] += 1
        getattr(self, f"_{fault.kind}")(fault.dice)

    def _victim(self) -> WorkerProcess:
        return self._victims.pop(0)

    def _replace(self) -> None:
        self._victims.append(self._stage.start_worker())

    def _worker_killed(self, _: float) -> None:
        self._forget(self._victim())

    def _forget(self, worker: WorkerProcess) -> None:
        self._stage.kill(worker)
        self._replace()

    def _runner_killed(self, _: float) -> None:
        victim = self._victim()
        self._stage.kill(victim, only_runners=True)
        self._victims.append(victim)

    def _worker_paused(self, dice: float) -> None:
        victim = self._victim()
        victim.send(signal.SIGSTOP, to_all=True)
        time.sleep(dice * PATIENCE)
        victim.send(signal.SIGCONT, to_all=True)
        self._victims.append(victim)

    def _worker_stopped(self, _: float) -> None:
        victim = self._victim()
        victim.terminate()
        victim.wait(60)
        self._replace()

    def _server_killed(self, dice: float) -> None:
        self._stage.server.kill()
        time.sleep(dice * PATIENCE)
        self._stage.server.start()

    def _server_paused(self, dice: float) -> None:
        self._stage.server.pause()
        time.sleep(dice * PATIENCE)
        self._stage.server.resume()

    def _server_busy(self, dice: float) -> None:
        with self._stage.server.client() as client, self._stage.server.client() as other:
            client.config_set("busy-reply-threshold", 100)

            def occupy() -> None:
                with contextlib.suppress(redis.RedisError):
                    client.eval("while true do end", 0)

            thread = threading.Thread(target=occupy)
            thread.start()
            time.sleep(0.2 + dice * PATIENCE)
            other.script_kill()
            thread.join()

    def _server_full(self, dice: float) -> None:
        self._stage.server.fill()
        time.sleep(dice * PATIENCE)
        self._stage.server.make_room()

    def _connections_reset(self, _: float) -> None:
        self._stage.proxy.reset()

    def _replies_lost(self, dice: float) -> None:
        self._stage.proxy.replies_to_lose = 1 + int(dice * 5)

    def _road_parted(self, dice: float) -> None:
        self._stage.proxy.part()
        time.sleep(dice * PATIENCE)
        self._stage.proxy.heal()

    def _road_deaf(self, dice: float) -> None:
        self._stage.proxy.deafen()
        time.sleep(dice * PATIENCE)
        self._stage.proxy.heal()

    def _road_slow(self, dice: float) -> None:
        self._stage.proxy.weather = Weather(delay=dice * 0.2, stall_chance=0.05, longest_stall=LEASE / 2)
        time.sleep(PATIENCE)
        self._stage.proxy.weather = Weather()
