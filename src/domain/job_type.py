"""JobType: the name of a kind of job, the model of its payload, and its defaults."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cached_property
from typing import Any, Generic, Literal

from pydantic import BaseModel, TypeAdapter, ValidationError
from typing_extensions import TypeVar

from .duration import parse_duration
from .errors import InvalidJob, Problem
from .isolation import Isolation, IsolationOptions
from .names import is_job_type, is_name
from .options import parse_timeout
from .payload import JobPayload, PayloadLimits
from .priority import JobPriority
from .retry_policy import Backoff

OnCrash = Literal["retry", "fail"]
P = TypeVar("P", default=Mapping[str, Any])
R = TypeVar("R", default=Any)


class JobType(Generic[P, R]):
    """Describes one kind of job; `P` is what its handler takes as payload, `R` what it returns.

    Made by `@job_handler`, where it stays callable as the function it describes, or declared without a handler by a
    process that only submits: `JobType("send_invoice", InvoicePayload, queue="billing")`. `payload_model` is a pydantic
    model (or any type pydantic can check); None or a plain mapping means unchecked. `memory_limit` (bytes, or a text such
    as `"512MiB"`) and `cpu_limit` go with `isolation="process"`. A job under which its worker died `crash_limit` times is
    dead-lettered as `crashed`; with `on_crash="fail"` the first time. `circuit` names the outside service that its runs
    depend on.
    """

    def __init__(
        self,
        name: str,
        payload_model: type[P] | None = None,
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
        function: Callable[..., Any] | None = None,
    ) -> None:
        problems: list[Problem] = []
        if not is_job_type(name):
            problems.append(
                Problem("job_type", f"{name!r} must be 1 to 64 of lower-case letters, digits, _ - . :")
            )
        if queue is not None and not is_name(queue):
            problems.append(
                Problem(f"{name}.queue", "must be 1 to 64 of lower-case letters, digits, _ and -")
            )
        if circuit is not None and not is_name(circuit):
            problems.append(
                Problem(f"{name}.circuit", "must be 1 to 64 of lower-case letters, digits, _ and -")
            )
        if max_retries is not None and max_retries < 0:
            problems.append(Problem(f"{name}.max_retries", "must be 0 or more"))
        if on_crash not in ("retry", "fail"):
            problems.append(Problem(f"{name}.on_crash", f"{on_crash!r} is not one of: retry, fail"))
        if crash_limit is not None and crash_limit < 1:
            problems.append(Problem(f"{name}.crash_limit", "must be 1 or more"))
        where = IsolationOptions.read(name, isolation, memory_limit, cpu_limit, problems)
        if problems:
            raise InvalidJob(problems)
        self.name = name
        self.payload_model: Any = payload_model
        self._takes = _as_class(payload_model)
        self.queue = queue
        self.priority = None if priority is None else JobPriority.parse(priority)
        self.max_retries = max_retries
        self.retry_delay = None if retry_delay is None else parse_duration(retry_delay)
        self.timeout = None if timeout is None else parse_timeout(timeout)
        self.backoff = backoff
        self.circuit = circuit
        self.crash_limit = 1 if on_crash == "fail" else crash_limit
        self.isolation = where.isolation
        self.memory_limit = where.memory_limit
        self.cpu_limit = where.cpu_limit
        self.function = function
        if function is not None:
            self.__doc__ = function.__doc__
            self.__wrapped__ = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the described function itself, as a unit test does; no queue takes part."""
        if self.function is None:
            raise TypeError(f"JobType {self.name!r} is declared without a function; submit it instead")
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"JobType({self.name!r})"

    @cached_property
    def checks_payload(self) -> bool:
        """Whether payloads are checked against a model."""
        return is_checked(self.payload_model)

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.payload_model)

    def encode(self, payload: Any, limits: PayloadLimits = PayloadLimits()) -> JobPayload:
        """The payload as checked JSON; InvalidJob names every field that is wrong."""
        if type(payload) is not dict and isinstance(payload, BaseModel):
            if self.checks_payload and not isinstance(payload, self._takes):
                self._validate(payload.model_dump())
            return JobPayload.of(payload.model_dump(mode="json", by_alias=True), limits)
        checked = JobPayload.of(payload, limits)
        if self.checks_payload:
            self._validate_json(checked.raw)
        return checked

    def decode(self, raw: bytes) -> Any:
        """What the handler is given: the model's instance, or a dict; InvalidJob when the JSON does not fit."""
        if self.checks_payload:
            return self._validate_json(raw)
        return JobPayload(raw).value()

    def _validate_json(self, raw: bytes) -> Any:
        try:
            return self._adapter.validate_json(raw)
        except ValidationError as error:
            raise InvalidJob(problems_of(error, _loaded(raw))) from None

    def _validate(self, value: object) -> Any:
        try:
            return self._adapter.validate_python(value)
        except ValidationError as error:
            raise InvalidJob(problems_of(error, value)) from None


def problems_of(error: ValidationError, value: object = None, root: str = "payload") -> list[Problem]:
    """One Problem for each finding of pydantic, its place as a dotted path below `root`.

    `value` is what was checked: steps that do not exist in it (the tags of unions) are left out of the path,
    also where a tag is spelt like a field.
    """
    found = []
    for item in error.errors(include_url=False, include_input=False):
        path, here, last = root, value, len(item["loc"]) - 1
        for index, part in enumerate(item["loc"]):
            if isinstance(part, int):
                path += f"[{part}]"
                here = here[part] if isinstance(here, (list, tuple)) and part < len(here) else None
            elif (
                isinstance(here, Mapping)
                and part in here
                and (index == last or not isinstance(here[part], str))
            ):
                path, here = f"{path}.{part}", here[part]
            elif index == last or not isinstance(here, Mapping):
                path += f".{part}"
        discriminator = item.get("ctx", {}).get("discriminator")
        if discriminator:
            path += "." + str(discriminator).strip("'")
        found.append(Problem(path, item["msg"].removeprefix("Value error, ")))
    return found


def is_checked(payload_model: Any) -> bool:
    """Whether the annotation of a payload asks for a check: not for none, Any, or a plain mapping."""
    if payload_model is None or payload_model is Any:
        return False
    origin = getattr(payload_model, "__origin__", payload_model)
    return not (isinstance(origin, type) and issubclass(origin, Mapping))


def _loaded(raw: bytes) -> object:
    try:
        return JobPayload(raw).value()
    except ValueError:
        return None


def _as_class(model: Any) -> type | tuple[type, ...]:
    return model if isinstance(model, type) else ()
