"""kernel_bound: a socket whose waits the kernel bounds."""

from __future__ import annotations

import os
import socket
import struct
import sys


def kernel_bound(lent: socket.socket, longest_wait: float) -> bool:
    """Have a socket's reads fail with BlockingIOError after so many seconds at most, its writes after its own timeout.

    A timeout of Python's asks the kernel before each read and each write whether it may: two calls more for every command.
    False, and nothing is changed, where that is not to be had: without a timeout, on Windows, under TLS, and where
    greenlets wait in place of threads, whose sockets never block.
    """
    seconds = lent.gettimeout()
    if not seconds or type(lent) is not socket.socket or sys.platform == "win32":
        return False
    lent.settimeout(None)
    if not os.get_blocking(lent.fileno()):
        lent.settimeout(seconds)
        return False
    lent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _timeval(min(longest_wait, seconds)))
    lent.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _timeval(seconds))
    return True


def _timeval(seconds: float) -> bytes:
    """As the kernel takes it: seconds and microseconds, at least one, for none means no bound."""
    whole, part = divmod(max(1, round(seconds * 1_000_000)), 1_000_000)
    return struct.pack("ll", whole, part)
