"""What every run of the tests has: a room of its own, and a look at the end for what it left behind."""

from __future__ import annotations

import signal

pytest_plugins = ["support.clean_exit"]

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell has its background jobs ignore Ctrl-C, and what they start inherits that: the tests of it want it to count.
    signal.signal(signal.SIGINT, signal.default_int_handler)
