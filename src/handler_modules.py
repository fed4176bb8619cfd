"""HandlerModules: what the modules in `jobs.handlers` declare."""

from __future__ import annotations

import importlib
import sysconfig
import traceback
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from .application.handler_registry import declared_in, job_type_of
from .application.marks import Mark, MarkKind
from .domain.errors import InvalidConfiguration, JobError, Problem
from .domain.job_type import JobType


@dataclass(frozen=True, slots=True)
class HandlerModules:
    """The handlers, functions and classes, and the marks of some modules, in the order of their writing."""

    functions: tuple[JobType[Any, Any], ...] = ()
    classes: tuple[type, ...] = ()
    marks: tuple[Mark[Any], ...] = ()

    @property
    def job_types(self) -> list[JobType[Any, Any]]:
        """The job types of all handlers."""
        return [*self.functions, *(job_type_of(handler_class) for handler_class in self.classes)]

    def marked(self, kind: MarkKind) -> list[Mark[Any]]:
        """The marks of one kind."""
        return [mark for mark in self.marks if mark.kind is kind]


def import_handlers(names: Iterable[str]) -> HandlerModules:
    """Import the modules and collect what they declare; InvalidConfiguration tells which one failed, and where."""
    found = _Found()
    for name in names:
        module = _import(name)
        declared = list(declared_in(module))
        marks = [value for value in vars(module).values() if isinstance(value, Mark)]
        if not declared and not marks:
            raise InvalidConfiguration([Problem("jobs.handlers", f"module {name!r} declares no handler")])
        for handler in declared:
            found.add(handler)
        for mark in marks:
            if mark not in found.marks:
                found.marks.append(mark)
    return HandlerModules(tuple(found.functions), tuple(found.classes), tuple(found.marks))


@dataclass(slots=True)
class _Found:
    functions: list[JobType[Any, Any]] = field(default_factory=list)
    classes: list[type] = field(default_factory=list)
    marks: list[Mark[Any]] = field(default_factory=list)

    def add(self, handler: JobType[Any, Any] | type) -> None:
        if isinstance(handler, type):
            if handler not in self.classes:
                self.classes.append(handler)
        elif handler not in self.functions:
            self.functions.append(handler)


def _import(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except JobError as error:
        raise InvalidConfiguration([Problem("jobs.handlers", f"module {name!r}: {error}")]) from error
    except Exception as error:
        own = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_own(frame.filename)]
        where = f' at {own[-1].filename}:{own[-1].lineno}: "{own[-1].line}"' if own else ""
        message = f"module {name!r} cannot be imported: {type(error).__name__}: {error}{where}"
        raise InvalidConfiguration([Problem("jobs.handlers", message)]) from error


def _is_own(filename: str) -> bool:
    """Whether a frame is of the application: not of the interpreter, of an installed package, or ours."""
    foreign = (sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"), "<frozen")
    return filename != __file__ and not filename.startswith(foreign)
