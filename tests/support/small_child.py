"""A program of a few lines under the supervisor: `python -m support.small_child FOLDER STUCK_AFTER`, both as parent and as child.

A child notes its process in FOLDER, reports four times a second and stops when it is asked to. It does what files in FOLDER
say as soon as they are there, and takes them away: `crash` (start processes and die), `die`, `freeze` (report no more), `orphans` (start processes), `deaf`
(obey no more), `garble` (write something else to the supervisor), `retire`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from hexjobs.supervisor import CHILD_VARIABLE
from hexjobs.supervisor.parent_link import ParentLink
from hexjobs.supervisor.plan import Plan
from hexjobs.supervisor.supervisor import Supervisor

SLEEP = [sys.executable, "-c", "import time; time.sleep(50)"]
DAEMON = """
import os, sys, time
if os.fork(): sys.exit()
os.setsid()
if os.fork(): os._exit(0)
open(sys.argv[1], "w").write(str(os.getpid()))
time.sleep(float(sys.argv[2]))
"""


def start_orphans(folder: Path) -> None:
    """A process of this session, one that leads its own, a daemon that stays, and one that ends at once."""
    kept = [subprocess.Popen(SLEEP), subprocess.Popen(SLEEP, start_new_session=True)]
    for name, seconds in (("daemon", "50"), ("short", "0.1")):
        daemon = [sys.executable, "-c", DAEMON, str(folder / name), seconds]
        subprocess.run(daemon, check=True)
    (folder / "kept").write_text(" ".join(str(process.pid) for process in kept))


def child(folder: Path, stuck_after: float) -> int:
    """Be one child; its exit code."""
    link = ParentLink.from_environment()
    stopped, deaf = threading.Event(), threading.Event()
    link.grace = 1.0
    signal.signal(
        signal.SIGTERM, signal.SIG_IGN
    )  # which the kernel sends when the parent dies: here the link is looked at

    def obey(message: dict[str, Any]) -> None:
        if message["type"] in {"stop", "hurry", "retire"} and not deaf.is_set():
            stopped.set()

    link.listen(obey, stopped.set)
    link.send("identity", worker_id=f"worker-{os.getpid()}")
    link.send("ready", plan=Plan(stuck_after=stuck_after, shutdown_timeout=0.0).to_json())
    with (folder / "children").open("a") as children:
        children.write(f"{os.getpid()}\n")
    while not stopped.wait(0.05):
        link.send("report", health={})
        asked = {path.name for path in folder.iterdir()}
        for name in {"crash", "die", "freeze", "orphans", "deaf", "garble", "retire"} & asked:
            (folder / name).unlink(missing_ok=True)
            if name == "die":
                os._exit(7)
            elif name == "freeze":
                threading.Event().wait()
            elif name == "crash":
                start_orphans(folder)
                os._exit(7)
            elif name == "orphans":
                start_orphans(folder)
            elif name == "garble":
                os.write(link.descriptor, b"what?\n")
            elif name == "deaf":
                deaf.set()
            else:
                link.send("retire", reason="asked")
    link.send("ended", code=0)
    return 0


if __name__ == "__main__":
    where, limit = Path(sys.argv[1]), float(sys.argv[2])
    if CHILD_VARIABLE in os.environ:
        sys.exit(child(where, limit))
    sys.exit(Supervisor([sys.executable, *sys.orig_argv[1:]], stop_margin=1.0).run())
