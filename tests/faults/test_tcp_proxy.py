"""The road itself: what each kind of bad weather does to a plain connection."""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from collections.abc import Iterator

import pytest

from faults.harness.tcp_proxy import TcpProxy, Weather


class Echo(socketserver.StreamRequestHandler):
    """Says every line again."""

    def handle(self) -> None:
        for line in self.rfile:
            self.wfile.write(line)


@pytest.fixture
def proxy() -> Iterator[TcpProxy]:
    """A road to an echo."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        with TcpProxy(("127.0.0.1", server.server_address[1]), seed=7) as proxy:
            yield proxy
        server.shutdown()
        thread.join()


def connected(proxy: TcpProxy) -> socket.socket:
    """A client that waits half a second for an answer."""
    client = socket.create_connection(("127.0.0.1", proxy.port), timeout=0.5)
    client.settimeout(0.5)
    return client


def said(client: socket.socket, text: bytes = b"hello\n") -> bytes:
    """What comes back."""
    client.sendall(text)
    return client.makefile("rb").readline()


def test_an_open_road_carries_and_counts(proxy: TcpProxy) -> None:
    """Both ways, and a farewell from either side reaches the other."""
    with connected(proxy) as one, connected(proxy) as two:
        assert (said(one), said(two, b"x" * 200_000 + b"\n")) == (b"hello\n", b"x" * 200_000 + b"\n")
        assert proxy.carried == 2
        one.shutdown(socket.SHUT_WR)
        assert one.recv(1) == b""
    assert proxy.most_accepted_within(1.0) == 2
    assert proxy.most_accepted_within(1.0, since=time.monotonic()) == 0


def test_delay_stalls_and_a_narrow_road_take_time(proxy: TcpProxy) -> None:
    """Delay counts each way, and lines on their way at the same time wait together."""
    with connected(proxy) as client:
        proxy.weather = Weather(delay=0.1)
        begin = time.monotonic()
        client.sendall(b"1\n2\n")
        time.sleep(0.05)
        client.sendall(b"3\n")
        lines = client.makefile("rb")
        assert [lines.readline() for _ in range(3)] == [b"1\n", b"2\n", b"3\n"]
        assert 0.2 <= time.monotonic() - begin < 0.4
        proxy.weather = Weather(bytes_per_second=100_000)
        begin = time.monotonic()
        said(client, b"x" * 10_000 + b"\n")
        assert time.monotonic() - begin >= 0.2
        proxy.weather = Weather(stall_chance=1.0, longest_stall=0.2)
        begin = time.monotonic()
        said(client)
        assert time.monotonic() - begin > 0.02


def test_a_reset_is_no_farewell(proxy: TcpProxy) -> None:
    """The client reads an error, and a new connection works."""
    with connected(proxy) as client:
        said(client)
        proxy.reset()
        with pytest.raises(ConnectionResetError):
            client.recv(1)
    with connected(proxy) as client:
        assert said(client) == b"hello\n"


def test_a_lost_reply_was_asked_for(proxy: TcpProxy) -> None:
    """The question arrived, the answer does not, and the connection is gone; the next one is as before."""
    proxy.replies_to_lose = 1
    with pytest.raises(ConnectionResetError), connected(proxy) as client:
        said(client)
    with connected(proxy) as client:
        assert said(client) == b"hello\n"


def test_a_parted_road_freezes_what_is_open_and_refuses_what_is_new(proxy: TcpProxy) -> None:
    """Afterwards what was on its way arrives."""
    with connected(proxy) as client:
        said(client)
        proxy.part()
        with pytest.raises(TimeoutError):
            said(client)
        with pytest.raises(ConnectionResetError), connected(proxy) as new:
            new.recv(1)
        proxy.heal()
        assert client.recv(10) == b"hello\n"


def test_a_deaf_road_swallows_without_a_word(proxy: TcpProxy) -> None:
    """New connections are accepted and swallowed; after healing the deaf ones stay deaf, and the next one works."""
    with connected(proxy) as old:
        said(old)
        proxy.deafen()
        with connected(proxy) as new:
            for client in (old, new):
                with pytest.raises(TimeoutError):
                    said(client)
            proxy.heal()
            for client in (old, new):
                with pytest.raises(TimeoutError):
                    said(client)
    with connected(proxy) as client:
        assert said(client) == b"hello\n"


def test_an_upstream_that_is_away_is_a_reset() -> None:
    """As a client of a server that is gone sees it."""
    with TcpProxy("/nowhere") as proxy, pytest.raises(ConnectionResetError), connected(proxy) as client:
        client.recv(1)
