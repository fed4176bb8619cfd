"""TcpProxy: a road between clients and a server that a test makes slow, deaf or closed."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Self

CHUNK = 65536
SECONDS_TO_ACT = 10.0


@dataclass(frozen=True, slots=True)
class Weather:
    """How bytes travel: seconds of delay each way, now and then a stall up to so many seconds, a cap in bytes per second."""

    delay: float = 0.0
    stall_chance: float = 0.0
    longest_stall: float = 0.0
    bytes_per_second: float | None = None


class Road(Enum):
    """What becomes of connections."""

    OPEN = auto()
    PARTED = auto()
    """Those that are open carry nothing until the road is open again; a new one is refused."""
    DEAF = auto()
    """What is sent is swallowed, both ways and without a word; a new one is accepted and swallowed too."""


class TcpProxy:
    """Listens on a free port of 127.0.0.1 and carries connections to `upstream`, a unix socket's path or (host, port).

    It runs in a thread of its own. `reset` breaks what is open; `part`, `deafen` and `heal` say what the road is;
    `weather` may be set at any time, and `replies_to_lose`: so many answers of the server never arrive, the connection
    breaks instead. A connection that was deaf stays deaf after `heal`, as one whose packets a firewall dropped. `accepted` are the monotonic seconds at which clients came, also those that were refused.
    """

    def __init__(self, upstream: str | tuple[str, int], seed: int = 0) -> None:
        self._upstream = upstream
        self._random = random.Random(seed)
        self._links: set[_Link] = set()
        self._listener: asyncio.Server | None = None
        self._open = asyncio.Event()
        self.weather = Weather()
        self.road = Road.OPEN
        self.replies_to_lose = 0
        self.accepted: list[float] = []
        self.port = 0

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="tcp-proxy", daemon=True)
        self._thread.start()
        self._call(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(SECONDS_TO_ACT)
        self._loop.close()

    @property
    def url(self) -> str:
        """Its address, as the settings take it."""
        return f"redis://127.0.0.1:{self.port}"

    @property
    def carried(self) -> int:
        """How many connections are open."""
        return len(self._links)

    def reset(self) -> None:
        """Break every open connection with a reset (RST)."""

        def break_all() -> None:
            for link in list(self._links):
                link.break_off()

        self._do(break_all)

    def part(self) -> None:
        """Freeze what is open, refuse what is new."""
        self._do(lambda: self._become(Road.PARTED))

    def deafen(self) -> None:
        """Swallow everything, close nothing."""
        self._do(lambda: self._become(Road.DEAF))

    def heal(self) -> None:
        """Carry again."""
        self._do(lambda: self._become(Road.OPEN))

    def most_accepted_within(self, seconds: float, since: float = 0.0) -> int:
        """The most connections that came within any span of so many seconds."""
        times = [at for at in self.accepted if at >= since]
        return max((sum(1 for at in times if start <= at < start + seconds) for start in times), default=0)

    def dice(self) -> float:
        """The next number of the proxy's own random sequence."""
        return self._random.random()

    async def until_open(self) -> None:
        """Return when the road is not parted."""
        await self._open.wait()

    def _become(self, road: Road) -> None:
        self.road = road
        if road is Road.PARTED:
            self._open.clear()
        else:
            self._open.set()
        if road is Road.DEAF:
            for link in self._links:
                link.deaf = True

    async def _listen(self) -> None:
        self._open.set()
        self._listener = await asyncio.start_server(self._carry, "127.0.0.1", 0, limit=CHUNK)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted.append(time.monotonic())
        link = _Link(self, reader, writer)
        if self.road is Road.PARTED:
            link.break_off()
            return
        link.deaf = self.road is Road.DEAF
        self._links.add(link)
        try:
            with contextlib.suppress(asyncio.CancelledError):  # that is how the end of the proxy ends it
                await link.run(self._upstream)
        finally:
            self._links.discard(link)

    async def _close(self) -> None:
        assert self._listener is not None
        self._listener.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _do(self, act: Callable[[], object]) -> None:
        async def do() -> None:
            act()

        self._call(do())

    def _call(self, coroutine: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(SECONDS_TO_ACT)


class _Link:
    """One client's connection and its other half."""

    def __init__(self, proxy: TcpProxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._proxy, self._reader, self._writer = proxy, reader, writer
        self._other: asyncio.StreamWriter | None = None
        self._tasks: list[asyncio.Task[None] | None] = [asyncio.current_task()]
        """Held here: the event loop holds tasks weakly, and one on a deaf way waits for nothing that is held."""
        self.deaf = False

    async def run(self, upstream: str | tuple[str, int]) -> None:
        """Carry until either side closes."""
        try:
            if isinstance(upstream, str):
                reader, self._other = await asyncio.open_unix_connection(upstream, limit=CHUNK)
            else:
                reader, self._other = await asyncio.open_connection(*upstream, limit=CHUNK)
        except OSError:
            self.break_off()
            return
        ways = [(self._reader, self._other), (reader, self._writer)]
        tasks = [asyncio.create_task(self._pump(*way)) for way in ways]
        self._tasks += tasks
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            for writer in (self._other, self._writer):
                writer.close()

    def break_off(self) -> None:
        """Close at once with a reset instead of a farewell."""
        with contextlib.suppress(OSError):
            sock: socket.socket = self._writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()
        if self._other is not None:
            self._other.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        travelling: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        arriving = asyncio.create_task(self._deliver(travelling, writer))
        self._tasks.append(arriving)
        try:
            with contextlib.suppress(OSError):
                while data := await reader.read(CHUNK):
                    delay = self._proxy.weather.delay
                    travelling.put_nowait((asyncio.get_running_loop().time() + delay, data))
            if self.deaf:
                await asyncio.Event().wait()  # that the other side has closed is swallowed too
            await travelling.join()
        finally:
            arriving.cancel()

    async def _deliver(
        self, travelling: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter
    ) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due, data = await travelling.get()
            weather = self._proxy.weather
            wait = due - loop.time()
            if weather.bytes_per_second is not None:
                wait = max(wait, 0) + len(data) / weather.bytes_per_second
            if weather.stall_chance and self._proxy.dice() < weather.stall_chance:
                wait = max(wait, 0) + self._proxy.dice() * weather.longest_stall
            if wait > 0:
                await asyncio.sleep(wait)
            await self._proxy.until_open()
            if writer is self._writer and self._proxy.replies_to_lose:
                self._proxy.replies_to_lose -= 1
                self.break_off()
            elif not self.deaf:
                with contextlib.suppress(OSError):
                    writer.write(data)
                    await writer.drain()
            travelling.task_done()
