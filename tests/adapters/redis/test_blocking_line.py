"""BlockingLine: one answer for one command, or an error of the client's."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator

import pytest
import redis

from hexjobs.adapters.redis import blocking_line
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


def test_a_line_is_well_while_nothing_is_to_be_read(lent: Lent) -> None:
    """An answer that nobody asked for, or the end, makes it of no use; to look takes nothing away."""
    line = BlockingLine(lent)
    assert line.is_well()
    lent.far.sendall(b"+OK\r\n")
    assert not line.is_well()
    assert line.ask(b"command") == b"OK"
    assert line.is_well()
    lent.far.close()
    assert not line.is_well()


def test_an_answer_may_come_after_many_waits_of_the_kernel(
    lent: Lent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as its bound has not passed."""
    monkeypatch.setattr(blocking_line, "LONGEST_WAIT_SECONDS", 0.001)
    lent.near.settimeout(60)
    line = BlockingLine(lent)
    waits = 0
    near = lent.near

    class Counting:
        sendall = near.sendall

        def recv(self, size: int) -> bytes:
            nonlocal waits
            try:
                return near.recv(size)
            except BlockingIOError:
                waits += 1
                if waits == 5:
                    lent.far.sendall(b":1\r\n")
                raise

    line._socket = Counting()  # type: ignore[assignment]  # what a line asks of a socket
    assert line.ask(b"command") == 1
    assert waits == 5


def test_signals_do_not_put_off_the_bound(lent: Lent, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each lets the kernel wait anew: the waits are shorter than the time between two signals."""
    monkeypatch.setattr(blocking_line, "LONGEST_WAIT_SECONDS", 0.005)
    line = BlockingLine(lent)
    seen, ended, here = list[int](), threading.Event(), threading.get_ident()

    def disturb() -> None:
        while not ended.wait(0.02):
            signal.pthread_kill(here, signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, lambda number, _: seen.append(number))
    disturber = threading.Thread(target=disturb)
    disturber.start()
    try:
        with pytest.raises(redis.TimeoutError):
            line.ask(b"command")
    finally:
        ended.set()
        disturber.join()
        signal.signal(signal.SIGUSR1, before)
    assert seen
