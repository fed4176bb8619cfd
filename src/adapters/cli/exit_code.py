"""ExitCode: what a command's end tells a script."""

from __future__ import annotations

from enum import IntEnum

from ...domain import errors


class ExitCode(IntEnum):
    """What a command's end tells a script."""

    DONE = 0
    FAILED = 1
    """The job failed, its state does not allow this, or something unexpected happened."""
    INVALID = 2
    """Bad input or configuration; the message names the field."""
    NOT_FOUND = 3
    UNREACHABLE = 4
    """The server does not answer."""
    INTERRUPTED = 130
    """Ctrl-C; 128 and the number of SIGINT, as shells have it."""
    OUTPUT_CLOSED = 141
    """Nobody reads standard output any more; 128 and the number of SIGPIPE."""


_INVALID = (errors.InvalidJob, errors.InvalidConfiguration, errors.JobIdConflict, errors.JobsDisabled)


def exit_code_of(error: BaseException) -> ExitCode:
    """The code for an error."""
    if isinstance(error, _INVALID):
        return ExitCode.INVALID
    if isinstance(error, errors.JobNotFound):
        return ExitCode.NOT_FOUND
    if isinstance(error, errors.ServerUnavailable):
        return ExitCode.UNREACHABLE
    return ExitCode.FAILED
