"""JobOptions: what people write, and all that is wrong with it at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from hexjobs.domain.errors import InvalidJob, UnsupportedOption
from hexjobs.domain.options import LAST_INSTANT, OPTION_NAMES, JobOptions
from hexjobs.domain.priority import JobPriority

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
NAIVE = datetime(2026, 3, 1, 12)  # noqa: DTZ001  # the point of the test
LEGAL: dict[str, list[tuple[Any, Any]]] = {
    "queue": [("mail_2-x", "mail_2-x")],
    "priority": [
        ("HIGH", JobPriority.HIGH),
        (0, JobPriority.LOW),
        (JobPriority.CRITICAL, JobPriority.CRITICAL),
    ],
    "delay": [("5m", timedelta(minutes=5)), (0, timedelta(0)), (timedelta(1), timedelta(1))],
    "scheduled_at": [(AT, AT), ("2026-03-01T12:00:00+00:00", AT)],
    "max_retries": [(0, 0), (7, 7)],
    "timeout": [("none", "none"), ("30s", timedelta(seconds=30))],
    "expires_at": [(AT, AT)],
    "deadline": [(AT, AT)],
    "job_id": [("Order-7:a@b+c.d_e", "Order-7:a@b+c.d_e"), ("x" * 128, "x" * 128)],
    "unique_key": [("invoice/7 é", "invoice/7 é"), ("x" * 256, "x" * 256)],
    "tags": [(["a", "b"], ("a", "b")), ((), ())],
    "metadata": [({"by": [1, None]}, {"by": [1, None]})],
    "retention": [("24h", timedelta(days=1)), (0, timedelta(0))],
}
BEFORE_ALL = datetime.min.replace(tzinfo=timezone(timedelta(hours=1)))
AFTER_ALL = datetime.max.replace(tzinfo=timezone(timedelta(hours=-1)))
ILLEGAL: dict[str, list[Any]] = {
    "queue": ["Mail", "", "a b", "x" * 65, 5, "a\n"],
    "priority": ["urgent", 4, True],
    "delay": ["soon", -1, "-5s", [], True],
    "scheduled_at": [NAIVE, "2026-03-01T12:00:00", "tomorrow", 5, BEFORE_ALL, AFTER_ALL],
    "max_retries": [-1, 1.5, "3", True],
    "timeout": [0, "0s", -1, "never"],
    "expires_at": [NAIVE, "never", AFTER_ALL],
    "deadline": [NAIVE, 7, AFTER_ALL],
    "job_id": ["", "a b", "x" * 129, "é", 7, "job\n"],
    "unique_key": ["", "x" * 257, 7, "\ud800"],
    "tags": ["a", [1], 5, ["a"] * 33],
    "metadata": [[1], "x", {"a": object()}, {"a": float("nan")}, {1: 2}],
    "retention": ["forever", -1],
}


def test_the_names() -> None:
    """As in the documentation."""
    assert set(OPTION_NAMES) == set(JobOptions.__dataclass_fields__) == set(LEGAL) == set(ILLEGAL)


@pytest.mark.parametrize(
    ("name", "given", "value"), [(n, *pair) for n, pairs in LEGAL.items() for pair in pairs]
)
def test_what_is_legal(name: str, given: Any, value: Any) -> None:
    """Each option, as people write it."""
    options = JobOptions.make(**{name: given})
    assert getattr(options, name) == value
    assert list(options.problems()) == []


@pytest.mark.parametrize(("name", "given"), [(n, value) for n, values in ILLEGAL.items() for value in values])
def test_what_is_not(name: str, given: Any) -> None:
    """InvalidJob names the option, and can be shown to anybody."""
    with pytest.raises(InvalidJob) as caught:
        JobOptions.make(**{name: given})
    assert {problem.field.split(".")[1] for problem in caught.value.problems} == {name}
    assert str(caught.value).encode()


def test_all_problems_come_at_once() -> None:
    """Those of a wrong form and those of a wrong value together."""
    wrong = {name: values[0] for name, values in ILLEGAL.items()}
    with pytest.raises(InvalidJob) as caught:
        JobOptions.make(**wrong)
    assert {problem.field.split(".")[1] for problem in caught.value.problems} >= set(OPTION_NAMES)


def test_a_delay_that_no_calendar_holds_is_refused() -> None:
    """The last instant of UTC is none of them; what lies beyond is named, and no error of the arithmetic."""
    assert JobOptions.make(scheduled_at=LAST_INSTANT).starts_at(AT) == LAST_INSTANT
    assert JobOptions.make(delay=LAST_INSTANT - AT).starts_at(AT) == LAST_INSTANT
    for delay in (LAST_INSTANT - AT + timedelta.resolution, timedelta.max):
        with pytest.raises(InvalidJob, match=r"options.delay: must end by the year 9999"):
            JobOptions.make(delay=delay).starts_at(AT)


def test_delay_and_scheduled_at_exclude_each_other() -> None:
    """One start time, not two."""
    with pytest.raises(InvalidJob, match=r"options.delay: cannot be given together with scheduled_at"):
        JobOptions.make(delay=5, scheduled_at=AT)


def test_an_unknown_option_names_the_nearest() -> None:
    """Never accepted and ignored."""
    with pytest.raises(
        UnsupportedOption, match=r"options.prioritty: is not an option; did you mean 'priority'\?"
    ):
        JobOptions.make(prioritty="high")


def test_keywords_win_over_a_base() -> None:
    """And None means not given."""
    base = JobOptions.make(queue="mail", max_retries=2)
    options = JobOptions.make(base, max_retries=5, queue=None)
    assert (options.queue, options.max_retries) == ("mail", 5)
    assert JobOptions.make() == JobOptions()


def test_a_wrong_base_is_found() -> None:
    """Options that were made by hand are checked like others."""
    with pytest.raises(InvalidJob, match=r"options.max_retries: must be 0 or more"):
        JobOptions.make(JobOptions(max_retries=-1), queue="mail")
