"""What handler modules come to: handlers with their dependencies, middleware, scopes, observers and hooks."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from .application.handler_registry import HandlerRegistry, bind_class, bind_function, resolve_parameters
from .application.job_context import JobContext
from .application.job_handler import annotations_of
from .application.marks import Mark, MarkKind
from .application.middleware import Middleware
from .application.observers import Observers
from .domain.errors import InvalidConfiguration, Problem
from .domain.suggestion import nearest
from .handler_modules import HandlerModules
from .lifecycle import Hook


class Resolver:
    """Gives objects by their annotated type: what handler modules provide first, then what the container has."""

    def __init__(self, modules: HandlerModules, known: Mapping[Any, Callable[[], Any]]) -> None:
        self._known = known
        self._marks: dict[Any, Mark[Any]] = {
            mark.provides: mark for mark in modules.marked(MarkKind.PROVIDER)
        }
        self._made: dict[Any, Any] = {}
        self._making: list[Any] = []

    def __call__(self, annotation: Any, where: str) -> Any:
        """The object for a type; InvalidConfiguration where nothing provides it."""
        if annotation in self._made:
            return self._made[annotation]
        mark = self._marks.get(annotation)
        if mark is not None:
            made = self._make(mark, where)
        elif annotation in self._known:
            made = self._known[annotation]()
        else:
            name = getattr(annotation, "__name__", str(annotation))
            known = {getattr(kind, "__name__", str(kind)) for kind in (*self._known, *self._marks)}
            message = f"nothing provides {name}{nearest(name, known)}; mark a function with @provider"
            raise InvalidConfiguration([Problem(where, message)])
        self._made[annotation] = made
        return made

    def call(self, mark: Mark[Any], *given: Any) -> Any:
        """Call a marked function, the parameters after `given` resolved by type."""
        function = mark.function
        where = f"{function.__module__}.{function.__qualname__}"
        parameters = list(inspect.signature(function).parameters.values())[len(given) :]
        return function(
            *given, **resolve_parameters(parameters, annotations_of(function, where), where, self)
        )

    def _make(self, mark: Mark[Any], where: str) -> Any:
        if mark.provides in self._making:
            raise InvalidConfiguration([Problem(where, f"{mark.provides!r} needs itself")])
        self._making.append(mark.provides)
        try:
            return self.call(mark)
        finally:
            self._making.pop()


def registry(modules: HandlerModules, shipped: Sequence[type], resolve: Resolver) -> HandlerRegistry:
    """Every handler, bound; a handler of a module stands in for a shipped one of the same job type."""
    own = [bind_function(job_type, resolve) for job_type in modules.functions]
    own += [bind_class(handler_class, resolve) for handler_class in modules.classes]
    taken = {handler.job_type.name for handler in own}
    return HandlerRegistry(
        [*own, *(bind_class(each, resolve) for each in shipped if vars(each)["job_type"] not in taken)]
    )


def circuits(modules: HandlerModules) -> set[str]:
    """The circuits that handlers name."""
    return {job_type.circuit for job_type in modules.job_types if job_type.circuit is not None}


def gates(modules: HandlerModules, circuit_breaker: Callable[[], Middleware]) -> list[Middleware]:
    """What a run passes before it starts. Where no handler names a circuit, there is no breaker to pass."""
    return [circuit_breaker()] if circuits(modules) else []


def layers(modules: HandlerModules) -> list[Middleware]:
    """The middleware of the handler modules, outermost first."""
    return [mark.function for mark in modules.marked(MarkKind.MIDDLEWARE)]


def job_scopes(modules: HandlerModules) -> list[Callable[[JobContext], AbstractContextManager[Any]]]:
    """The context managers around each handler."""
    return [mark.function for mark in modules.marked(MarkKind.JOB_SCOPE)]


def observers(modules: HandlerModules) -> Observers:
    """Who hears how jobs ended."""
    kinds = (MarkKind.ON_COMPLETED, MarkKind.ON_RETRY, MarkKind.ON_DEAD)
    return Observers(*(tuple(mark.function for mark in modules.marked(kind)) for kind in kinds))


def marked_hooks(modules: HandlerModules, resolve: Resolver) -> list[Hook]:
    """The hooks that handler modules mark; a lifecycle starts them in the written order and stops them in reverse."""
    started = [
        Hook(_name(mark), on_start=partial(resolve.call, mark)) for mark in modules.marked(MarkKind.ON_START)
    ]
    stopped = [
        Hook(_name(mark), on_stop=partial(resolve.call, mark)) for mark in modules.marked(MarkKind.ON_STOP)
    ]
    return [*started, *stopped]


def _name(mark: Mark[Any]) -> str:
    return f"{mark.function.__module__}.{mark.function.__qualname__}"
