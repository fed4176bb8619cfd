"""The helper process of a worker: `python -m hexjobs.isolated DESCRIPTOR`, from which isolated runs are forked.

Started by `IsolatedRunner`, never by hand. The descriptor is a socket whose other end the worker has.
"""

from __future__ import annotations

import gc
import os
import pickle
import socket
import sys
import traceback
from typing import NoReturn

from . import handler_wiring
from .adapters.cli.logs import configure_logs
from .adapters.worker.isolation.channel import Channel
from .adapters.worker.isolation.child_run import ChildRun
from .adapters.worker.isolation.fork_server import ForkServer
from .adapters.worker.isolation.guard import ChildMain
from .container import Container


def main() -> int:
    """Serve one worker until it is gone; the exit code."""
    control = socket.socket(fileno=int(sys.argv[1]))
    control.set_inheritable(False)
    try:
        child_main = prepared(Channel(control))
    except BaseException as error:  # noqa: BLE001  # a handler module may raise anything, and the worker has to hear of it
        said = "".join(traceback.format_exception_only(error)).strip()
        Channel(control).send(said.encode(errors="replace"))
        return 1
    gc.collect()
    gc.freeze()  # what is here now stays shared with every child
    ForkServer(control, child_main).serve()
    return 0


def prepared(worker: Channel) -> ChildMain:
    """What a child does, with everything imported and resolved that it needs. Opens no connection."""
    told = worker.receive()
    if told is None:
        sys.exit(0)  # the worker is gone
    path, settings = pickle.loads(told)  # noqa: S301  # from the worker that started this process
    sys.path[:] = path
    configure_logs(settings.logging.level, settings.logging.format)
    container = Container(settings=settings)
    registry, scopes = container.registry(), handler_wiring.job_scopes(container.modules())

    def child_main(channel: Channel) -> NoReturn:
        ChildRun(channel, registry, scopes).run()

    return child_main


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # at once: what an imported module has started must not hold it
