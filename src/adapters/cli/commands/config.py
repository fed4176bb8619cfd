"""`hexjobs config`: the configuration as it is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from ....domain.errors import InvalidConfiguration
from ..exit_code import ExitCode
from ..invocation import Invocation, common_options, handlers_option
from ..output import Column, print_data, print_json, print_list

COLUMNS = (
    Column("KEY", lambda row: row["key"]),
    Column("VALUE", lambda row: row["value"]),
    Column("ORIGIN", lambda row: row["origin"]),
)


@click.group()
@common_options
def config() -> None:
    """Check and show the configuration."""


@config.command("check")
@handlers_option
@common_options
@click.pass_obj
def check_config(invocation: Invocation, /, **where: Any) -> ExitCode:
    """Say everything that is wrong with the configuration, at once.

    Reads the file, the environment and the handler modules; connects to nothing. The exit code is 2 where something
    is wrong.

    \b
    Examples:
      hexjobs config check
      hexjobs --config config/production.yaml config check
    """
    try:
        prepared = invocation.prepare(**where)
        prepared.check()
    except InvalidConfiguration as error:
        if not invocation.as_json:
            raise
        problems = [{"field": problem.field, "message": problem.message} for problem in error.problems]
        print_json({"valid": False, "problems": problems})
        return ExitCode.INVALID
    file = None if prepared.file is None else str(prepared.file)
    if invocation.as_json:
        print_json({"valid": True, "file": file, "problems": []})
    else:
        print_data(f"valid: {file or 'no file; the defaults and the environment'}")
    return ExitCode.DONE


@config.command("show")
@click.option("--origin", is_flag=True, help="Where each value comes from.")
@common_options
@click.pass_obj
def show_config(invocation: Invocation, origin: bool) -> None:
    """Print the configuration that holds, as YAML that could be a configuration file; secrets are masked.

    With --origin: one line for each key, with its value and whether it comes from an option, the environment, the file
    or the default.

    \b
    Examples:
      hexjobs config show
      hexjobs config show --origin
    """
    prepared = invocation.prepare()
    values = prepared.values()
    if origin:
        origins = prepared.origins()
        documents = [
            {"key": key, "value": value, "origin": origins.get(key, "default")}
            for key, value in _leaves(values, origins)
        ]
        print_list(documents, COLUMNS, as_json=invocation.as_json, what="keys")
    elif invocation.as_json:
        print_json(values)
    else:
        import yaml

        print_data(yaml.safe_dump(values, sort_keys=False, allow_unicode=True).rstrip())


@config.command("schema")
@common_options
@click.pass_obj
def show_schema(invocation: Invocation) -> None:
    """Print the JSON Schema of the configuration file, by which editors complete and check it.

    \b
    Example:
      hexjobs config schema > hexjobs.schema.json
    """
    print_json(invocation.composition.schema())


def _leaves(values: Mapping[str, Any], known: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Each key that takes a value, dotted, with its value."""
    for name, value in values.items():
        key = f"{path}{name}"
        if key not in known and isinstance(value, Mapping):
            yield from _leaves(value, known, f"{key}.")
        else:
            yield key, value
