"""`make bench`: every figure that hexjobs must reach, beside the bare client's of the same run.

Starts its own servers. Prints a report and writes `benchmarks/results.md`, `benchmarks/results.json` and the plots of
`docs/benchmarks.md`. From the environment: JOBS, ROUNDS and SECONDS (see `sizes.py`); ONLY=drain,idle measures some
subjects and writes nothing; OUT=FOLDER writes there. The exit code is 1 where a subject failed, whatever the verdicts.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import structlog

from .catalogue import CATALOGUE, Group, growth_groups
from .curve_plots import write_plots
from .loops import run
from .machine import about
from .report import document, judged, markdown
from .sizes import Sizes
from .subjects.burst import burst
from .subjects.curves import latency_against_load, throughput_against_backlog
from .subjects.drain import drain
from .subjects.durable import durable
from .subjects.far import far
from .subjects.growth import growth
from .subjects.idle import idle
from .subjects.lateness import lateness
from .subjects.start_latency import start_latency
from .subjects.startup import startup
from .subjects.submit import submit
from .subjects.waiting_bytes import waiting_bytes

HERE = Path(__file__).resolve().parent
PLOTS = HERE.parent / "docs" / "benchmarks"
Subject = Callable[[Sizes], AsyncIterator[dict[str, float]]]
IN_TURNS: dict[str, Subject] = {
    "submit": submit,
    "drain": drain,
    "start": start_latency,
    "bytes": waiting_bytes,
}
"""A round of one, then of the next: their figures are compared with each other."""
ALONE: dict[str, Subject] = {
    "startup": startup,
    "durable": durable,
    "growth": growth,
    "burst": burst,
    "far": far,
}
"""All rounds of one, then of the next."""
ONCE: dict[str, Subject] = {
    "idle": idle,
    "lateness": lateness,
    "backlog_curve": throughput_against_backlog,
    "load_curve": latency_against_load,
}
"""One round: each takes a while, and means what it measures over that."""


async def measure(
    subjects: dict[str, Subject], sizes: Sizes, rounds: int, problems: list[str]
) -> list[dict[str, float]]:
    """So many rounds of these subjects, in turns. One that fails is told in `problems`, and its figures are missing."""
    found: list[dict[str, float]] = [{} for _ in range(rounds)]
    going = {name: subject(sizes) for name, subject in subjects.items()}
    for number, figures in enumerate(found, 1):
        for name in list(going):
            begin = time.perf_counter()
            try:
                figures.update(await anext(going[name]))
            except Exception as error:  # noqa: BLE001  # the other subjects go on, and this one is told of
                problems.append(f"{name}: {type(error).__name__}: {error}")
                del going[name]
            print(f"{name}, round {number} of {rounds}: {time.perf_counter() - begin:.1f} s", file=sys.stderr)
    for generator in going.values():
        await generator.aclose()  # type: ignore[attr-defined]  # all are generators
    return found


async def measure_all(only: Sequence[str], sizes: Sizes, problems: list[str]) -> list[dict[str, float]]:
    """Every round of every wanted subject."""

    def wanted(subjects: dict[str, Subject]) -> dict[str, Subject]:
        return {name: subject for name, subject in subjects.items() if not only or name in only}

    rounds = await measure(wanted(IN_TURNS), sizes, sizes.rounds, problems)
    for name, subject in wanted(ALONE).items():
        alone = await measure({name: subject}, sizes, sizes.rounds, problems)
        rounds = [a | b for a, b in zip(rounds, alone, strict=True)]
    rounds[0] |= (await measure(wanted(ONCE), sizes, 1, problems))[0]
    return rounds


def groups(sizes: Sizes) -> list[Group]:
    """The whole catalogue at these sizes."""
    grown = growth_groups(
        small_backlog=sizes.small_backlog,
        large_backlog=sizes.large_backlog,
        queues=sizes.queues,
        dead_letters=sizes.dead_letters,
    )
    return [*CATALOGUE, *grown]


def main() -> int:
    """Measure, print, write; the exit code."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    sizes, begin = Sizes.from_environment(), time.perf_counter()
    only = [name for name in os.environ.get("ONLY", "").split(",") if name]
    unknown = set(only) - {*IN_TURNS, *ALONE, *ONCE}
    if unknown:
        print(f"no such subject: {', '.join(unknown)}; there are {', '.join([*IN_TURNS, *ALONE, *ONCE])}")
        return 2
    told = about(jobs=f"{sizes.jobs:,}", rounds=sizes.rounds)
    problems: list[str] = []
    rounds = run(measure_all(only, sizes, problems))
    told["took"] = f"{(time.perf_counter() - begin) / 60:.1f} minutes"
    found = judged(groups(sizes), rounds)
    if only:
        found = [(group, rows) for group, rows in found if any(row.median is not None for row in rows)]
    page = markdown(told, found, problems)
    print(page)
    out = os.environ.get("OUT")
    if out or not only:
        folder = Path(out) if out else HERE
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "results.md").write_text(page)
        (folder / "results.json").write_text(
            json.dumps(document(told, found, rounds, problems), indent=1) + "\n"
        )
        write_plots(rounds[0], folder if out else PLOTS)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
