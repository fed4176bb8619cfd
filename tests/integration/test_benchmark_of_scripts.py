"""`make bench-scripts` knows every script that a working system calls."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from hexjobs.adapters.redis.scripts import script
from support.benchmark_runs import run_benchmark
from support.command_line import CommandLine
from support.source_tree import SRC
from support.valkey_process import ValkeyProcess

NOT_HOT = re.compile(r"check_|layout$")
"""Once a minute in one worker of all, and once in a process."""
NAMES = [path.stem for path in (SRC / "adapters" / "redis" / "scripts").glob("*.lua")]


@contextlib.contextmanager
def watched(server: ValkeyProcess) -> Iterator[set[str]]:
    """The digests of the scripts that clients call meanwhile."""
    digests: set[str] = set()
    ended = threading.Event()

    def watch(client: redis.Redis) -> None:
        with client.monitor() as monitor:  # type: ignore[no-untyped-call]  # the client leaves it untyped
            begun.set()
            for line in monitor.listen():
                words = str(line["command"]).split(maxsplit=2)
                if words[0].upper() == "EVALSHA":
                    digests.add(words[1])
                elif words[0].upper() == "PING" and ended.is_set():
                    return

    begun = threading.Event()
    with server.client() as client, server.client() as other:
        thread = threading.Thread(target=watch, args=(client,))
        thread.start()
        assert begun.wait(10)
        try:
            yield digests
        finally:
            ended.set()
            other.ping()
            thread.join(10)


@pytest.mark.timeout(150)
def test_every_hot_script_has_its_cost(tmp_path: Path) -> None:
    """Those that submits, a worker and its roles call are all in the table, with a figure at each backlog."""
    shell = CommandLine(tmp_path)
    with ValkeyProcess(tmp_path, durable=False) as server, watched(server) as digests:
        shell.environment["HEXJOBS_JOBS__PROVIDER"] = "redis"
        shell.environment["HEXJOBS_JOBS__REDIS__ADDR"] = server.url
        assert shell.call("bench", "--jobs", "200").code == 0
    called = {name for name in NAMES if script(name).sha in digests and not NOT_HOT.match(name)}
    assert {"enqueue_one", "dequeue", "settle", "beat"} <= called

    ended = run_benchmark("scripts_cost", tmp_path, BACKLOGS="0,300", CALLS="3")
    assert ended.returncode == 0, ended.stderr
    page = (tmp_path / "scripts_cost.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", page, re.MULTILINE)
    assert called - {name for name, *_ in rows} == set()
    assert all(float(cell.split()[0].replace(",", "")) > 0 for _, _, *cells in rows for cell in cells)
    assert {("enqueue_one", "1 job"), ("enqueue", "1,000 jobs")} <= {(name, what) for name, what, *_ in rows}
