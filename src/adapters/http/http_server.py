"""HttpServer: serves an application from the running event loop, as one role among others."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import structlog

from ...domain.errors import InvalidConfiguration, Problem
from .http_extra import require_http_extra

if TYPE_CHECKING:
    import uvicorn

_log = structlog.get_logger("hexjobs.http")
FALLBACK_PORTS = 100


class HttpServer:
    """Serves an ASGI application from the running event loop; installs no signal handler and configures no logging.

    `port` 0 takes any free one; with `fallback_ports` a taken port is no error: the next free one above is used, and
    the log says so. `listener`, a socket that listens already, takes the place of all of them. `stop_seconds` is how long open requests may go on once the server stops.
    """

    def __init__(
        self,
        app: Callable[..., Any],
        host: str = "127.0.0.1",
        port: int = 8080,
        fallback_ports: bool = False,
        *,
        listener: socket.socket | None = None,
        stop_seconds: int = 2,
    ) -> None:
        self._app = app
        self._host = host
        self._given = listener
        self._listener: socket.socket | None = None
        self._wanted = self._port = port if listener is None else listener.getsockname()[1]
        self._fallback_ports = fallback_ports
        self._stop_seconds = stop_seconds
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port it listens on, once started; before, the one that was asked for."""
        return self._port

    @property
    def url(self) -> str:
        """Where this machine reaches it, such as `http://127.0.0.1:8080`."""
        host = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._host, self._host)  # noqa: S104  # no bind
        return f"http://[{host}]:{self._port}" if ":" in host else f"http://{host}:{self._port}"

    @property
    def descriptor(self) -> int:
        """The file descriptor of the socket that listens; -1 where none does."""
        return -1 if self._listener is None else self._listener.fileno()

    async def start(self) -> None:
        """Return when it listens; InvalidConfiguration names `http.port` or `http.host` where that cannot be."""
        if self._task is not None:
            raise RuntimeError("this server runs already")
        require_http_extra()
        from .quiet_uvicorn import quiet_uvicorn

        self._listener = listener = await self._listen() if self._given is None else self._given
        self._port = listener.getsockname()[1]
        listening = asyncio.Event()
        self._server = quiet_uvicorn(self._app, listening, self._stop_seconds)
        serving = asyncio.create_task(self._server.serve(sockets=[listener]), name="hexjobs-http")
        self._task = serving
        ready = asyncio.create_task(listening.wait())
        try:
            await asyncio.wait((ready, serving), return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            await self.stop()
            raise
        finally:
            ready.cancel()
        if serving.done():
            self._server = self._task = None
            listener.close()
            serving.result()
        if self._port != self._wanted and self._wanted:
            _log.warning("http_port_taken", wanted=self._wanted, port=self._port)
        _log.info("http_listening", url=self.url)

    async def stop(self) -> None:
        """Take no new connection, let open requests end, and return when all are closed. May be called twice."""
        server, task, self._server, self._task = self._server, self._task, None, None
        if server is None or task is None:
            return
        server.should_exit = True
        await task
        for connection in list(server.server_state.connections):  # those that outlasted `stop_seconds`
            transport = getattr(connection, "transport", None)
            if transport is not None:
                transport.abort()

    async def _listen(self) -> socket.socket:
        family, address = await self._resolve()
        last = min(self._wanted + FALLBACK_PORTS, 65535) if self._fallback_ports else self._wanted
        for port in range(self._wanted, last + 1):
            try:
                listener = socket.create_server(
                    (address, port), family=family, backlog=128, dualstack_ipv6=address == "::"
                )
                # asyncio switches Nagle's algorithm off only for connections whose socket says that it is TCP; with
                # it, each answer after the first waits 40 ms for a delayed acknowledgement.
                return socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, listener.detach())
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise self._refusal(error) from error
        tried = f"{self._wanted} to {last} are" if last > self._wanted else f"{self._wanted} is"
        message = (
            f"{tried} taken on {self._host or 'all addresses'}; stop what listens there, or set another port"
        )
        raise InvalidConfiguration([Problem("http.port", message)])

    async def _resolve(self) -> tuple[socket.AddressFamily, str]:
        """The address to bind: of several, one of IPv4, which `localhost` means to most clients."""
        if not 0 <= self._wanted <= 65535:
            raise InvalidConfiguration([Problem("http.port", f"{self._wanted} is not between 0 and 65535")])
        loop = asyncio.get_running_loop()
        host = self._host or "0.0.0.0"  # noqa: S104  # the empty text means all addresses, as everywhere
        try:
            found = await loop.getaddrinfo(
                host, self._wanted, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )
        except OSError as error:
            raise InvalidConfiguration([Problem("http.host", f"{host!r} is not known: {error}")]) from error
        family, *_, address = min(found, key=lambda info: info[0] != socket.AF_INET)
        return family, str(address[0])

    def _refusal(self, error: OSError) -> InvalidConfiguration:
        if error.errno in (errno.EACCES, errno.EPERM):
            return InvalidConfiguration(
                [Problem("http.port", f"{self._wanted} needs privileges; take one above 1023")]
            )
        return InvalidConfiguration(
            [Problem("http.host", f"cannot listen on {self._host!r}: {error.strerror}")]
        )
