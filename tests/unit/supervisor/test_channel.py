"""Channel: messages between a supervisor and its child."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest

from hexjobs.supervisor.channel import Channel

Ends = tuple[Channel, Channel]


@pytest.fixture
def ends() -> Iterator[Ends]:
    one, other = (Channel(end) for end in socket.socketpair())
    yield one, other
    one.close()
    other.close()


def test_messages_arrive_whole_and_in_order(ends: Ends) -> None:
    """Also those that the kernel has no room for at once: nobody blocks."""
    one, other = ends
    large = "x" * 3_000_000
    assert one.send({"type": "a"})
    assert not one.send({"type": "b", "text": large})
    assert not one.send({"type": "c"})
    assert one.is_behind
    got = other.receive()
    while not one.flush():
        got += other.receive()
    got += other.receive()
    assert [message["type"] for message in got] == ["a", "b", "c"]
    assert got[1]["text"] == large


def test_a_file_goes_along(ends: Ends) -> None:
    """The receiver has a copy of its own, which its children do not inherit."""
    one, other = ends
    with socket.create_server(("127.0.0.1", 0)) as listener:
        one.send({"type": "listening"}, descriptors=[listener.fileno()])
        address = listener.getsockname()
    assert other.receive() == [{"type": "listening"}]
    [descriptor] = other.descriptors
    assert not os.get_inheritable(descriptor)
    with socket.socket(fileno=descriptor) as copy:
        assert copy.getsockname() == address


def test_what_was_sent_before_the_end_is_read_after_it(ends: Ends) -> None:
    """And sending to who is gone is no error."""
    one, other = ends
    one.send({"type": "last"})
    one.close()
    assert other.receive() == [{"type": "last"}]
    assert not other.is_open
    assert not other.send({"type": "too late"})
    assert other.receive() == []
