"""`make bench`: the project's own figures beside the bare client's, of the same run on the same server.

Medians of interleaved rounds. Prints a table and writes `benchmarks/results.md` and `benchmarks/results.json`. Read the
ratios; absolute numbers are those of the machine named in the table.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import platform
import statistics
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import measures
import redis
import structlog
from server import valkey

HERE = Path(__file__).resolve().parent
ROUNDS = int(os.environ.get("ROUNDS", "3"))
JOBS = int(os.environ.get("JOBS", "20000"))


async def one_round() -> dict[str, float]:
    """Every figure once, each on an empty server."""
    figures: dict[str, float] = {}

    async def take(name: str, measure: Any) -> None:
        with valkey() as path:
            found = await measure(path)
        for key, value in found.items() if isinstance(found, dict) else [("", found)]:
            figures[f"{name}.{key}".rstrip(".")] = value

    await take("bare LPUSH/s", lambda path: measures.bare_push(path, JOBS // 4))
    await take("submit_job/s", lambda path: measures.submit_one_by_one(path, JOBS // 4))
    await take("bare pipelines/s", lambda path: measures.bare_pipelines(path, JOBS))
    await take("submit_jobs/s", lambda path: measures.submit_in_bulk(path, JOBS))
    await take("drain async, 100 slots", lambda path: measures.drain(path, JOBS))
    await take("drain async, 5 slots", lambda path: measures.drain(path, JOBS // 2, slots=5))
    await take(
        "drain threads, 100 slots", lambda path: measures.drain(path, JOBS // 2, measures.noop_in_thread)
    )
    await take("submit to start", lambda path: measures.submit_to_start(path, 200))
    await take("bytes per waiting job", lambda path: measures.bytes_per_waiting_job(path, JOBS))
    return figures


def run(operation: Any) -> Any:
    """On uvloop where it is installed, as a worker does."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(operation)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(operation)


def table(figures: dict[str, float]) -> list[str]:
    """The figures as lines of Markdown; ratios where there is a bare figure to compare with."""
    ratios = {
        "submit_job/s": figures["submit_job/s"] / figures["bare LPUSH/s"],
        "submit_jobs/s": figures["submit_jobs/s"] / figures["bare pipelines/s"],
        "drain async, 100 slots.jobs_per_second": figures["drain async, 100 slots.jobs_per_second"]
        / figures["bare LPUSH/s"],
    }
    lines = ["| figure | median | ratio to the bare client |", "| --- | ---: | ---: |"]
    for name, value in figures.items():
        ratio = f"{ratios[name]:.2f}" if name in ratios else ""
        lines.append(f"| {name} | {value:,.2f} | {ratio} |")
    return lines


def main() -> None:
    """Measure, print, write."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    rounds = []
    for number in range(ROUNDS):
        print(f"round {number + 1} of {ROUNDS}", file=sys.stderr)
        rounds.append(run(one_round()))
    figures = {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}
    with valkey() as path, redis.Redis(unix_socket_path=path) as client:
        server = f"Valkey {client.info('server').get('valkey_version', '?')}, without persistence"
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=HERE, capture_output=True, text=True, check=False
    ).stdout.strip()
    about = {
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit,
        "machine": f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "redis-py": version("redis"),
        "server": server,
        "rounds": str(ROUNDS),
        "jobs": str(JOBS),
    }
    head = ["# Figures", "", "Written by `make bench`; read the ratios.", ""]
    text = [*head, *(f"- {name}: {value}" for name, value in about.items()), "", *table(figures), ""]
    (HERE / "results.md").write_text("\n".join(text))
    (HERE / "results.json").write_text(
        json.dumps({"about": about, "median": figures, "rounds": rounds}, indent=1) + "\n"
    )
    print("\n".join(table(figures)))


if __name__ == "__main__":
    main()
