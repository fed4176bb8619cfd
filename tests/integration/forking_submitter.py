"""A process that forks while a thread of it submits, and submits from parent and child alike.

Run as a file with a data directory. Prints the ids that were acknowledged, by who submitted them, as JSON.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

import redis

from hexjobs import BackgroundJobService, JobType
from hexjobs.adapters.redis.blocking_line import BlockingLine

GREET: JobType[Any, Any] = JobType("greet")
EACH = 50


def submits(jobs: BackgroundJobService, who: str, count: int = EACH) -> list[str]:
    return [jobs.submit_job(GREET, {"by": who}, job_id=f"{who}-{number}") for number in range(count)]


class Submitter(threading.Thread):
    """Submits from a thread; `sent` is set when its first command is on its way."""

    def __init__(self, jobs: BackgroundJobService, who: str) -> None:
        super().__init__()
        self.jobs, self.who = jobs, who
        self.sent = threading.Event()
        self.acknowledged: list[str] = []

    def run(self) -> None:
        self.acknowledged = submits(self.jobs, self.who)


class Looker(Submitter):
    """Looks up in a thread, in a round trip of its own: submits would wait for one another and go in one."""

    def run(self) -> None:
        self.jobs.find_jobs(limit=1)


def tell_when_sent() -> None:
    """What a submitter first waits for is the greeting of a new connection, or the answer to its command."""

    def told(receive: Callable[..., Any]) -> Callable[..., Any]:
        def receiving(*arguments: Any, **options: Any) -> Any:
            thread = threading.current_thread()
            if isinstance(thread, Submitter):
                thread.sent.set()
            return receive(*arguments, **options)

        return receiving

    kind: Any
    for kind, receive in ((redis.UnixDomainSocketConnection, "read_response"), (BlockingLine, "_receive")):
        setattr(kind, receive, told(getattr(kind, receive)))


def main(data_dir: str) -> None:
    tell_when_sent()
    jobs = BackgroundJobService.from_config(jobs={"embedded": {"data_dir": data_dir}})
    server = jobs.container.embedded_server().info()["server_pid"]
    first, third, waiting = (Submitter(jobs, who) for who in ("first", "third", "waiting"))
    looker = Looker(jobs, "looker")

    os.kill(server, signal.SIGSTOP)  # so that these two need a connection each, and leave them idle
    for thread in (first, looker):
        thread.start()
        thread.sent.wait(10)
    os.kill(server, signal.SIGCONT)
    for thread in (first, looker):
        thread.join(20)

    os.kill(server, signal.SIGSTOP)  # so that a submit is on its way, and one waits, while the process forks
    third.start()
    third.sent.wait(10)
    waiting.start()
    reads, writes = os.pipe()
    child = os.fork()
    os.kill(server, signal.SIGCONT)
    if not child:
        try:
            os.write(writes, json.dumps(submits(jobs, "child")).encode())
        finally:
            os._exit(0)
    os.close(writes)
    acknowledged = {"parent": submits(jobs, "parent")}
    for thread in (third, waiting):
        thread.join(20)
    with os.fdopen(reads) as told:
        acknowledged["child"] = json.loads(told.read() or "[]")
    os.waitpid(child, 0)
    acknowledged |= {submitter.who: submitter.acknowledged for submitter in (first, third, waiting)}
    sys.stdout.write(json.dumps(acknowledged))
    jobs.close()


if __name__ == "__main__":
    main(sys.argv[1])
