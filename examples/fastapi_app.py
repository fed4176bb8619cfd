"""A FastAPI application that submits jobs: the service lives as long as the application.

In this folder:  hexjobs worker --handlers fastapi_app
and:             uvicorn fastapi_app:app
then:            curl -d '{"email": "ada@example.com"}' -H 'Content-Type: application/json' localhost:8000/signups
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel

from hexjobs import AsyncBackgroundJobService, JobContext, JobNotFound, job_handler


class Signup(BaseModel):
    """What a visitor sends, and what the job is given."""

    email: str


@job_handler("welcome")
async def welcome(context: JobContext, payload: Signup) -> dict[str, str]:
    """Runs on the worker's event loop."""
    context.log.info("welcomed")
    return {"welcomed": payload.email}


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """One service for the whole application; its connections are closed when the application ends."""
    async with AsyncBackgroundJobService.from_config() as jobs:
        app.state.jobs = jobs
        yield


def job_service(request: Request) -> AsyncBackgroundJobService:
    """The dependency; a test puts another one in its place by `app.dependency_overrides`."""
    jobs: AsyncBackgroundJobService = request.app.state.jobs
    return jobs


Jobs = Annotated[AsyncBackgroundJobService, Depends(job_service)]
app = FastAPI(lifespan=lifespan)


@app.post("/signups", status_code=202)
async def sign_up(signup: Signup, jobs: Jobs) -> dict[str, str]:
    """Answers as soon as the job is stored."""
    return {"job_id": await jobs.submit_job(welcome, signup)}


@app.get("/jobs/{job_id}")
async def show_job(job_id: str, jobs: Jobs) -> dict[str, Any]:
    """How far the job has come."""
    try:
        return (await jobs.get_job(job_id)).to_dict()
    except JobNotFound as error:
        raise HTTPException(404, str(error)) from error
