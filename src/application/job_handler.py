"""`@job_handler`: marks a function as the handler of a job type."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, Concatenate, Protocol, TypeVar, get_type_hints, overload

from ..domain.errors import InvalidConfiguration, Problem
from ..domain.isolation import Isolation
from ..domain.job_type import JobType, OnCrash
from ..domain.priority import JobPriority
from ..domain.retry_policy import Backoff

P = TypeVar("P")
R = TypeVar("R")


class _Decorator(Protocol):
    @overload
    def __call__(
        self, function: Callable[Concatenate[Any, P, ...], Coroutine[Any, Any, R]], /
    ) -> JobType[P, R]: ...
    @overload
    def __call__(self, function: Callable[Concatenate[Any, P, ...], R], /) -> JobType[P, R]: ...


def job_handler(
    name: str,
    *,
    queue: str | None = None,
    priority: JobPriority | str | None = None,
    max_retries: int | None = None,
    retry_delay: timedelta | float | str | None = None,
    timeout: timedelta | float | str | None = None,
    backoff: Backoff | None = None,
    circuit: str | None = None,
    on_crash: OnCrash = "retry",
    crash_limit: int | None = None,
    isolation: Isolation = "none",
    memory_limit: int | str | None = None,
    cpu_limit: timedelta | float | str | None = None,
) -> _Decorator:
    """Describe `function(context, payload, ...)` as the handler of jobs of type `name`.

    `async def` runs on the event loop, `def` in a thread; with `isolation="process"` both run in a process of their own,
    with at most `memory_limit` of address space and `cpu_limit` of CPU time. The annotation of `payload` is its model; every further
    parameter is given by the container according to its annotated port type. The options are this type's defaults
    for those of a submit. Nothing is registered: the result is a JobType that the container finds in the modules
    named by `jobs.handlers`, that `submit_job` takes as its first argument, and that can be called like the function.
    """

    def mark(function: Callable[..., Any], /) -> Any:
        return JobType(
            name,
            payload_annotation(function, name),
            queue=queue,
            priority=priority,
            max_retries=max_retries,
            retry_delay=retry_delay,
            timeout=timeout,
            backoff=backoff,
            circuit=circuit,
            on_crash=on_crash,
            crash_limit=crash_limit,
            isolation=isolation,
            memory_limit=memory_limit,
            cpu_limit=cpu_limit,
            function=function,
        )

    return mark


def payload_annotation(function: Callable[..., Any], name: str) -> Any:
    """The annotation of the second parameter; InvalidConfiguration where the signature is not a handler's."""
    parameters = list(inspect.signature(function).parameters.values())
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    where = f"{function.__module__}.{function.__qualname__}"
    if len(positional) < 2:
        raise InvalidConfiguration([Problem(where, f"the handler of {name!r} takes (context, payload, ...)")])
    return annotations_of(function, where).get(positional[1].name)


def annotations_of(function: Callable[..., Any], where: str) -> dict[str, Any]:
    """The resolved annotations; InvalidConfiguration names one that cannot be resolved."""
    try:
        return get_type_hints(function)
    except NameError as error:
        message = f"an annotation cannot be resolved: {error}; import the name outside of TYPE_CHECKING"
        raise InvalidConfiguration([Problem(where, message)]) from error
