"""HandlerRegistry: which handler runs which job type, each bound to what it depends on."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any

import msgspec

from ..domain.errors import InvalidConfiguration, Problem
from ..domain.job_type import JobType
from ..domain.payload import JobPayload
from .job_handler import annotations_of

CLASS_OPTIONS = (
    "queue",
    "priority",
    "max_retries",
    "retry_delay",
    "timeout",
    "backoff",
    "circuit",
    "on_crash",
    "crash_limit",
    "isolation",
    "memory_limit",
    "cpu_limit",
)
_decode = msgspec.json.Decoder().decode
Resolve = Callable[[Any, str], Any]
"""Gives the object for an annotated type; the text says who asks. InvalidConfiguration where there is none."""


@dataclass(frozen=True, slots=True)
class BoundHandler:
    """A handler ready to run: `call(context, payload)`. `is_async` tells the event loop from a thread.

    One that `is_isolated` runs in a process of its own, `async def` or not; for the worker that is work for a thread.
    """

    job_type: JobType[Any, Any]
    call: Callable[[Any, Any], Any | Awaitable[Any]]
    is_async: bool
    is_isolated: bool = False
    is_on_loop: bool = field(init=False)
    """Whether it runs on the event loop, where it can be cancelled."""
    read: Callable[[msgspec.Raw], Any] = field(init=False)
    """The payload as `call` takes it, from its JSON; InvalidJob where it does not fit."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_on_loop", self.is_async and not self.is_isolated)
        object.__setattr__(self, "read", self._reader())

    def _reader(self) -> Callable[[msgspec.Raw], Any]:
        if self.is_isolated:
            return bytes
        if self.job_type.checks_payload:
            return lambda raw: self.job_type.decode(bytes(raw))
        return read_unchecked


class HandlerRegistry:
    """Maps job types to handlers. Made once, by the container; never changes."""

    def __init__(self, handlers: Iterable[BoundHandler]) -> None:
        self._handlers: dict[str, BoundHandler] = {}
        for handler in handlers:
            name = handler.job_type.name
            if name in self._handlers:
                raise InvalidConfiguration([Problem("jobs.handlers", f"two handlers for job type {name!r}")])
            self._handlers[name] = handler

    def get(self, job_type: str) -> BoundHandler | None:
        """The handler of a job type, or None."""
        return self._handlers.get(job_type)

    def without_isolation(self) -> HandlerRegistry:
        """The same handlers, all to run in the process of their caller."""
        return HandlerRegistry(replace(handler, is_isolated=False) for handler in self._handlers.values())

    @property
    def job_types(self) -> Mapping[str, JobType[Any, Any]]:
        """The job types that have a handler, by name."""
        return {name: handler.job_type for name, handler in self._handlers.items()}


def read_unchecked(raw: msgspec.Raw) -> Any:
    """A payload that no model checks, from its JSON."""
    try:
        return _decode(raw)
    except msgspec.DecodeError:  # such as half of a surrogate pair, which another system may have sent
        return JobPayload(bytes(raw)).value()


def declared_in(module: ModuleType) -> Iterator[JobType[Any, Any] | type]:
    """The handlers that a module declares or imports: functions marked by `@job_handler`, and classes of its own."""
    for value in vars(module).values():
        if isinstance(value, type):
            if value.__module__ == module.__name__ and is_handler_class(value):
                yield value
        elif isinstance(value, JobType) and value.function is not None:
            yield value


def is_handler_class(value: type) -> bool:
    """Whether a class has the form of a handler: a `job_type` text and an `execute` method."""
    return isinstance(vars(value).get("job_type"), str) and callable(getattr(value, "execute", None))


def bind_function(job_type: JobType[Any, Any], resolve: Resolve) -> BoundHandler:
    """Bind a marked function; its parameters after (context, payload) are resolved by their annotated types."""
    function = job_type.function
    assert function is not None
    where = f"{function.__module__}.{function.__qualname__}"
    parameters = list(inspect.signature(function).parameters.values())[2:]
    given = resolve_parameters(parameters, annotations_of(function, where), where, resolve)
    is_async = inspect.iscoroutinefunction(inspect.unwrap(function))
    is_isolated = job_type.isolation == "process"
    if not given:
        return BoundHandler(job_type, function, is_async, is_isolated)

    def call(context: Any, payload: Any) -> Any:
        return function(context, payload, **given)

    return BoundHandler(job_type, call, is_async, is_isolated)


def bind_class(handler_class: type, resolve: Resolve) -> BoundHandler:
    """Make an instance; its constructor's parameters are resolved by their annotated types."""
    where = f"{handler_class.__module__}.{handler_class.__qualname__}"
    constructor: Any = handler_class.__init__  # type: ignore[misc]  # its parameters are what is read
    given: dict[str, Any] = {}
    if constructor is not object.__init__:
        parameters = list(inspect.signature(constructor).parameters.values())[1:]
        given = resolve_parameters(parameters, annotations_of(constructor, where), where, resolve)
    execute = handler_class(**given).execute
    job_type = job_type_of(handler_class)
    is_async = inspect.iscoroutinefunction(execute)
    return BoundHandler(job_type, execute, is_async, job_type.isolation == "process")


def job_type_of(handler_class: type) -> JobType[Any, Any]:
    """The JobType that the class attributes of a handler class describe."""
    options = {name: getattr(handler_class, name) for name in CLASS_OPTIONS if hasattr(handler_class, name)}
    return JobType(handler_class.job_type, getattr(handler_class, "payload_model", None), **options)  # type: ignore[attr-defined]  # is_handler_class looked


def resolve_parameters(
    parameters: Iterable[inspect.Parameter], annotations: Mapping[str, Any], where: str, resolve: Resolve
) -> dict[str, Any]:
    """An object for each parameter that has no default; one with a default keeps it where nothing is provided."""
    given: dict[str, Any] = {}
    for parameter in parameters:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        annotation = annotations.get(parameter.name)
        if annotation is None:
            if parameter.default is parameter.empty:
                message = f"parameter {parameter.name!r} needs an annotation: the port type that it is given"
                raise InvalidConfiguration([Problem(where, message)])
            continue
        try:
            given[parameter.name] = resolve(annotation, where)
        except InvalidConfiguration:
            if parameter.default is parameter.empty:
                raise
    return given
