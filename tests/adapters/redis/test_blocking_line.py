"""BlockingLine: one answer for one command, or an error of the client's."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
import redis

from hexjobs.adapters.redis.blocking_line import BlockingLine


class Lent:
    """A connection to nobody: its socket is one end of a pair."""

    def __init__(self) -> None:
        self.near, self.far = socket.socketpair()
        self.near.settimeout(0.05)

    def connect(self) -> None:
        """It is."""

    def lend(self) -> socket.socket:
        return self.near

    def can_read(self) -> bool:
        raise redis.ConnectionError

    def disconnect(self) -> None:
        self.near.close()


@pytest.fixture
def lent() -> Iterator[Lent]:
    connection = Lent()
    yield connection
    connection.near.close()
    connection.far.close()


def test_an_answer_may_come_in_pieces(lent: Lent) -> None:
    """Of any size; the command is sent as it is."""
    line = BlockingLine(lent)
    lent.far.sendall(b"$200000\r\n" + b"x" * 100_000)
    # The rest comes when the first part has been read.
    read, near = lent.near.recv, lent.near

    class Slow:
        sendall = near.sendall

        def recv(self, size: int) -> bytes:
            data = read(size)
            if b"$" in data:
                lent.far.sendall(b"x" * 100_000 + b"\r\n")
            return data

    line._socket = Slow()  # type: ignore[assignment]  # what a line asks of a socket
    assert line.ask(b"command") == b"x" * 200_000
    assert lent.far.recv(100) == b"command"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", redis.TimeoutError),
        (b"$5\r\nabc", redis.TimeoutError),
        (b"?\r\n", redis.ConnectionError),
        (b"-ERR no\r\n", redis.ResponseError),
        (b"-LOADING wait\r\n", redis.BusyLoadingError),
        (b"-READONLY a replica\r\n", redis.ReadOnlyError),
    ],
)
def test_what_is_no_answer_is_an_error_of_the_client(
    lent: Lent, answer: bytes, error: type[Exception]
) -> None:
    """Silence within its bound, nonsense, and what the server refused."""
    lent.far.sendall(answer)
    with pytest.raises(error) as raised:
        BlockingLine(lent).ask(b"command")
    assert type(raised.value) is error


def test_a_connection_that_ends_is_an_error_of_the_client(lent: Lent) -> None:
    """Before the command, or between it and its answer."""
    line = BlockingLine(lent)
    lent.far.shutdown(socket.SHUT_WR)
    with pytest.raises(redis.ConnectionError, match="closed by the server"):
        line.ask(b"command")
    line.close()
    with pytest.raises(redis.ConnectionError, match="broke"):
        line.ask(b"command")
    assert not line.is_well()
