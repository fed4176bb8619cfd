"""A Flask application that submits jobs, and handlers that run inside an application context.

In this folder:  hexjobs worker --handlers flask_app
and:             flask --app flask_app run
then:            curl -d name=Ada localhost:5000/greetings
"""

from __future__ import annotations

from contextlib import AbstractContextManager

from flask import Flask, current_app, request
from pydantic import BaseModel

from hexjobs import BackgroundJobService, JobContext, job_handler, job_scope

app = Flask(__name__)
app.config.from_mapping(GREETING="Hello")
app.config.from_prefixed_env()

# Connects at the first submit, and may be shared by all threads and forked workers of the web server.
jobs = BackgroundJobService.from_config()


class Greeting(BaseModel):
    """The payload of `greet`."""

    name: str


@job_scope
def application_context(context: JobContext) -> AbstractContextManager[object]:
    """Entered around each job, so that `current_app`, and extensions such as a database, work as in a request."""
    return app.app_context()


@job_handler("greet")
def greet(context: JobContext, payload: Greeting) -> str:
    """Runs in the worker."""
    return f"{current_app.config['GREETING']} {payload.name}"


@app.post("/greetings")
def submit_greeting() -> tuple[dict[str, str], int]:
    """Answers as soon as the job is stored."""
    return {"job_id": jobs.submit_job(greet, Greeting(name=request.form["name"]))}, 202


@app.get("/jobs/<job_id>")
def show_job(job_id: str) -> dict[str, object]:
    """How far the job has come."""
    return jobs.get_job(job_id).to_dict()
