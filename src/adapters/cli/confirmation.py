"""`confirm`: acts on many ask first."""

from __future__ import annotations

import click


def confirm(question: str, *, yes: bool) -> bool:
    """Whether to go on: `--yes` was given, or a person said so. Where nobody can answer, a usage error says how."""
    if yes:
        return True
    try:
        return click.confirm(question, err=True)
    except click.Abort:
        raise click.UsageError(
            f"{question} Nobody answered and nothing was changed; --yes goes on without asking."
        ) from None
