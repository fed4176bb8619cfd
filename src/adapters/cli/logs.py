"""`configure_logs`: where log lines go and how they look. Only the command line does this."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

from .terminal import has_colours, is_terminal, printable

# They speak on the info level of what others log as debug, and some of them of addresses that hold secrets.
TALKATIVE = ("uvicorn", "httpx", "httpcore", "aiosmtplib", "asyncio", "PIL")


def is_console(log_format: str, stream: TextIO) -> bool:
    """Whether lines are for people: as asked for, or by itself on a terminal."""
    return log_format == "console" or (log_format == "auto" and is_terminal(stream))


def configure_logs(level: str, log_format: str, stream: TextIO | None = None) -> None:
    """Log from `level` on to `stream` (standard error), as lines for people or as one JSON object each.

    Lines of structlog and of the standard library come out alike; both carry the ids of the job that runs. A later
    call replaces what an earlier one configured.
    """
    target: TextIO = sys.stderr if stream is None else stream
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_rendering(log_format, target),
            ],
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
        )
    )
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(number)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _rendering(log_format: str, stream: TextIO) -> list[Any]:
    if is_console(log_format, stream):
        # The plain traceback: others show the values of variables, among which payloads and secrets are.
        formatter = structlog.dev.plain_traceback
        return [
            _escape,
            structlog.dev.ConsoleRenderer(colors=has_colours(stream), exception_formatter=formatter),
        ]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]


def _escape(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """What a handler or a server said must not steer the terminal."""
    return {name: printable(value) if isinstance(value, str) else value for name, value in line.items()}
