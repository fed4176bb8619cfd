"""What runs in processes of their own come to, and what they can ask of their worker."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hexjobs.domain.errors import Problem, QueueFull, UnknownJobType
from hexjobs.domain.job_type import JobType
from hexjobs.domain.outcome import Cancel, Crash, Discard, Done, Fail, Retry, Snooze
from support.isolation import Runs, context_of, result, runs


@pytest.fixture(scope="module")
def isolated() -> Iterator[Runs]:
    """One helper process for the tests of this module."""
    with runs() as made:
        yield made


def test_a_handler_has_a_process_and_little_else(isolated: Runs) -> None:
    """Its payload as its model, what it depends on, the job scopes, the facts of its run, and one descriptor."""
    deadline = datetime(2026, 3, 1, tzinfo=UTC)
    context = context_of("blocks", attempt=2, metadata={"tenant": "é"}, deadline=deadline)
    found = result(isolated.run("blocks", {"a": 1}, context))
    assert found["sum"] == 3
    assert found["pid"] not in {os.getpid(), isolated.runner.helper_pid}
    assert found["group"] == found["pid"], "a session and group of its own"
    assert found["descriptors"][:3] == [0, 1, 2]
    assert len(found["descriptors"]) == 5, "the channel, and the folder that was being listed"
    assert found["scope"] == "job-1"
    assert found["clock"] == "SystemClock"
    assert found["known"] == [2, 9, {"tenant": "é"}, str(deadline)]


def test_a_program_of_the_handler_does_not_inherit_the_channel(isolated: Runs) -> None:
    """Nor anything else of ours: standard streams, and the folder that was being listed."""
    assert result(isolated.run("starts_a_program")) == ["0", "1", "2", "3"]


def test_async_handlers_and_the_class_form(isolated: Runs) -> None:
    """They run on an event loop of their own."""
    assert result(isolated.run("waits", {"a": 40})) == {"sum": 42, "scope": "job-1"}
    assert result(isolated.run("as_class", {"a": 1, "b": 1})) == 2


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        ("done", Done(b'{"x":[1,2.5,"\xc3\xa9"]}')),
        ("nothing", Done(b"null")),
        ("retry", Retry("later", timedelta(seconds=5))),
        ("fail", Fail("no", "because")),
        ("snooze", Snooze(timedelta(minutes=1), "busy")),
        ("cancel", Cancel("enough")),
        ("discard", Discard("not needed")),
        ("later", Snooze(timedelta(seconds=7), "retry_later")),
    ],
)
def test_outcome_values_arrive_as_they_are(isolated: Runs, way: str, expected: Any) -> None:
    """Whatever a handler may return or raise to say how it ended."""
    assert isolated.run("comes_to", {"way": way}) == expected


@pytest.mark.parametrize(
    ("way", "kind", "said"),
    [
        ("raise", Retry, ["ValueError: broken ?", "in comes_to"]),
        ("permanent", Fail, ["PermanentError: never"]),
        ("interrupt", Retry, ["KeyboardInterrupt"]),
        ("object", Fail, ["cannot be kept", "result.job: is a object"]),
        ("odd_retry", Retry, ["returned a Retry that cannot be read"]),
    ],
)
def test_errors_arrive_as_text(isolated: Runs, way: str, kind: Any, said: list[str]) -> None:
    """Type, message and traceback; a result that is not JSON fails for good, as anywhere."""
    outcome: Any = isolated.run("comes_to", {"way": way})
    assert type(outcome) is kind
    assert [part for part in said if part not in outcome.error] == []


def test_a_payload_that_does_not_fit_its_model(isolated: Runs) -> None:
    """It is decoded in the process, and fails for good."""
    outcome = isolated.run("blocks", {"b": "x"})
    assert (type(outcome), outcome.reason) == (Fail, "invalid_payload")
    assert "payload.a" in outcome.error


@pytest.mark.parametrize(
    ("way", "said"),
    [
        ("segfault", "killed by SIGSEGV"),
        ("abort", "killed by SIGABRT"),
        ("SIGKILL", "killed by SIGKILL, as when the machine has no memory left"),
        ("SIGTERM", "killed by SIGTERM"),
        ("os_exit", "exited with status 3"),
        ("sys_exit", "exited with status 4"),
        ("sys_exit_quietly", "exited with status 0 before the handler returned"),
    ],
)
def test_a_process_that_dies_is_a_crash(isolated: Runs, way: str, said: str) -> None:
    """Of this job alone; the text tells how it died."""
    outcome = isolated.run("dies", {"way": way})
    assert isinstance(outcome, Crash)
    assert said in outcome.error


def test_sys_exit_on_an_event_loop_is_a_crash_too(isolated: Runs) -> None:
    """Also there the process exits."""
    assert isolated.run("dies_waiting") == Crash(
        "its process exited with status 5 before the handler returned"
    )


def test_more_memory_than_the_limit_is_an_ordinary_failure(isolated: Runs) -> None:
    """MemoryError, and the text names the limit; a limit in which nothing fits says so."""
    outcome = isolated.run("eats")
    assert isinstance(outcome, Retry)
    assert "MemoryError" in outcome.error
    assert "1 GiB" in outcome.error
    outcome = isolated.run("too_small")
    assert isinstance(outcome, Retry)
    assert "memory_limit is 1 MiB: raise it" in outcome.error


@pytest.mark.parametrize("job_type", ["burns", "ignores_the_limit"])
def test_more_cpu_time_than_the_limit_is_a_failure(isolated: Runs, job_type: str) -> None:
    """No crash, also where the process is deaf to the signal."""
    assert isolated.run(job_type) == Retry("the run used more CPU time than its cpu_limit of 1s")


def test_what_a_handler_asks_its_worker_does(isolated: Runs) -> None:
    """Progress, jobs with every kind of option, and effects that are recorded once."""
    submitted: list[Any] = []
    progress: list[Any] = []

    def submit(job_type: Any, payload: Any, **options: Any) -> str:
        submitted.append((job_type, payload, options))
        return f"id-{len(submitted)}"

    context = context_of("asks", blocking_submit=submit, save_progress=progress.append)
    assert result(isolated.run("asks", {}, context)) == {
        "submitted": ["id-1", "id-2"],
        "once": {"paid": True},
        "cancelled": False,
    }
    assert progress == [{"done": 1}]
    assert submitted[0] == ("other", {"n": 1}, {"delay": 5.0, "tags": ["a"], "priority": "low"})
    declared = submitted[1][0]
    assert isinstance(declared, JobType)
    assert (declared.name, declared.queue, declared.priority) == ("other", "side", 2)
    second = result(isolated.run("asks_waiting", {}, context))
    assert second == {"submitted": "id-3", "once": {"paid": True}}, "the effect is not repeated"


def test_what_the_worker_refuses_is_raised_in_the_handler(isolated: Runs) -> None:
    """As the same error where it is one of hexjobs; progress that is not JSON as ValueError."""

    def submit(job_type: Any, payload: Any, **options: Any) -> str:
        if job_type == "full":
            raise QueueFull("side", 3)
        raise UnknownJobType([Problem("job_type", "nobody knows it")])

    found = result(isolated.run("is_refused", {}, context_of("is_refused", blocking_submit=submit)))
    assert found["nonsense"] == ["UnknownJobType", "job_type: nobody knows it", None]
    assert found["full"][0] == "QueueFull"
    assert found["full"][2] == 3
    assert "nan" in found["nan"]
    assert "not JSON" in found["{1}"]


def test_a_fork_of_the_handler_cannot_speak_for_it(isolated: Runs) -> None:
    """Where it comes back from the handler too, the process of the run alone is heard."""
    progress: list[Any] = []
    context = context_of("comes_back_twice", save_progress=progress.append)
    outcome = isolated.run("comes_back_twice", {}, context)
    assert outcome == Crash("its process exited with status 9 before the handler returned")
    assert progress == []


def test_lines_of_the_process_are_logged_with_its_ids(capfd: pytest.CaptureFixture[str]) -> None:
    """On standard error, structlog's and the standard library's alike."""
    with runs() as made:
        made.run("logs")
    lines = [line for line in capfd.readouterr().err.splitlines() if "from_" in line]
    assert len(lines) == 3
    assert all('"job_id": "job-1"' in line and '"attempt": 1' in line for line in lines), lines
