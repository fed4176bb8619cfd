"""The program of a peer, run in the peer's own environment: `python -m benchmarks.peers.program NAME COMMAND ...`.

The commands: `fill COUNT PORT` (jobs that do nothing, between two that mark `first` and `last`), `submit COUNT`, `bulk
COUNT`, `latency COUNT`, `mark PORT WHAT`, `hang PORT WHAT`, and `work`. Figures are printed as JSON. Each peer's module
has a class `Peer` and a function `work`, which is a worker process until it is ended.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from importlib import import_module
from typing import Any, Protocol

from ..marks import Marks

PAUSE_SECONDS = 0.005
MARK_SECONDS = 30.0
BULK = 1000


class PeerProgram(Protocol):
    """How jobs get into one system."""

    has_bulk: bool

    async def open(self) -> None:
        """Connect."""
        ...

    async def noop(self) -> object:
        """Submit one job that does nothing; its answer is awaited."""
        ...

    async def bulk(self, count: int) -> object:
        """Submit so many of them at once, where `has_bulk`."""
        ...

    async def mark(self, port: int, what: str) -> object:
        """Submit a job that sends a mark."""
        ...

    async def hang(self, port: int, what: str) -> object:
        """Submit a job that sends a mark and goes on for ever."""
        ...

    async def close(self) -> None:
        """Disconnect."""
        ...


async def fill(peer: PeerProgram, count: int, port: int) -> dict[str, float]:
    """Jobs between two marks."""
    await peer.mark(port, "first")
    if peer.has_bulk:
        for first in range(0, count, BULK):
            await peer.bulk(min(BULK, count - first))
    else:
        for _ in range(count):
            await peer.noop()
    await peer.mark(port, "last")
    return {}


async def submit(peer: PeerProgram, count: int) -> dict[str, float]:
    """Jobs a second, one awaited after the other."""
    await peer.noop()
    begin = time.perf_counter()
    for _ in range(count):
        await peer.noop()
    return {"per_second": count / (time.perf_counter() - begin)}


async def bulk(peer: PeerProgram, count: int) -> dict[str, float]:
    """Jobs a second, a thousand at once; nothing where the system has no such call."""
    if not peer.has_bulk:
        return {}
    begin = time.perf_counter()
    for _ in range(max(1, count // BULK)):
        await peer.bulk(BULK)
    return {"per_second": max(1, count // BULK) * BULK / (time.perf_counter() - begin)}


async def latency(peer: PeerProgram, count: int) -> dict[str, float]:
    """Milliseconds from before a submit to the handler's first line, on an idle worker."""
    waits = []
    with Marks() as marks:
        for number in range(-3, count):
            await asyncio.sleep(PAUSE_SECONDS)
            begin = time.monotonic_ns()
            await peer.mark(marks.port, str(number))
            at = marks.wait(str(number), MARK_SECONDS).at
            if number >= 0:
                waits.append((at - begin) / 1e6)
    return {
        "p50": statistics.median(waits),
        "p99": statistics.quantiles(waits, n=100, method="inclusive")[98],
    }


async def serve(peer: PeerProgram, command: str, arguments: list[str]) -> dict[str, Any]:
    """One command."""
    await peer.open()
    try:
        match command:
            case "fill":
                return await fill(peer, int(arguments[0]), int(arguments[1]))
            case "submit":
                return await submit(peer, int(arguments[0]))
            case "bulk":
                return await bulk(peer, int(arguments[0]))
            case "latency":
                return await latency(peer, int(arguments[0]))
            case "mark":
                await peer.mark(int(arguments[0]), arguments[1])
            case "hang":
                await peer.hang(int(arguments[0]), arguments[1])
            case _:
                raise SystemExit(f"there is no command {command!r}")
        return {}
    finally:
        await peer.close()


def main() -> None:
    """Do what the arguments say."""
    name, command, *arguments = sys.argv[1:]
    module = import_module(f"{__package__}.{name}")
    if command == "work":
        module.work()
        return
    try:
        import uvloop
    except ImportError:
        print(json.dumps(asyncio.run(serve(module.Peer(), command, arguments))))
        return
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(serve(module.Peer(), command, arguments))))


if __name__ == "__main__":
    main()
