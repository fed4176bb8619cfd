"""HttpServer listens when it says so, names the setting where it cannot, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from hexjobs.adapters.http import http_server
from hexjobs.adapters.http.create_app import create_app
from hexjobs.adapters.http.http_server import HttpServer
from hexjobs.domain.errors import InvalidConfiguration
from support.run import run


def make_app() -> Any:
    return create_app(checks={})


async def get(server: HttpServer, path: str = "/health/live") -> int:
    async with httpx.AsyncClient(base_url=server.url) as client:
        return (await client.get(path)).status_code


@pytest.fixture
def taken() -> Any:
    """A port of loopback on which somebody else listens."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def refused_field(server: HttpServer) -> tuple[str, str]:
    with pytest.raises(InvalidConfiguration) as caught:
        run(server.start())
    (problem,) = caught.value.problems
    return problem.field, problem.message


def test_it_answers_from_the_moment_start_returns_until_stop() -> None:
    async def session() -> None:
        server = HttpServer(make_app(), port=0)
        await server.start()
        assert server.port > 0
        assert server.url == f"http://127.0.0.1:{server.port}"
        assert await get(server) == 200
        await server.stop()
        with pytest.raises(httpx.ConnectError):
            await get(server)

    run(session())
    assert threading.enumerate() == [threading.main_thread()]


def test_answers_on_an_open_connection_do_not_wait_for_acknowledgements() -> None:
    """With Nagle's algorithm each one after the first takes 40 ms."""

    async def session() -> float:
        server = HttpServer(make_app(), port=0)
        await server.start()
        times = []
        async with httpx.AsyncClient(base_url=server.url) as client:
            for _ in range(8):
                begin = time.perf_counter()
                await client.get("/health/live")
                times.append(time.perf_counter() - begin)
        await server.stop()
        return min(times[1:])

    assert run(session()) < 0.03


def test_a_taken_port_names_the_setting(taken: int) -> None:
    field, message = refused_field(HttpServer(make_app(), port=taken))
    assert field == "http.port"
    assert f"{taken} is taken on 127.0.0.1" in message


def test_with_fallback_ports_it_takes_the_next_free_one_and_says_so(taken: int) -> None:
    async def session() -> None:
        server = HttpServer(make_app(), port=taken, fallback_ports=True)
        with capture_logs() as log:
            await server.start()
        assert taken < server.port <= taken + http_server.FALLBACK_PORTS
        assert await get(server) == 200
        await server.stop()
        told = [line for line in log if line["event"] == "http_port_taken"]
        assert [(line["wanted"], line["port"]) for line in told] == [(taken, server.port)]
        assert {"event": "http_listening", "log_level": "info", "url": server.url} in log

    run(session())


def test_when_all_fallback_ports_are_taken_the_error_names_them(
    taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> socket.socket:
        raise OSError(errno.EADDRINUSE, "taken")

    monkeypatch.setattr(socket, "create_server", refuse)
    field, message = refused_field(HttpServer(make_app(), port=8080, fallback_ports=True))
    assert field == "http.port"
    assert "8080 to 8180 are taken" in message


def test_fallback_ends_at_the_last_port(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def refuse(address: tuple[str, int], **_: Any) -> socket.socket:
        tried.append(address[1])
        raise OSError(errno.EADDRINUSE, "taken")

    monkeypatch.setattr(socket, "create_server", refuse)
    refused_field(HttpServer(make_app(), port=65534, fallback_ports=True))
    assert tried == [65534, 65535]


def test_a_port_that_needs_privileges_names_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> socket.socket:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket, "create_server", refuse)
    assert refused_field(HttpServer(make_app(), port=80)) == (
        "http.port",
        "80 needs privileges; take one above 1023",
    )


@pytest.mark.parametrize(
    ("host", "port", "field"),
    [
        ("127.0.0.1", 65536, "http.port"),
        ("127.0.0.1", -1, "http.port"),
        ("192.0.2.1", 0, "http.host"),
        ("no host", 0, "http.host"),
    ],
)
def test_an_address_that_cannot_be_names_the_setting(host: str, port: int, field: str) -> None:
    assert refused_field(HttpServer(make_app(), host, port))[0] == field


@pytest.mark.parametrize(
    ("host", "url"),
    [("localhost", "http://localhost"), ("0.0.0.0", "http://127.0.0.1"), ("", "http://127.0.0.1")],
)
def test_the_url_is_where_this_machine_reaches_it(host: str, url: str) -> None:
    async def session() -> None:
        server = HttpServer(make_app(), host, 0)
        await server.start()
        assert server.url == f"{url}:{server.port}"
        assert await get(server) == 200
        await server.stop()

    run(session())


@pytest.mark.parametrize("host", ["::1", "::"])
def test_it_listens_on_version_6_of_the_protocol(host: str) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")

    async def session() -> None:
        server = HttpServer(make_app(), host, 0)
        await server.start()
        assert server.url == f"http://[::1]:{server.port}"
        assert await get(server) == 200
        await server.stop()

    run(session())


def test_signals_stay_with_the_process() -> None:
    async def session() -> None:
        stopped = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
        before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
        server = HttpServer(make_app(), port=0)
        await server.start()
        assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
        os.kill(os.getpid(), signal.SIGTERM)
        await stopped.wait()
        assert await get(server) == 200, "a signal is the process's business, not the server's"
        await server.stop()

    run(session())


def test_logging_stays_as_it_is_and_no_access_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    loggers = [
        logging.getLogger(name) for name in ("", "uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")
    ]
    handler = logging.NullHandler()
    loggers[3].addHandler(handler)

    def state() -> list[Any]:
        return [
            (list(logger.handlers), logger.propagate, logger.level, logger.disabled) for logger in loggers
        ]

    async def session() -> None:
        server = HttpServer(make_app(), port=0)
        await server.start()
        await get(server)
        await server.stop()

    caplog.set_level(logging.INFO)
    before = state()
    run(session())
    assert state() == before
    assert not [record for record in caplog.records if record.name == "uvicorn.access"]
    loggers[3].removeHandler(handler)


def gated_app(begun: asyncio.Event, go: asyncio.Event) -> Callable[..., Any]:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        begun.set()
        await go.wait()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    return app


def test_stop_lets_an_open_request_end() -> None:
    async def session() -> None:
        begun, go = asyncio.Event(), asyncio.Event()
        server = HttpServer(gated_app(begun, go), port=0, stop_seconds=20)
        await server.start()
        request = asyncio.create_task(get(server))
        await begun.wait()
        stopping = asyncio.create_task(server.stop())
        while True:  # until nobody can connect any more
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", server.port)
                writer.close()
                await writer.wait_closed()
            except ConnectionError:
                break
        go.set()
        assert await request == 204
        await stopping

    run(session())


def test_stop_does_not_wait_for_ever_nor_for_idle_connections() -> None:
    async def session() -> None:
        begun = asyncio.Event()
        server = HttpServer(gated_app(begun, asyncio.Event()), port=0, stop_seconds=0)
        await server.start()
        reader, idle = await asyncio.open_connection("127.0.0.1", server.port)
        half_reader, half = await asyncio.open_connection("127.0.0.1", server.port)
        half.write(b"GET / HTTP/1.1\r\nHost: x\r\n")
        request = asyncio.create_task(get(server))
        await begun.wait()
        async with asyncio.timeout(5):
            await server.stop()
            assert await reader.read() == b""
            assert await half_reader.read() == b""
            (end,) = await asyncio.gather(request, return_exceptions=True)
            assert end == 500 or isinstance(end, httpx.TransportError)
        for writer in (idle, half):
            writer.close()
            await writer.wait_closed()

    run(session())


def test_stop_cuts_off_a_client_that_does_not_read() -> None:
    size = 30_000_000
    begun = asyncio.Event()

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        begun.set()
        await send({"type": "http.response.body", "body": b"x" * size})

    async def session() -> int:
        server = HttpServer(app, port=0, stop_seconds=0)
        await server.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        await begun.wait()
        await server.stop()
        received = 0
        with contextlib.suppress(ConnectionError):
            while part := await reader.read(1_000_000):
                received += len(part)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        return received

    assert run(session()) < size


def test_it_may_be_stopped_twice_or_unstarted_and_started_again_on_the_same_port() -> None:
    async def session() -> None:
        server = HttpServer(make_app(), port=0)
        await server.stop()
        await server.start()
        with pytest.raises(RuntimeError, match="runs already"):
            await server.start()
        await server.stop()
        await server.stop()
        again = HttpServer(make_app(), port=server.port)
        await again.start()
        assert await get(again) == 200
        await again.stop()

    run(session())


def test_a_start_that_is_cancelled_leaves_nothing() -> None:
    async def session() -> None:
        server = HttpServer(make_app(), port=0)
        start = asyncio.create_task(server.start())
        while server.port == 0:  # noqa: ASYNC110  # it listens and has not said so: that moment is looked for
            await asyncio.sleep(0)
        start.cancel()
        with pytest.raises(asyncio.CancelledError):
            await start
        with pytest.raises(httpx.ConnectError):
            await get(server)

    run(session())


def test_without_the_extra_the_modules_load_and_the_error_tells_the_pip_line() -> None:
    """In a process of its own in which FastAPI and uvicorn cannot be found."""
    code = """
import asyncio, sys
from hexjobs.adapters.http.create_app import create_app
from hexjobs.adapters.http.http_server import HttpServer
from hexjobs.adapters.http.loopback import is_loopback
from hexjobs.domain.errors import InvalidConfiguration
assert not {"fastapi", "uvicorn", "starlette"} & set(sys.modules)
sys.modules["fastapi"] = sys.modules["uvicorn"] = None
for attempt in (lambda: create_app(checks={}), lambda: asyncio.run(HttpServer(None, port=0).start())):
    try:
        attempt()
    except InvalidConfiguration as error:
        print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.stderr == ""
    line = "http: serving HTTP needs fastapi and uvicorn: pip install 'hexjobs[http]'"
    assert done.stdout.splitlines() == [line, line]
