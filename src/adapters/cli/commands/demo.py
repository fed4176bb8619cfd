"""`hexjobs demo`: the demonstration."""

from __future__ import annotations

import click

from ..exit_code import ExitCode
from ..invocation import Invocation, common_options
from ..program import program


@click.command()
@click.option("--keep-running", is_flag=True, help="Leave the worker and HTTP running until Ctrl-C.")
@common_options
@click.pass_obj
def demo(invocation: Invocation, keep_running: bool) -> ExitCode:
    """See real jobs of every kind run, and each effect checked.

    Starts the embedded server, a mail server and a webhook receiver on this machine, a worker, the scheduler and HTTP;
    submits ten kinds of jobs, watches them, and checks what they did: the mails that arrived, the size of the image,
    the files that are gone. Takes seconds, needs no set-up, and leaves everything to be looked at in .hexjobs/demo
    below the working directory. The exit code is 1 where a check did not hold.

    \b
    Examples:
      hexjobs demo
      hexjobs demo --keep-running
    """
    if invocation.config is not None:
        raise click.UsageError(
            "the demo writes its own configuration, to .hexjobs/demo; --config does not go with it"
        )
    held = invocation.composition.demo(
        keep_running=keep_running, as_json=invocation.as_json, program=program()
    )
    return ExitCode.DONE if held else ExitCode.FAILED
