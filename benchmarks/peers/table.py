"""The table of `benchmarks/peers.md`."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from ..report import number
from .roster import PEERS

Rounds = Sequence[Mapping[str, float]]
COLUMNS = {
    "drain": "drain jobs/s",
    "worker_us": "worker CPU a job, µs",
    "server_s_per_10k": "server CPU for 10,000 jobs, s",
    "submit": "awaited submits/s",
    "bulk": "bulk submits/s",
    "start_p50": "submit to start p50, ms",
    "start_p99": "p99, ms",
    "bytes": "bytes a waiting job",
}
MORE_IS_BETTER = ("drain", "submit", "bulk")
TARGETS = (("bee_queue", 1.7), ("the fastest crash-safe Python peer", 8.5))


def medians(rounds: Rounds) -> dict[str, float]:
    """The median of each figure over the rounds that have it."""
    return {
        key: statistics.median(each[key] for each in rounds if key in each)
        for key in COLUMNS
        if any(key in each for each in rounds)
    }


def ratio(key: str, ours: Rounds, theirs: Rounds) -> float | None:
    """How many times better hexjobs is: the median of the ratios within each round.

    None where one of the two was not measured.
    """
    if not ours or not theirs:
        return None
    found = [
        a[key] / b[key] if key in MORE_IS_BETTER else b[key] / a[key]
        for a, b in zip(ours, theirs, strict=True)
        if key in a and key in b
    ]
    return statistics.median(found) if found else None


def figures_table(rounds: Mapping[str, Rounds], problems: Mapping[str, str]) -> list[str]:
    """The medians; a peer that could not be measured says why."""
    lines = [
        f"| one worker process | {' | '.join(COLUMNS.values())} |",
        f"| --- | {' | '.join('---:' for _ in COLUMNS)} |",
    ]
    for peer in PEERS:
        if peer.name in problems:
            lines.append(f"| {peer.title} | {problems[peer.name]} |{' |' * (len(COLUMNS) - 1)}")
        elif peer.name in rounds:
            middle = medians(rounds[peer.name])
            cells = [number(middle[key]) if key in middle else "-" for key in COLUMNS]
            lost = "" if peer.is_crash_safe or not peer.drains else " (loses jobs)"
            lines.append(f"| {peer.title}{lost} | {' | '.join(cells)} |")
    return lines


def ratios_table(rounds: Mapping[str, Rounds]) -> list[str]:
    """How many times better hexjobs is than each, figure by figure."""
    lines = [
        f"| hexjobs is so many times better | {' | '.join(COLUMNS.values())} |",
        f"| --- | {' | '.join('---:' for _ in COLUMNS)} |",
    ]
    for peer in PEERS[1:]:
        if peer.name in rounds and "hexjobs" in rounds:
            found = [ratio(key, rounds["hexjobs"], rounds[peer.name]) for key in COLUMNS]
            cells = ["-" if each is None else f"{each:.2f}" for each in found]
            lines.append(f"| {peer.title} | {' | '.join(cells)} |")
    return lines


def verdicts(rounds: Mapping[str, Rounds]) -> list[str]:
    """What draining must reach beside the others."""
    ours = rounds.get("hexjobs", ())
    safe = [
        peer
        for peer in PEERS[1:]
        if peer.is_crash_safe and not peer.is_on_node and "drain" in medians(rounds.get(peer.name, ()))
    ]
    lines, titles = [], {peer.name: peer.title for peer in PEERS}
    for who, factor in TARGETS:
        candidates = [peer for peer in PEERS if peer.name == who] or safe
        rival = max(
            candidates, key=lambda peer: medians(rounds.get(peer.name, ())).get("drain", 0), default=None
        )
        reached = None if rival is None else ratio("drain", ours, rounds.get(rival.name, ()))
        if rival is None or reached is None:
            lines.append(f"- drain, at least {factor}x of {titles.get(who, who)}: not measured")
            continue
        name = rival.title if rival.name == who else f"{who}, {rival.title}"
        word = "met" if reached >= factor else "**missed**"
        lines.append(f"- drain, at least {factor}x of {name}: {reached:.2f}x, {word}")
    return lines


def settings_table(versions: Mapping[str, str], again: Mapping[str, str]) -> list[str]:
    """How each was set, and what becomes of a job whose worker is killed."""
    lines = [
        "| system | versions | settings | acknowledges | SIGKILL inside a job |",
        "| --- | --- | --- | --- | --- |",
    ]
    for peer in PEERS:
        cells = [peer.title, versions.get(peer.name, "-"), peer.settings, peer.acknowledges]
        lines.append(f"| {' | '.join([*cells, again.get(peer.name, 'not measured')])} |")
    return lines
