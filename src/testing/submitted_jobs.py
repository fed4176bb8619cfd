"""SubmittedJobs: what was submitted, and assertions about it that explain themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import PydanticSerializationError, to_jsonable_python

from ..domain.errors import UnknownJobType
from ..domain.job_type import JobType
from ..domain.jobs.base import BaseJob
from ..domain.validator import JobValidator

SHOWN_CHARACTERS = 300
SHOWN_JOBS = 20


class SubmittedJobs:
    """The jobs that were submitted, in their order, each as it stood then."""

    def __init__(self, validator: JobValidator) -> None:
        self._validator = validator
        self.jobs: list[BaseJob] = []

    def matching(self, job_type: JobType[Any, Any] | str, payload: Mapping[str, Any]) -> list[BaseJob]:
        """Those of the type whose payload has these fields; UnknownJobType where there is no such type."""
        name = job_type.name if isinstance(job_type, JobType) else job_type
        found = [job for job in self.jobs if job.type == name]
        if not found and isinstance(job_type, str):
            self._validator.job_type(job_type)
        return [job for job in found if _is_subset(payload, job.payload.value())]

    def assert_submitted(self, job_type: JobType[Any, Any] | str, payload: Mapping[str, Any]) -> BaseJob:
        """The first that matches; AssertionError lists what was submitted instead."""
        __tracebackhide__ = True
        try:
            matching = self.matching(job_type, payload)
        except UnknownJobType as error:
            raise AssertionError(str(error)) from None
        if not matching:
            raise AssertionError(f"no job {_described(job_type, payload)} was submitted; {self._list()}")
        return matching[0]

    def assert_not_submitted(self, job_type: JobType[Any, Any] | str, payload: Mapping[str, Any]) -> None:
        """AssertionError where one matches, or where no such type is known: then it would say nothing."""
        __tracebackhide__ = True
        try:
            matching = self.matching(job_type, payload)
        except UnknownJobType as error:
            raise AssertionError(str(error)) from None
        if matching:
            count = f"{len(matching)} jobs were" if len(matching) > 1 else "a job was"
            raise AssertionError(f"{count} submitted: {_described(job_type, payload)}; {self._list()}")

    def _list(self) -> str:
        if not self.jobs:
            return "nothing was submitted"
        lines = [f"  {job.type} {_short(job.payload.raw.decode())}" for job in self.jobs[:SHOWN_JOBS]]
        if len(self.jobs) > SHOWN_JOBS:
            lines.append(f"  and {len(self.jobs) - SHOWN_JOBS} more")
        return "\n".join(["submitted were:", *lines])


def _is_subset(expected: Any, actual: Any) -> bool:
    """Whether `actual` (JSON) equals `expected`; mappings may have more fields than are expected."""
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        return all(name in actual and _is_subset(value, actual[name]) for name, value in expected.items())
    if isinstance(expected, Sequence) and isinstance(actual, list) and not isinstance(expected, (str, bytes)):
        return len(expected) == len(actual) and all(map(_is_subset, expected, actual))
    if expected is None or isinstance(expected, (bool, int, float, str)):
        return bool(expected == actual) and isinstance(expected, bool) == isinstance(actual, bool)
    if expected == actual:
        return True
    try:
        return bool(to_jsonable_python(expected) == actual)
    except PydanticSerializationError:
        return False


def _described(job_type: JobType[Any, Any] | str, payload: Mapping[str, Any]) -> str:
    name = job_type.name if isinstance(job_type, JobType) else job_type
    fields = ", ".join(f"{field}={value!r}" for field, value in payload.items())
    return f"{name!r} with {fields}" if fields else repr(name)


def _short(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}..."
