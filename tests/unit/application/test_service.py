"""The service in both forms, on the in-memory adapter: every method, and what it refuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import BaseModel

from hexjobs import (
    AsyncBackgroundJobService,
    BackgroundJobService,
    EmailJob,
    IllegalTransition,
    InvalidJob,
    JobError,
    JobFailed,
    JobIdConflict,
    JobNotFound,
    JobOptions,
    JobPriority,
    JobRequest,
    JobsDisabled,
    JobStatus,
    JobType,
    QueueFull,
    UnknownJobType,
    UnknownQueue,
    UnsupportedOption,
    WaitTimeout,
)
from hexjobs.application.messages import to_instant
from hexjobs.container import Container
from hexjobs.settings import load_settings
from support.run import run

WELCOME = {"email_type": "welcome", "to": "user@example.com", "username": "John Doe"}


class Invoice(BaseModel):
    """A payload."""

    number: int


send_invoice = JobType("send_invoice", Invoice, queue="billing")


def service(**settings: Any) -> BackgroundJobService:
    """A blocking service in memory."""
    jobs = {"provider": "memory", **settings.pop("jobs", {})}
    return BackgroundJobService(
        Container(settings=load_settings(None, environ={}, overrides={"jobs": jobs, **settings}))
    )


def test_a_submitted_job_is_what_was_asked_for() -> None:
    """The class of its type, its payload, options and times."""
    with service() as jobs:
        at = datetime.now(UTC) + timedelta(hours=1)
        job_id = jobs.submit_job(
            "email",
            WELCOME,
            priority="high",
            scheduled_at=at,
            tags=["a"],
            metadata={"tenant": 7},
            max_retries=9,
        )
        job = jobs.get_job(job_id)
        assert isinstance(job, EmailJob)
        assert (job.job_id, job.type, job.queue, job.priority) == (
            job_id,
            "email",
            "default",
            JobPriority.HIGH,
        )
        assert (job.status, job.attempt, job.max_retries) == (JobStatus.SCHEDULED, 0, 9)
        assert job.payload.value() == WELCOME
        assert job.scheduled_at == at.replace(microsecond=at.microsecond // 1000 * 1000)
        assert abs(job.created_at - datetime.now(UTC)) < timedelta(seconds=5)
        shown = job.to_dict()
        assert (shown["tags"], shown["metadata"], shown["status"]) == (["a"], {"tenant": 7}, "scheduled")


def test_a_declared_type_needs_no_handler_and_names_its_queue() -> None:
    """A process that only submits declares the JobType; a model or a mapping is taken, and checked."""
    with service() as jobs:
        ids = [
            jobs.submit_job(send_invoice, Invoice(number=1)),
            jobs.submit_job(send_invoice, Invoice(number=2)),
        ]
        assert [jobs.get_job(job_id).queue for job_id in ids] == ["billing", "billing"]
        assert {stats.name: stats.waiting for stats in jobs.queue_stats()} == {"default": 0, "billing": 2}
        with pytest.raises(InvalidJob, match=r"payload\.number: Input should be a valid integer"):
            jobs.submit_jobs([(send_invoice, {"number": "x"})], atomic=True)


@pytest.mark.parametrize(
    ("arguments", "options", "error", "says"),
    [
        (
            ("email", {"email_type": "welcome", "to": "x"}),
            {},
            InvalidJob,
            r"payload\.to: is not .*\n.*payload\.username",
        ),
        (("emial", {}), {}, UnknownJobType, "did you mean 'email'"),
        (("email", WELCOME), {"queue": "defalt"}, UnknownQueue, "did you mean 'default'"),
        (
            ("email", WELCOME),
            {"queue": "narrow", "priority": "low"},
            UnsupportedOption,
            "no level 'low'; it has: high",
        ),
        (("email", WELCOME), {"priorty": 1}, UnsupportedOption, "did you mean 'priority'"),
        (("email", WELCOME), {"delay": "soon"}, InvalidJob, r"options\.delay: 'soon' is not a duration"),
        (("email", WELCOME), {"scheduled_at": datetime(2030, 1, 1)}, InvalidJob, "must be an aware datetime"),  # noqa: DTZ001  # what is tested
        (("email", WELCOME), {"job_id": "a b"}, InvalidJob, r"options\.job_id"),
        (("email", {**WELCOME, "n": float("nan")}), {}, InvalidJob, r"payload\.n: is nan"),
        (("email", {**WELCOME, "username": "\ud800"}), {}, InvalidJob, "lone surrogate"),
        (("email", {**WELCOME, "username": "x" * 300_000}), {}, InvalidJob, "bytes of JSON, at most 262144"),
    ],
)
def test_what_is_wrong_is_named_and_queues_nothing(
    arguments: tuple[Any, ...], options: dict[str, Any], error: type[Exception], says: str
) -> None:
    """The field and the mend, all at once."""
    with service(queues={"narrow": {"priority_levels": ["high"]}}) as jobs:
        with pytest.raises(error, match=says):
            jobs.submit_job(*arguments, **options)
        assert jobs.find_jobs() == []


def test_a_queue_without_normal_defaults_to_its_highest() -> None:
    """Default priority `normal`, or else the queue's highest."""
    with service(queues={"narrow": {"priority_levels": ["low", "high"]}}) as jobs:
        assert jobs.get_job(jobs.submit_job("email", WELCOME, queue="narrow")).priority is JobPriority.HIGH


def test_many_at_once_have_one_answer_each() -> None:
    """Ids and errors in order; the wrong ones keep no other out."""
    with service() as jobs:
        answers = jobs.submit_jobs(
            [
                ("email", WELCOME),
                ("nobody", {}),
                JobRequest("email", WELCOME, JobOptions(priority=JobPriority.LOW)),
                ("email", WELCOME, {"delay": "1h"}),
                ("email", {}),
                "email",
            ]
        )
        assert [isinstance(answer, str) for answer in answers] == [True, False, True, True, False, False]
        assert isinstance(answers[1], UnknownJobType)
        assert len(jobs.find_jobs()) == 3
        assert jobs.submit_jobs([]) == []


@pytest.mark.parametrize(
    ("wrong", "note"),
    [
        (("nobody", {}), "item 1 of an atomic batch: nothing was submitted"),
        (("email", WELCOME, {"job_id": "taken"}), "the batch is atomic: nothing was submitted"),
    ],
)
def test_atomic_is_all_or_none(wrong: tuple[Any, ...], note: str) -> None:
    """One refused item keeps all out, and the error says so."""
    with service() as jobs:
        jobs.submit_job(send_invoice, Invoice(number=1), job_id="taken")
        with pytest.raises(JobError) as raised:
            jobs.submit_jobs([("email", WELCOME), wrong], atomic=True)
        assert raised.value.__notes__ == [note]
        assert len(jobs.find_jobs()) == 1
        assert len(jobs.submit_jobs([("email", WELCOME), ("email", WELCOME)], atomic=True)) == 2


def test_ids_unique_keys_and_caps() -> None:
    """The same job answers the first; another is a conflict; a full queue refuses."""
    with service(queues={"small": {"max_jobs": 1}}) as jobs:
        assert jobs.submit_job("email", WELCOME, job_id="mine") == "mine"
        assert jobs.submit_job("email", WELCOME, job_id="mine") == "mine"
        with pytest.raises(JobIdConflict, match="'mine'"):
            jobs.submit_job(send_invoice, Invoice(number=1), job_id="mine")
        first = jobs.submit_job("email", WELCOME, unique_key="user-7")
        assert jobs.submit_job("email", WELCOME, unique_key="user-7") == first
        jobs.submit_job("email", WELCOME, queue="small")
        with pytest.raises(QueueFull, match="'small' is full: max_jobs is 1"):
            jobs.submit_job("email", WELCOME, queue="small")


def test_cancel_retry_delete_and_their_refusals() -> None:
    """Each says what it did, and refuses what the table of states does not allow."""
    with service() as jobs:
        job_id = jobs.submit_job("email", WELCOME)
        with pytest.raises(IllegalTransition):
            jobs.retry_job(job_id)
        assert jobs.cancel_job(job_id)
        assert not jobs.cancel_job(job_id)
        assert jobs.get_job_status(job_id) is JobStatus.CANCELLED
        with pytest.raises(JobFailed, match="cancelled"):
            jobs.result(job_id)
        jobs.retry_job(job_id)
        assert jobs.get_job_status(job_id) is JobStatus.PENDING
        assert jobs.delete_job(job_id)
        assert not jobs.delete_job(job_id)
        for method in (
            jobs.get_job,
            jobs.get_job_status,
            jobs.cancel_job,
            jobs.retry_job,
            jobs.result,
            jobs.wait_for,
        ):
            with pytest.raises(JobNotFound, match=job_id):
                method(job_id)


def test_a_job_is_moved_and_run_now() -> None:
    """It shows its new time; what waits for none, is not there, or is given no time is refused."""
    with service() as jobs:
        job_id = jobs.submit_job("email", WELCOME, delay="1h")
        at = datetime(2999, 1, 1, tzinfo=timezone(timedelta(hours=1)))
        jobs.move_job(job_id, scheduled_at=at)
        assert jobs.get_job(job_id).scheduled_at == at
        before = datetime.now(UTC)
        jobs.move_job(job_id, delay="36500d")
        scheduled_at = jobs.get_job(job_id).scheduled_at
        assert scheduled_at is not None
        assert abs(scheduled_at - before - timedelta(days=36500)) < timedelta(minutes=1)
        for wrong in ({}, {"delay": "soon"}, {"delay": 1, "scheduled_at": at}, {"delay": timedelta.max}):
            with pytest.raises(InvalidJob, match=r"options\.delay"):
                jobs.move_job(job_id, **wrong)
        assert jobs.get_job(job_id).scheduled_at == scheduled_at
        jobs.run_job_now(job_id)
        job = jobs.get_job(job_id)
        assert (job.status, job.scheduled_at is not None and job.scheduled_at <= datetime.now(UTC)) == (
            JobStatus.PENDING,
            True,
        )
        with pytest.raises(IllegalTransition, match="a pending job cannot be moved or run now"):
            jobs.run_job_now(job_id)
        with pytest.raises(IllegalTransition):
            jobs.move_job(job_id, delay=0)
        with pytest.raises(JobNotFound, match="nobody"):
            jobs.move_job("nobody", delay=1)
        with pytest.raises(JobNotFound, match="nobody"):
            jobs.run_job_now("nobody")


def test_no_submit_overflows() -> None:
    """At any horizon: the last instant of the calendar is shown as it is, what lies beyond is refused."""
    with service() as jobs:
        last = datetime.max.replace(tzinfo=UTC)
        job_id = jobs.submit_job("email", WELCOME, scheduled_at=last)
        assert jobs.get_job(job_id).scheduled_at == last.replace(microsecond=999_000)
        assert "9999-12-31" in jobs.why(job_id).reasons[0].sentence
        [error] = jobs.submit_jobs([("email", WELCOME, JobOptions(delay=timedelta.max))])
        assert isinstance(error, InvalidJob)
        assert to_instant(1 << 62) == last


@pytest.mark.parametrize("timeout", [timedelta(milliseconds=30), 0.03, "30ms"])
def test_waiting_ends_with_a_timeout(timeout: Any) -> None:
    """And says where the job is."""
    with service() as jobs:
        job_id = jobs.submit_job("email", WELCOME, delay="1h")
        with pytest.raises(WaitTimeout, match="scheduled"):
            jobs.wait_for(job_id, timeout)
        with pytest.raises(WaitTimeout, match="scheduled"):
            jobs.result(job_id)


def test_jobs_that_are_switched_off() -> None:
    """`jobs.enabled: false`: a submit is refused, a look-up is not."""
    with service(jobs={"enabled": False}) as jobs:
        for submit in (
            lambda: jobs.submit_job("email", WELCOME),
            lambda: jobs.submit_jobs([("email", WELCOME)]),
        ):
            with pytest.raises(JobsDisabled, match=r"jobs\.enabled"):
                submit()
        assert jobs.find_jobs() == []


def test_inside_an_event_loop_the_blocking_service_names_the_other() -> None:
    """It raises at once, and nothing is left unawaited."""

    async def scenario() -> None:
        with pytest.raises(RuntimeError, match="use AsyncBackgroundJobService"):
            service().submit_job("email", WELCOME)

    run(scenario())


def test_both_forms_have_the_same_methods() -> None:
    """One is the other, awaited."""

    def names(kind: type) -> set[str]:
        return {name for name in dir(kind) if not name.startswith("_")}

    assert names(BackgroundJobService) == names(AsyncBackgroundJobService)
