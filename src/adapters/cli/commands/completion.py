"""`hexjobs completion`: completion in shells."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from ..command_line import COMPLETION_VARIABLE, PROGRAM, root
from ..invocation import common_options
from ..output import print_data


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@common_options
def completion(shell: str) -> None:
    """Print a script that completes commands in a shell.

    Also their options, and the job types and queues of the configuration.

    \b
    Examples:
      eval "$(hexjobs completion bash)"        # in ~/.bashrc
      eval "$(hexjobs completion zsh)"         # in ~/.zshrc
      hexjobs completion fish > ~/.config/fish/completions/hexjobs.fish
    """
    found = get_completion_class(shell)
    assert found is not None
    print_data(found(root, {}, PROGRAM, COMPLETION_VARIABLE).source())
