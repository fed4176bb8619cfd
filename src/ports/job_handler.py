"""JobHandler: the class form of a handler."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol


class JobHandler(Protocol):
    """Runs jobs of one type. Dependencies come to the constructor by their annotated port type.

    `payload_model` is a pydantic model, checked at submit and at run. Optional class attributes are those of
    `@job_handler`: `queue`, `priority`, `max_retries`, `retry_delay`, `timeout`, `circuit`,
    `isolation`, `memory_limit`, `cpu_limit`.
    """

    job_type: ClassVar[str]
    payload_model: ClassVar[Any]

    async def execute(self, context: Any, payload: Any) -> Any:
        """Run one job.

        What it returns is the result (JSON-safe) and means done; an exception means retry, PermanentError dead letter,
        RetryLater later; an outcome value says it outright.
        """
        ...
