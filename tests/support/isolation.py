"""Runs of isolated handlers without a queue, and a look at what they leave behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import psutil

from hexjobs import worker_wiring
from hexjobs.adapters.worker.isolation.isolated_runner import IsolatedRunner
from hexjobs.application.handler_registry import BoundHandler
from hexjobs.application.job_context import BlockingJobContext
from hexjobs.container import Container
from support.worker_harness import container_with

MODULE = "support.isolated_handlers"


class Runs:
    """One runner and the handlers of `support.isolated_handlers`."""

    def __init__(self, runner: IsolatedRunner, container: Container) -> None:
        self.runner = runner
        self._registry = container.registry()

    def handler(self, job_type: str) -> BoundHandler:
        """The handler of a job type."""
        found = self._registry.get(job_type)
        assert found is not None
        assert found.is_isolated
        return found

    def run(self, job_type: str, payload: Any = None, context: BlockingJobContext | None = None) -> Any:
        """What a run of the job type came to."""
        raw = msgspec.json.encode({} if payload is None else payload)
        return self.runner.run(self.handler(job_type), context or context_of(job_type), raw)


def context_of(job_type: str, **known: Any) -> BlockingJobContext:
    """The worker's context of a first run."""
    facts: dict[str, Any] = {"queue": "default", "attempt": 1, "max_retries": 3, "fence_token": 9, **known}
    return BlockingJobContext(job_id="job-1", job_type=job_type, **facts)


@contextmanager
def runs(module: str = MODULE, command: list[str] | None = None) -> Iterator[Runs]:
    """A runner with a helper process of its own; afterwards both are gone."""
    container = container_with(module)
    runner = IsolatedRunner(
        command or worker_wiring.isolation_command(),
        lambda: worker_wiring.isolation_setup(container.settings()),
    )
    try:
        yield Runs(runner, container if command is None else container_with(MODULE))
    finally:
        runner.close()


def result(outcome: Any) -> Any:
    """The result of a run that is done."""
    assert isinstance(outcome.result, bytes), outcome
    return msgspec.json.decode(outcome.result)


def is_gone(pid: int) -> bool:
    """Whether there is no such process, or only what nobody has buried yet."""
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def descendants() -> list[int]:
    """The processes below this one."""
    return [process.pid for process in psutil.Process().children(recursive=True)]


def descriptors() -> int:
    """How many descriptors this process has open."""
    return len(list(Path("/dev/fd").iterdir()))
