"""`make bench-peers`: hexjobs beside other systems, in the same run, on one Valkey.

Each peer is a program in an environment of its own below `HEXJOBS_PEERS` (else a folder in the user's cache), which is
made at the first run. Rounds are interleaved: every system once, then every system again. Prints a report and writes
`benchmarks/peers.md` and `benchmarks/peers.json`. From the environment: JOBS=20000, ROUNDS=3, ONLY=saq,bullmq (measures
these beside hexjobs and the bare client, and writes nothing), OUT=FOLDER, KILL=1 (how long until the job of a killed
worker runs again; up to PATIENCE=120 seconds, all systems at the same time). No peer that fails ends the run.
"""

from __future__ import annotations

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .machine import about
from .peers.environment import Environment, NotInstalled
from .peers.measures import PeerUnderTest
from .peers.roster import BARE, HEXJOBS, PEERS, Peer
from .peers.table import figures_table, ratios_table, settings_table, verdicts
from .server import valkey

HERE = Path(__file__).resolve().parent
HEAD = """\
# Beside other systems

Written by `make bench-peers`. One worker process of each, jobs that do nothing with 48 bytes of JSON, medians of interleaved
rounds on one server; take them as ratios. A system that loses the jobs of a killed worker is marked: it does less.
"""


def install(wanted: list[Peer], problems: dict[str, str]) -> dict[str, Environment]:
    """The environments of those that can be installed."""
    found = {}
    for peer in wanted:
        print(f"environment of {peer.name}", file=sys.stderr)
        try:
            found[peer.name] = peer.environment()
        except NotInstalled as error:
            problems[peer.name] = f"not installed: {error}"
    return found


def measure(
    wanted: list[Peer], environments: dict[str, Environment], jobs: int, rounds: int, problems: dict[str, str]
) -> dict[str, list[dict[str, float]]]:
    """Every round of every peer; one that fails is told in `problems`."""
    found: dict[str, list[dict[str, float]]] = {}
    with valkey() as server:
        for number in range(1, rounds + 1):
            for peer in wanted:
                if peer.name in problems:
                    continue
                begin = time.perf_counter()
                try:
                    figures = PeerUnderTest(peer, environments[peer.name], server).round(jobs)
                    found.setdefault(peer.name, []).append(figures)
                except Exception as error:  # noqa: BLE001  # the others are measured all the same
                    problems[peer.name] = f"failed: {type(error).__name__}: {error}".replace("|", "/")
                    found.pop(peer.name, None)
                seconds = time.perf_counter() - begin
                print(f"{peer.name}, round {number} of {rounds}: {seconds:.1f} s", file=sys.stderr)
    return found


def kill(wanted: list[Peer], environments: dict[str, Environment], patience: float) -> dict[str, str]:
    """When the job of a killed worker runs again, in words; all at the same time, each on a server of its own."""

    def one(peer: Peer) -> str:
        with valkey() as server:
            try:
                under_test = PeerUnderTest(peer, environments[peer.name], server)
                seconds = under_test.seconds_until_it_runs_again(patience)
            except Exception as error:  # noqa: BLE001  # the others are measured all the same
                return f"failed: {type(error).__name__}: {error}".replace("|", "/")
        if seconds is not None:
            return f"again after {seconds:.1f} s"
        return f"not within {patience:.0f} s" if peer.is_crash_safe else "lost"

    able = [peer for peer in wanted if peer.name in environments and peer.drains]
    with ThreadPoolExecutor(len(able)) as threads:
        return dict(zip([peer.name for peer in able], threads.map(one, able), strict=True))


def main() -> int:
    """Install, measure, print, write; the exit code."""
    begin = time.perf_counter()
    only = [name for name in os.environ.get("ONLY", "").split(",") if name]
    wanted = [peer for peer in PEERS if not only or peer.name in only or peer in {HEXJOBS, BARE}]
    jobs, rounds = int(os.environ.get("JOBS", "20000")), int(os.environ.get("ROUNDS", "3"))
    told = about(jobs=f"{jobs:,}; fewer for the slow ones", rounds=rounds)
    problems: dict[str, str] = {}
    environments = install(wanted, problems)
    versions = {
        peer.name: ", ".join(f"{each} {environments[peer.name].version(each)}" for each in peer.distributions)
        for peer in wanted
        if peer.name in environments
    }
    found = measure(wanted, environments, jobs, rounds, problems)
    patience = float(os.environ.get("PATIENCE", "120"))
    again = kill(wanted, environments, patience) if os.environ.get("KILL") == "1" else {}
    told["took"] = f"{(time.perf_counter() - begin) / 60:.1f} minutes"
    lines = [HEAD, *(f"- {name}: {value}" for name, value in told.items()), "", *verdicts(found), ""]
    lines += [*figures_table(found, problems), "", *ratios_table(found), ""]
    page = "\n".join([*lines, *settings_table(versions, again), ""])
    print(page)
    out = os.environ.get("OUT")
    if out or not only:
        folder = Path(out) if out else HERE
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "peers.md").write_text(page)
        told_all = {
            "about": told,
            "versions": versions,
            "problems": problems,
            "again": again,
            "rounds": found,
        }
        (folder / "peers.json").write_text(json.dumps(told_all, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
