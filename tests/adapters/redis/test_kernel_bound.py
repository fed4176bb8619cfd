"""kernel_bound: reads end in time without a question before each, and where they cannot, nothing is changed."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator

import pytest

from hexjobs.adapters.redis.kernel_bound import kernel_bound


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    near, far = socket.socketpair()
    near.settimeout(5)
    with near, far:
        yield near, far


def test_a_read_ends_after_the_longest_wait(pair: tuple[socket.socket, socket.socket]) -> None:
    """With BlockingIOError; what came is read, and Python asks nothing before."""
    near, far = pair
    assert kernel_bound(near, 0.01)
    assert near.gettimeout() is None
    with pytest.raises(BlockingIOError):
        near.recv(10)
    far.sendall(b"answer")
    assert near.recv(10) == b"answer"


def test_a_write_that_nobody_reads_ends_after_the_timeout(pair: tuple[socket.socket, socket.socket]) -> None:
    """A server that stands still does not hold its callers for ever."""
    near, _ = pair
    near.settimeout(0.02)
    assert kernel_bound(near, 0.01)
    with pytest.raises(BlockingIOError):
        near.sendall(b"x" * 10_000_000)


def test_a_socket_of_greenlets_keeps_its_timeout(
    pair: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its kernel side never blocks: the bound would be none."""
    monkeypatch.setattr(os, "get_blocking", lambda _: False)
    assert not kernel_bound(pair[0], 0.01)
    assert pair[0].gettimeout() == 5


@pytest.mark.parametrize("timeout", [None, 0.0])
def test_without_a_timeout_there_is_no_bound(
    pair: tuple[socket.socket, socket.socket], timeout: float | None
) -> None:
    """Neither on a socket that may wait for ever, nor on one that never waits."""
    pair[0].settimeout(timeout)
    assert not kernel_bound(pair[0], 0.01)
    assert pair[0].gettimeout() == timeout


def test_under_tls_the_timeout_stays(pair: tuple[socket.socket, socket.socket]) -> None:
    """There Python itself would wait again and again."""
    context = ssl.create_default_context()
    near = context.wrap_socket(pair[0], server_hostname="localhost", do_handshake_on_connect=False)
    with near:
        assert not kernel_bound(near, 0.01)
        assert near.gettimeout() == 5
