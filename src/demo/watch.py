"""`watch`: follows jobs to their end, and tells on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from ..application.async_service import AsyncJobService
from ..domain.jobs.base import BaseJob
from .stage import Stage

LOOK_SECONDS = 0.05
LONGEST_SECONDS = 40.0


async def watch(
    service: AsyncJobService, scenes: Mapping[str, Sequence[str]], stage: Stage
) -> dict[str, BaseJob]:
    """The jobs (by id) of the scenes (title to ids) once all have ended, or as they are after 40 s."""
    jobs: dict[str, BaseJob] = {}
    waiting = [job_id for ids in scenes.values() for job_id in ids]
    total = len(waiting)
    give_up = stage.seconds + LONGEST_SECONDS
    while waiting and stage.seconds < give_up:
        before = dict(jobs)
        for job in await asyncio.gather(*map(service.get_job, waiting)):
            jobs[job.job_id] = job
        for title, ids in scenes.items():
            _tell_change(title, [before.get(each) for each in ids], [jobs[each] for each in ids], stage)
        waiting = [job_id for job_id in waiting if not jobs[job_id].is_finished]
        stage.show_progress(total - len(waiting), total)
        await asyncio.sleep(LOOK_SECONDS)
    stage.end_progress()
    return jobs


def _tell_change(title: str, before: list[BaseJob | None], now: list[BaseJob], stage: Stage) -> None:
    for old, job in zip(before, now, strict=True):
        if job.status == "retrying" and (
            old is None or old.attempt != job.attempt or old.status != "retrying"
        ):
            stage.say(f"{title}: run {job.attempt} failed, it will run again")
    ended_before = all(job is not None and job.is_finished for job in before)
    if all(job.is_finished for job in now) and not ended_before:
        words = sorted({job.status.value for job in now})
        stage.say(f"{title}: {', '.join(words)}" + (f" ({len(now)} jobs)" if len(now) > 1 else ""))
