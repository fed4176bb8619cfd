"""The roster: each system that is measured, how it was set, and what becomes of a job whose worker is killed."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from .environment import Environment, node_environment, python_environment

OWN_PYTHON = ("hexjobs", "bare")


@dataclass(frozen=True, slots=True)
class Peer:
    """One system. `share` divides the number of jobs for those that would take minutes."""

    name: str
    title: str
    distributions: tuple[str, ...]
    settings: str
    acknowledges: str
    is_crash_safe: bool
    """Whether a job whose worker is killed runs again by itself at these settings, sooner or later."""
    share: int = 1
    is_on_node: bool = False
    drains: bool = True

    def environment(self) -> Environment:
        """What runs it; NotInstalled."""
        if self.name in OWN_PYTHON:
            return Environment((sys.executable,), {})
        return node_environment() if self.is_on_node else python_environment(self.name)


HEXJOBS = Peer(
    name="hexjobs",
    title="hexjobs",
    distributions=("hexjobs",),
    settings="as shipped, 100 slots, `async def`",
    acknowledges="after the run, fenced; a lease of 6 s",
    is_crash_safe=True,
)
BARE = Peer(
    name="bare",
    title="*bare client*",
    distributions=("redis", "hiredis"),
    settings="redis-py, asyncio on uvloop, hiredis",
    acknowledges="nothing",
    is_crash_safe=False,
    drains=False,
)
PEERS = (
    HEXJOBS,
    Peer(
        name="bee_queue",
        title="bee-queue (Node)",
        distributions=("bee-queue",),
        settings="concurrency 100, no events, jobs removed at success, stalled ones looked for",
        acknowledges="after the run; stalled ones are found every 5 s",
        is_crash_safe=True,
        is_on_node=True,
    ),
    Peer(
        name="bullmq",
        title="BullMQ (Node)",
        distributions=("bullmq",),
        settings="concurrency 100, jobs removed at success",
        acknowledges="after the run, with a lock of 30 s that is renewed",
        is_crash_safe=True,
        is_on_node=True,
    ),
    Peer(
        name="dramatiq",
        title="Dramatiq",
        distributions=("dramatiq",),
        settings="1 process, 8 threads",
        acknowledges="after the run; a dead worker's jobs come back after a minute",
        is_crash_safe=True,
    ),
    Peer(
        name="taskiq",
        title="taskiq (streams)",
        distributions=("taskiq", "taskiq-redis"),
        settings="1 process, 100 tasks, uvloop",
        acknowledges="after the run; what nobody acknowledged for 10 min is claimed",
        is_crash_safe=True,
    ),
    Peer(
        name="saq",
        title="SAQ",
        distributions=("saq",),
        settings="concurrency 100, 3 retries, uvloop",
        acknowledges="after the run; a sweep looks for jobs past their timeout",
        is_crash_safe=True,
        share=2,
    ),
    Peer(
        name="arq",
        title="arq",
        distributions=("arq",),
        settings="100 jobs, polling every 10 ms, uvloop",
        acknowledges="after the run; a job is free again 10 s past its timeout (300 s)",
        is_crash_safe=True,
        share=4,
    ),
    Peer(
        name="huey",
        title="Huey",
        distributions=("huey",),
        settings="8 threads, no results",
        acknowledges="when it is taken: **a killed worker's jobs are lost**",
        is_crash_safe=False,
    ),
    Peer(
        name="celery",
        title="Celery",
        distributions=("celery",),
        settings="10 threads, no results",
        acknowledges="when it is started (the default): **a killed worker's jobs are lost**",
        is_crash_safe=False,
        share=4,
    ),
    Peer(
        name="rq",
        title="RQ",
        distributions=("rq",),
        settings="`SimpleWorker`, in its own process",
        acknowledges="after the run; the registry is cleaned when the timeout has passed",
        is_crash_safe=True,
        share=10,
    ),
    BARE,
)
