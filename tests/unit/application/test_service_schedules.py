"""What both services do with recurring schedules, on the in-memory adapter: every method, and what it refuses."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from pydantic import BaseModel

from hexjobs import (
    AsyncBackgroundJobService,
    BackgroundJobService,
    InvalidJob,
    JobNotFound,
    JobPriority,
    JobType,
    UnknownJobType,
    UnknownQueue,
    UnsupportedOption,
)
from hexjobs.application.async_schedules import AsyncSchedules
from hexjobs.application.blocking_schedules import BlockingSchedules
from hexjobs.application.messages import to_instant
from hexjobs.application.schedule_options import ScheduleOptions
from hexjobs.container import Container
from hexjobs.domain.options import OPTION_NAMES
from hexjobs.ports.envelope import decode_envelope
from hexjobs.ports.schedule_entry import ScheduleEntry
from hexjobs.settings import load_settings
from support.run import run


class Invoice(BaseModel):
    """A payload."""

    number: int


send_invoice = JobType("send_invoice", Invoice, queue="billing")
send_letter = JobType("send_letter", dict)
BERLIN = {"cron": "30 2 * * *", "timezone": "Europe/Berlin"}


class Awaited:
    """The asynchronous service, called as the blocking one is."""

    def __init__(self, jobs: AsyncBackgroundJobService) -> None:
        self._jobs = jobs

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            return run(getattr(self._jobs, name)(*arguments, **options))

        return call


@contextmanager
def service(kind: str) -> Iterator[Any]:
    """A service in memory, with a queue `slow`."""
    container = Container(
        settings=load_settings(
            None, environ={}, overrides={"jobs.provider": "memory", "queues": {"slow": {}, "billing": {}}}
        )
    )
    if kind == "blocking":
        with BackgroundJobService(container) as jobs:
            yield jobs
    else:
        awaited = Awaited(AsyncBackgroundJobService(container))
        yield awaited
        awaited.close()


@pytest.fixture(params=["blocking", "async"])
def jobs(request: pytest.FixtureRequest) -> Iterator[Any]:
    with service(request.param) as found:
        yield found


def envelope(entry: ScheduleEntry) -> Any:
    """The job that each instant makes."""
    return decode_envelope(bytes(entry.envelope))


def test_a_schedule_is_kept_with_its_plan_and_its_job(jobs: Any) -> None:
    """All words at once; durations and instants as people write them."""
    entry = jobs.schedule_recurring(
        "nightly",
        send_invoice,
        Invoice(number=7),
        **BERLIN,
        start="2026-03-01T08:00",
        end=datetime(2099, 1, 1, tzinfo=UTC),
        limit=5,
        exclude=["2026-12-25"],
        jitter="30s",
        misfire="run_all",
        grace=timedelta(minutes=2),
        backlog=7,
        overlap="skip",
        queue="slow",
        priority="high",
        max_retries=0,
        timeout="30s",
        unique_key="k",
        tags=["a"],
        metadata={"b": 1},
        retention=60,
    )
    assert (entry.name, entry.cron, entry.timezone, entry.source) == (
        "nightly",
        "30 2 * * *",
        "Europe/Berlin",
        "code",
    )
    assert to_instant(entry.start) == datetime(2026, 3, 1, 7, tzinfo=UTC), "a local time of the zone"
    assert to_instant(entry.end) == datetime(2099, 1, 1, tzinfo=UTC)
    assert (entry.limit, entry.exclude, entry.jitter) == (5, ["2026-12-25"], 30_000)
    assert (entry.misfire, entry.grace, entry.backlog, entry.overlap) == ("run_all", 120_000, 7, "skip")
    job = envelope(entry)
    assert (job.type, job.queue, job.priority, job.max_retries, job.timeout) == (
        "send_invoice",
        "slow",
        "high",
        0,
        30_000,
    )
    assert (job.unique, job.tags, job.metadata, job.retention) == ("k", ["a"], {"b": 1}, 60_000)
    assert msgspec.json.decode(job.payload) == {"number": 7}
    assert jobs.get_schedule("nightly") == entry
    assert jobs.list_schedules() == [entry]
    assert jobs.schedule_recurring("other", send_letter, {}, every="90s", source="cli").source == "cli"
    assert [each.name for each in jobs.list_schedules()] == ["nightly", "other"]


def test_the_same_name_replaces_it(jobs: Any) -> None:
    jobs.schedule_recurring("nightly", send_letter, {"a": 1}, cron="0 2 * * *")
    jobs.schedule_recurring("nightly", send_letter, {"a": 2}, every=90)
    [entry] = jobs.list_schedules()
    assert (entry.cron, entry.every, msgspec.json.decode(envelope(entry).payload)) == (None, 90_000, {"a": 2})


def test_an_edit_changes_what_is_given(jobs: Any) -> None:
    """The plan, the payload or the options of its jobs; None takes a bound away; `cron` replaces `every`, and back."""
    jobs.schedule_recurring(
        "nightly",
        send_invoice,
        Invoice(number=7),
        **BERLIN,
        limit=5,
        overlap="skip",
        max_retries=0,
        tags=["a"],
    )
    entry = jobs.edit_schedule("nightly", every="1h", limit=None)
    assert (entry.cron, entry.every, entry.limit, entry.overlap) == (None, 3_600_000, None, "skip")
    assert jobs.edit_schedule("nightly", cron="@daily").every is None
    job = envelope(jobs.edit_schedule("nightly", priority=JobPriority.LOW, timeout="5s"))
    assert (job.priority, job.timeout, job.max_retries, job.tags) == ("low", 5000, 0, ["a"])
    assert msgspec.json.decode(job.payload) == {"number": 7}


def test_an_edit_of_the_payload_is_checked(jobs: Any) -> None:
    """Against the job type that the process knows; one that it does not know cannot be."""
    jobs.schedule_recurring(
        "mails",
        "email",
        {"email_type": "welcome", "to": "user@example.com", "username": "Ada"},
        every="1h",
        tags=["a"],
        queue="slow",
        priority="high",
    )
    changed = {"email_type": "welcome", "to": "other@example.com", "username": "Ada"}
    job = envelope(jobs.edit_schedule("mails", payload=changed))
    assert msgspec.json.decode(job.payload)["to"] == "other@example.com"
    assert (job.queue, job.priority, job.tags) == ("slow", "high", ["a"])
    with pytest.raises(InvalidJob, match=r"payload\.to"):
        jobs.edit_schedule("mails", payload={"email_type": "welcome", "username": "Ada"})
    with pytest.raises(UnsupportedOption, match="did you mean 'grace'"):
        jobs.edit_schedule("mails", grce="1m")
    assert msgspec.json.decode(envelope(jobs.get_schedule("mails")).payload) == changed


def test_a_paused_one_can_be_triggered_and_goes_on_from_the_present(jobs: Any) -> None:
    before = jobs.schedule_recurring("nightly", send_invoice, Invoice(number=7), every="1h")
    jobs.pause_schedule("nightly")
    assert jobs.get_schedule("nightly").paused_by == "hand"
    job_id = jobs.trigger_schedule("nightly")
    assert job_id.startswith("schedule:nightly:manual:")
    job = jobs.get_job(job_id)
    assert (job.type, job.queue, job.payload.value()) == ("send_invoice", "billing", {"number": 7})
    [entry] = jobs.schedule_history("nightly")
    assert (entry.outcome, entry.job_id) == ("triggered", job_id)
    jobs.resume_schedule("nightly")
    after = jobs.get_schedule("nightly")
    assert (after.paused_by, after.next_due) == ("", before.next_due)


def test_the_coming_instants_are_shown_with_their_clock_changes(jobs: Any) -> None:
    """At most as many as are asked for; fewer where it ends."""
    start = datetime(2027, 3, 27, tzinfo=UTC)
    jobs.schedule_recurring("nightly", send_letter, {}, **BERLIN, start=start)
    assert len(jobs.coming_instants("nightly")) == 10
    found = jobs.coming_instants("nightly", 3)
    assert [(one.local.isoformat(), one.change) for one in found] == [
        ("2027-03-27T02:30:00+01:00", None),
        ("2027-03-28T03:00:00+02:00", "gap"),
        ("2027-03-29T02:30:00+02:00", None),
    ]
    assert found[1].instant == found[1].due == datetime(2027, 3, 28, 1, tzinfo=UTC)
    jobs.edit_schedule("nightly", end=start + timedelta(days=1))
    assert len(jobs.coming_instants("nightly", 3)) == 1


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"cron": "0 0 31 2 *"}, "cron: .* never fires"),
        ({"cron": "61 * * * *"}, "cron: .*minute '61'"),
        ({"cron": "* * * *"}, "cron: .*write five"),
        ({"cron": "@dayly"}, "did you mean '@daily'"),
        ({}, "cron: give either cron"),
        ({"cron": "@daily", "every": "1h"}, "cron: give either cron"),
        ({"every": "often"}, "every: 'often' is not a duration"),
        ({"cron": "@daily", "timezone": "Europe/Berlinn"}, "did you mean 'Europe/Berlin'"),
        ({"cron": "@daily", "misfire": "never"}, "misfire: 'never' is none of skip, run_once, run_all"),
        ({"cron": "@daily", "overlap": "never"}, "overlap: 'never' is none of"),
        ({"cron": "@daily", "limit": "x"}, "limit: 'x' is not a whole number"),
        ({"cron": "@daily", "max_retries": -1}, "options.max_retries"),
    ],
)
def test_what_is_wrong_is_named(jobs: Any, wrong: dict[str, Any], says: str) -> None:
    """By its field, and nothing is kept then."""
    with pytest.raises(InvalidJob, match=says):
        jobs.schedule_recurring("other", send_letter, {}, **wrong)
    assert jobs.list_schedules() == []


def test_what_a_submit_would_refuse_is_refused(jobs: Any) -> None:
    """An unknown type or queue, a payload that does not fit, options of one submit alone, names that are none."""
    with pytest.raises(UnknownJobType):
        jobs.schedule_recurring("other", "no_such_type", {}, every="1h")
    with pytest.raises(UnknownQueue):
        jobs.schedule_recurring("other", send_letter, {}, every="1h", queue="nowhere")
    with pytest.raises(InvalidJob, match="payload"):
        jobs.schedule_recurring("other", "email", every="1h")
    for option in ({"delay": "5s"}, {"job_id": "a"}, {"deadline": "2030-01-01T00:00:00Z"}):
        with pytest.raises(UnsupportedOption, match="recurring schedule"):
            jobs.schedule_recurring("other", send_letter, {}, every="1h", **option)
    with pytest.raises(UnsupportedOption, match=r"options\.evry: is not an option; did you mean 'every'"):
        jobs.schedule_recurring("other", send_letter, {}, evry="1h")
    with pytest.raises(InvalidJob, match="name"):
        jobs.schedule_recurring("Not A Name", send_letter, {}, every="1h")
    assert jobs.list_schedules() == []


def test_one_that_is_not_there_is_not_found(jobs: Any) -> None:
    """By every method that takes a name; nor is one that was removed."""
    jobs.schedule_recurring("gone", send_letter, {}, every="1h")
    jobs.remove_schedule("gone")
    for call in (
        jobs.get_schedule,
        jobs.remove_schedule,
        jobs.pause_schedule,
        jobs.resume_schedule,
        jobs.trigger_schedule,
        jobs.coming_instants,
        jobs.schedule_history,
        jobs.edit_schedule,
    ):
        with pytest.raises(JobNotFound, match="there is no schedule 'gone'"):
            call("gone")


def test_both_services_have_the_same_methods() -> None:
    """With the same arguments."""
    methods = {name: value for name, value in vars(AsyncSchedules).items() if inspect.isfunction(value)}
    assert len(methods) == 10
    for name, method in methods.items():
        assert (
            inspect.signature(method).parameters
            == inspect.signature(getattr(BlockingSchedules, name)).parameters
        )


def test_the_typed_options_are_those_that_are_read() -> None:
    """Each word of `make_plan`, and each option of a job that holds for any number of them."""
    from hexjobs.application.recurring.make_plan import make_plan

    plan = set(inspect.signature(make_plan).parameters)
    per_fire = {"delay", "scheduled_at", "job_id", "expires_at", "deadline"}
    assert ScheduleOptions.__optional_keys__ == plan | (set(OPTION_NAMES) - per_fire)
    assert not ScheduleOptions.__required_keys__
