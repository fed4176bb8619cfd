"""The demonstration's own job types, written as a user would write them; `jobs.handlers` names this module."""

from __future__ import annotations

import asyncio
import itertools
from typing import Annotated

from pydantic import BaseModel, Field

from ..application.job_context import BlockingJobContext, JobContext
from ..application.job_handler import job_handler

_positions = itertools.count(1)


class Step(BaseModel):
    """How long a step takes."""

    seconds: Annotated[float, Field(ge=0, le=10)] = 0.05


class Position(BaseModel):
    """As which one a step started, from 1."""

    position: int


class Trouble(BaseModel):
    """How many runs fail before one succeeds."""

    failures: int


@job_handler("demo.step")
async def take_step(context: JobContext, payload: Step) -> Position:
    """Tell as which one it started."""
    position = next(_positions)
    context.progress({"done": 0, "of": 1})
    await asyncio.sleep(payload.seconds)
    return Position(position=position)


@job_handler("demo.troubled", max_retries=5, retry_delay="250ms")
def have_trouble(context: BlockingJobContext, payload: Trouble) -> str:
    """Fail so many times; a plain `def`, which runs in a thread."""
    if context.attempt <= payload.failures:
        raise ConnectionError(f"run {context.attempt} fails on purpose")
    return f"succeeded in run {context.attempt}"


@job_handler("demo.doomed", max_retries=1, retry_delay="250ms")
async def be_doomed(_context: JobContext, _payload: dict[str, str]) -> None:
    """Fail always."""
    raise RuntimeError("this job fails on purpose, in every run")
