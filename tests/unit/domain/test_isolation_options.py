"""The options of isolation: what they may be, and what an error says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hexjobs import InvalidJob, JobType
from hexjobs.application.handler_registry import job_type_of
from hexjobs.domain.byte_size import format_byte_size, parse_byte_size


@pytest.mark.parametrize(
    ("written", "size"),
    [
        (1, 1),
        ("512MiB", 512 * 2**20),
        ("1.5 GiB", 3 * 2**29),
        ("2gb", 2 * 10**9),
        ("7KB", 7000),
        ("64kib", 65536),
        ("9b", 9),
    ],
)
def test_sizes(written: int | str, size: int) -> None:
    """Bytes, thousands and powers of two."""
    assert parse_byte_size(written) == size


@pytest.mark.parametrize(
    "written", [0, -1, True, 1.5, "", "12", "5 monkeys", "MiB", "-5MiB", "0GB", None, []]
)
def test_what_is_no_size(written: Any) -> None:
    """The error shows how to write one."""
    with pytest.raises(ValueError, match="is not a size; write it like"):
        parse_byte_size(written)


@pytest.mark.parametrize(
    ("size", "text"), [(12, "12 bytes"), (2**20, "1 MiB"), (3 * 2**29, "1.5 GiB"), (1500, "1.5 KiB")]
)
def test_sizes_for_people(size: int, text: str) -> None:
    """In the largest unit that fits."""
    assert format_byte_size(size) == text


def test_a_job_type_keeps_its_limits() -> None:
    """As bytes and as a timedelta; without isolation there are none."""
    job_type: JobType[Any, Any] = JobType("x", isolation="process", memory_limit="1GiB", cpu_limit="30s")
    assert (job_type.isolation, job_type.memory_limit) == ("process", 2**30)
    assert job_type.cpu_limit == timedelta(seconds=30)
    plain: JobType[Any, Any] = JobType("x")
    assert (plain.isolation, plain.memory_limit, plain.cpu_limit) == ("none", None, None)


def test_the_class_form_has_them_too() -> None:
    """As attributes, like the other options."""

    class Handler:
        job_type = "x"
        isolation = "process"
        memory_limit = 10**9
        cpu_limit = 5

        def execute(self, context: Any, payload: Any) -> None: ...

    described = job_type_of(Handler)
    assert (described.isolation, described.memory_limit) == ("process", 10**9)
    assert described.cpu_limit == timedelta(seconds=5)


@pytest.mark.parametrize(
    ("options", "problems"),
    [
        ({"isolation": "thread"}, ['x.isolation: \'thread\' must be "none" or "process"']),
        ({"memory_limit": "1GiB"}, ['x.memory_limit: needs isolation="process": only a process has limits']),
        ({"cpu_limit": 3}, ['x.cpu_limit: needs isolation="process": only a process has limits']),
        ({"isolation": "process", "memory_limit": "much"}, ["x.memory_limit: 'much' is not a size;"]),
        ({"isolation": "process", "cpu_limit": "soon"}, ["x.cpu_limit: 'soon' is not a duration;"]),
        ({"isolation": "process", "cpu_limit": "200ms"}, ["x.cpu_limit: must be at least 1s"]),
        (
            {"isolation": "process", "cpu_limit": 0, "memory_limit": 0, "max_retries": -1},
            ["x.max_retries", "x.memory_limit: 0", "x.cpu_limit"],
        ),
    ],
)
def test_wrong_options_are_named(options: dict[str, Any], problems: list[str]) -> None:
    """Each with its field, all at once."""
    with pytest.raises(InvalidJob) as raised:
        JobType("x", **options)
    found = sorted(map(str, raised.value.problems))
    assert len(found) == len(problems), found
    assert [part for part in problems if not any(one.startswith(part) for one in found)] == []
