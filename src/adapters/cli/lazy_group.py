"""LazyGroup: a group of commands whose modules are imported only when one is used."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import click


class LazyCommand(NamedTuple):
    """Where a command is defined, and its line in the overview: the first line of its own help."""

    module: str
    name: str
    summary: str


class LazyGroup(click.Group):
    """Shows its commands, in the written order, without importing them; so `--help` is fast."""

    def __init__(self, *args: Any, lazy: Mapping[str, LazyCommand], **options: Any) -> None:
        super().__init__(*args, **options)
        self._lazy = dict(lazy)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """The names, in the written order."""
        return list(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click's signature
        """The command, imported now."""
        if cmd_name not in self._lazy:
            return None
        found = self._lazy[cmd_name]
        command: click.Command = getattr(import_module(found.module, __package__), found.name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does; for an unknown name the message has the nearest one."""
        if args and args[0] not in self._lazy and not args[0].startswith("-"):
            from ...domain.suggestion import nearest

            ctx.fail(f"no such command {args[0]!r}{nearest(args[0], self._lazy)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # click's signature
        """The overview."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.summary) for name, command in self._lazy.items()])
