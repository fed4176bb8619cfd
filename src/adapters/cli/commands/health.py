"""`hexjobs health`: a probe for containers and people."""

from __future__ import annotations

import json
from typing import Any

import click

from ....domain.errors import ServerUnavailable
from ..exit_code import ExitCode
from ..http_probe import get
from ..invocation import Invocation, common_options
from ..output import print_data, print_error, print_json, print_note
from ..terminal import printable

TIMEOUT_SECONDS = 5.0


@click.command()
@click.argument("group", type=click.Choice(["live", "ready"]), default="ready")
@click.option("--url", metavar="URL", help="Where the process serves HTTP; else http.host and http.port.")
@common_options
@click.pass_obj
def health(invocation: Invocation, group: str, url: str | None) -> ExitCode:
    """Ask a running process whether it is well, and what about its server endangers jobs.

    `ready` (the default): it can do its work. `live`: it need not be restarted. Made for exec probes: with --url it reads no configuration. Exit codes: 0 well, 1 not well, 4 nobody answers within
    five seconds.

    \b
    Examples:
      hexjobs health
      hexjobs health live --url http://127.0.0.1:8080
    """
    base = url.rstrip("/") if url else _configured_url(invocation)
    status, body = get(f"{base}/health/{group}", TIMEOUT_SECONDS)
    try:
        report = json.loads(body)
        reasons = [str(reason) for reason in report["reasons"]]
    except (ValueError, KeyError, TypeError):
        raise ServerUnavailable(f"{base} answered {status}, but not as hexjobs does") from None
    is_well = status == 200
    if invocation.as_json:
        print_json(report)
    else:
        print_data("ok" if is_well else "not well")
        for reason in reasons:
            print_error(printable(reason))
        for risk in _risks(report):
            print_note(f"risk: {printable(risk)}")
    return ExitCode.DONE if is_well else ExitCode.FAILED


def _risks(report: dict[str, Any]) -> list[str]:
    """What endangers jobs, where the process tells it: what listens for others without credentials does not."""
    details = report.get("checks", {}).get("server", {}).get("details") or {}
    return [str(risk) for risk in details.get("risks", ())]


def _configured_url(invocation: Invocation) -> str:
    host, port = invocation.prepare().http_address
    host = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # a listener's words for all addresses
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
