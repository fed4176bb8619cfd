"""What a worker with nothing to do costs its server, counted by the server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.command_line import CommandLine, eventually
from support.valkey_process import ValkeyProcess

REQUESTS_PER_SECOND = 1
COMMANDS_PER_SECOND = 5
# Two blocked reads of eight seconds by the fetch, perhaps with the look at the store that follows each third one.
WINDOW_SECONDS = 16.5


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ValkeyProcess]:
    """A server that nobody else asks for anything."""
    with ValkeyProcess(tmp_path, durable=False) as process:
        yield process


def test_an_idle_worker_asks_its_server_for_little(tmp_path: Path, server: ValkeyProcess) -> None:
    """With the defaults: a request and five commands a second at most, those inside of scripts counted.

    Between two passes of what happens once a minute or every thirty seconds, and after the start.
    """
    shell = CommandLine(tmp_path, HEXJOBS_JOBS__PROVIDER="redis", HEXJOBS_JOBS__REDIS__ADDR=server.url)
    with server.client() as client, shell.start("worker") as worker:

        def processed() -> int:
            return int(client.info("stats")["total_commands_processed"])

        eventually(lambda: "worker_started" in worker.err, lambda: worker.err)
        eventually(lambda: client.info("commandstats").get("cmdstat_blpop"), lambda: worker.err)
        eventually(lambda: client.exists("jobs:reconciler"), lambda: worker.err)
        time.sleep(1)  # what a start brings with it
        requests = []
        before, ends = processed(), time.monotonic() + WINDOW_SECONDS
        with client.monitor() as monitor:
            while (
                time.monotonic() < ends
            ):  # a beat comes every other second, so the last one is not waited for long
                seen = monitor.next_command()
                requests += [seen["command"]] if seen["client_type"] != "lua" else []
        commands = processed() - before
    # One of each for what begins before the end of the window; two commands are the counting.
    assert len(requests) <= (WINDOW_SECONDS + 1) * REQUESTS_PER_SECOND, requests
    assert commands <= (WINDOW_SECONDS + 2) * COMMANDS_PER_SECOND + 2, requests
