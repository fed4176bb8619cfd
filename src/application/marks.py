"""Marks: how a module of handlers says what else it brings, without touching the package.

The container collects the marks of the modules in `jobs.handlers`: providers of dependencies, hooks of the lifecycle,
scopes around each job, middleware, and observers. A marked function stays a function.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Generic, TypeVar

from ..domain.errors import InvalidConfiguration, Problem
from .job_handler import annotations_of

F = TypeVar("F", bound=Callable[..., Any])


class MarkKind(StrEnum):
    """What a marked function is for."""

    PROVIDER = "provider"
    ON_START = "on_start"
    ON_STOP = "on_stop"
    JOB_SCOPE = "job_scope"
    MIDDLEWARE = "middleware"
    ON_COMPLETED = "on_completed"
    ON_RETRY = "on_retry"
    ON_DEAD = "on_dead"


class Mark(Generic[F]):
    """A function and what it is for; calling it calls the function."""

    def __init__(self, kind: MarkKind, function: F, provides: Any = None) -> None:
        self.kind = kind
        self.function = function
        self.provides = provides
        self.__doc__ = function.__doc__
        self.__wrapped__ = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the marked function."""
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"Mark({self.kind.value}, {self.function!r})"


def provider(function: F) -> Mark[F]:
    """What the function returns is given to handlers that ask for its annotated return type.

    Called once, at first need; its own parameters are given by their annotated types.
    """
    where = f"{function.__module__}.{function.__qualname__}"
    provides = annotations_of(function, where).get("return")
    if provides is None:
        raise InvalidConfiguration(
            [Problem(where, "a provider's return annotation names the type it provides")]
        )
    return Mark(MarkKind.PROVIDER, function, provides)


def on_start(function: F) -> Mark[F]:
    """Called (and awaited) when a worker starts, before it takes jobs; parameters are given by type."""
    return Mark(MarkKind.ON_START, function)


def on_stop(function: F) -> Mark[F]:
    """Called (and awaited) when a worker stops, after its last job; parameters are given by type."""
    return Mark(MarkKind.ON_STOP, function)


def job_scope(function: F) -> Mark[F]:
    """`function(context)` returns a context manager that is entered around each run, in the handler's own thread."""
    return Mark(MarkKind.JOB_SCOPE, function)


def middleware(function: F) -> Mark[F]:
    """`async function(run, proceed)` surrounds each run on the event loop and returns `await proceed(run)`."""
    return Mark(MarkKind.MIDDLEWARE, function)


def on_completed(function: F) -> Mark[F]:
    """`function(event)` hears of each completed job; a failing or slow one never affects a job."""
    return Mark(MarkKind.ON_COMPLETED, function)


def on_retry(function: F) -> Mark[F]:
    """`function(event)` hears of each failed run that another will follow."""
    return Mark(MarkKind.ON_RETRY, function)


def on_dead(function: F) -> Mark[F]:
    """`function(event)` hears of each dead-lettered job."""
    return Mark(MarkKind.ON_DEAD, function)
