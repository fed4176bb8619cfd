"""`bind_log_ids`: the ids of the job that runs, on every log line of its own."""

from __future__ import annotations

from contextvars import Context

from structlog.contextvars import bind_contextvars

# The variables that `merge_contextvars` of structlog reads. Setting them is all that binding comes to.
_bound = Context().run(bind_contextvars, job_id="", job_type="", attempt=0)
_set_job_id, _set_job_type, _set_attempt = (
    _bound[name].var.set for name in ("job_id", "job_type", "attempt")
)


def bind_log_ids(job_id: str, job_type: str, attempt: int) -> None:
    """Bind the ids to every log line from here on, also those of the handler itself.

    To be called in a task (or a context) that is the job's own: nothing takes them back.
    """
    _set_job_id(job_id)
    _set_job_type(job_type)
    _set_attempt(attempt)
