"""One service in many threads, over a fork, under gunicorn, and in and beside event loops, on the embedded server."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import redis
from dependency_injector import providers

from hexjobs import AsyncBackgroundJobService, BackgroundJobService, JobType, JobValidator
from hexjobs.adapters.embedded.server import EmbeddedServer
from hexjobs.container import Container
from hexjobs.domain.validator import QueueRules
from hexjobs.settings import load_settings

HERE = Path(__file__).parent
GREET: JobType[Any, Any] = JobType("greet")
WAITING = "jobs:queue:default:normal"


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def jobs(data_dir: Path) -> Iterator[BackgroundJobService]:
    with BackgroundJobService.from_config(jobs={"embedded": {"data_dir": str(data_dir)}}) as service:
        yield service


def stored(data_dir: Path) -> Counter[str]:
    """How often each id stands in the queue, by the server itself."""
    server = EmbeddedServer(data_dir)
    try:
        with redis.Redis(unix_socket_path=server.ensure(), decode_responses=True) as client:
            waiting: Any = client.lrange(WAITING, 0, -1)
            return Counter(waiting)
    finally:
        server.release()


def test_sixteen_threads_share_a_service(jobs: BackgroundJobService, data_dir: Path) -> None:
    """Every submit is answered with its own id, and every job is there once; the threads begin together."""
    together = threading.Barrier(16)

    def submit(thread: int) -> list[str]:
        together.wait(10)
        return [jobs.submit_job(GREET, {"n": n}, job_id=f"{thread}-{n}") for n in range(25)]

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(submit, range(16)))
    assert answers == [[f"{thread}-{n}" for n in range(25)] for thread in range(16)]
    assert stored(data_dir) == Counter({f"{t}-{n}": 1 for t in range(16) for n in range(25)})


def test_fifty_tasks_share_round_trips(data_dir: Path) -> None:
    """The first submit goes at once, and what the others submit meanwhile goes together."""
    jobs = AsyncBackgroundJobService.from_config(jobs={"embedded": {"data_dir": str(data_dir)}})
    server, before = jobs.container.embedded_server(), ["alone", "together", "with-another"]

    async def main() -> list[str]:
        await asyncio.gather(
            *[submitted(jobs, job_id) for job_id in before]
        )  # the server learns both scripts
        client.config_resetstat()
        return await asyncio.gather(*[submitted(jobs, f"job-{number}") for number in range(50)])

    with redis.Redis(unix_socket_path=server.ensure()) as client:
        assert asyncio.run(main()) == [f"job-{number}" for number in range(50)]
        commands: Any = client.info("commandstats")
    assert sum(commands.get(f"cmdstat_{name}", {}).get("calls", 0) for name in ("eval", "evalsha")) == 2
    assert stored(data_dir) == Counter([*before, *(f"job-{number}" for number in range(50))])
    server.release()


def test_threads_that_come_first_at_once_make_one_set_of_objects() -> None:
    """In memory a second set would be a second store, and the jobs in it lost."""
    container = Container(settings=load_settings(None, environ={}, overrides={"jobs.provider": "memory"}))
    jobs, made = BackgroundJobService(container), []

    def make() -> JobValidator:
        made.append(threading.current_thread())
        time.sleep(0.05)  # so that the others would come in meanwhile
        return JobValidator({}, {"default": QueueRules()})

    container.validator.override(providers.Singleton(make))
    together = threading.Barrier(8)

    def submit(number: int) -> str:
        together.wait(10)
        return jobs.submit_job(GREET, {}, job_id=f"job-{number}")

    with ThreadPoolExecutor(8) as threads:
        job_ids = list(threads.map(submit, range(8)))
    assert len(made) == 1
    assert {job.job_id for job in jobs.find_jobs()} == set(job_ids)


def test_parent_and_child_of_a_fork_submit(data_dir: Path) -> None:
    """The submits that were on their way at the fork are the parent's, and neither reads the other's answers."""
    script = [sys.executable, "-W", "ignore::DeprecationWarning", str(HERE / "forking_submitter.py")]
    result = subprocess.run([*script, str(data_dir)], check=False, capture_output=True, text=True, timeout=45)
    assert result.returncode == 0, result.stderr
    acknowledged = json.loads(result.stdout)
    for who in ("first", "third", "waiting", "parent", "child"):
        assert acknowledged[who] == [f"{who}-{number}" for number in range(50)], result.stderr
    assert stored(data_dir) == Counter(job_id for ids in acknowledged.values() for job_id in ids)


def test_under_gunicorn_with_preload(data_dir: Path, tmp_path: Path) -> None:
    """The workers inherit a service that has a connection; each opens its own, and no answer is mixed up."""
    log = tmp_path / "gunicorn.log"
    with socket.create_server(("127.0.0.1", 0)) as listener, log.open("wb") as written:
        port = listener.getsockname()[1]
        gunicorn = subprocess.Popen(
            [
                sys.executable, "-m", "gunicorn", "preloaded_app:application", "--preload", "--workers", "2",
                "--threads", "4", "--bind", f"fd://{listener.fileno()}", "--chdir", str(HERE),
                "--worker-tmp-dir", str(tmp_path), "--no-control-socket",
            ],
            pass_fds=[listener.fileno()],
            env={**os.environ, "HEXJOBS_JOBS__EMBEDDED__DATA_DIR": str(data_dir), "HOME": str(tmp_path)},
            stderr=written,
        )  # fmt: skip
    try:
        answers = [request(port) for _ in range(10)]
        deadline = time.monotonic() + 30
        with ThreadPoolExecutor(8) as threads:
            while len({answer["pid"] for answer in answers}) < 2 and time.monotonic() < deadline:
                answers += threads.map(request, [port] * 40)
    finally:
        gunicorn.terminate()
        gunicorn.wait(20)
    assert len({answer["pid"] for answer in answers}) == 2, log.read_text()
    assert {answer["preloaded"] for answer in answers} == {f"preload-{gunicorn.pid}"}
    assert stored(data_dir) == Counter([f"preload-{gunicorn.pid}", *(answer["job_id"] for answer in answers)])


def request(port: int) -> dict[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", "/")
        response = connection.getresponse()
        body = response.read()
        assert response.status == 200, body
        answer: dict[str, Any] = json.loads(body)
        return answer
    finally:
        connection.close()


def test_inside_an_event_loop_the_blocking_service_names_the_other(
    jobs: BackgroundJobService, data_dir: Path
) -> None:
    """It would stop the loop; a thread of the same process may use it."""

    async def main() -> str:
        with pytest.raises(RuntimeError, match="AsyncBackgroundJobService"):
            jobs.submit_job(GREET, {})
        return await asyncio.to_thread(jobs.submit_job, GREET, {}, job_id="by-a-thread")

    assert asyncio.run(main()) == "by-a-thread"
    assert stored(data_dir) == Counter(["by-a-thread"])


def test_an_asynchronous_service_outlives_its_event_loop(data_dir: Path) -> None:
    """As with two calls of asyncio.run in a script; the connections of a loop that has ended are closed."""
    jobs = AsyncBackgroundJobService.from_config(jobs={"embedded": {"data_dir": str(data_dir)}})
    server = jobs.container.embedded_server()
    with redis.Redis(unix_socket_path=server.ensure(), decode_responses=True) as client:
        for job_id in ("first", "second"):
            assert asyncio.run(submitted(jobs, job_id)) == job_id
            assert len(client.client_list()) == 1, "only this test's own connection is left"
    assert stored(data_dir) == Counter(["first", "second"])
    server.release()


def test_an_asynchronous_service_in_the_event_loops_of_two_threads(data_dir: Path) -> None:
    """Each loop has connections of its own, also when they take turns."""
    jobs = AsyncBackgroundJobService.from_config(jobs={"embedded": {"data_dir": str(data_dir)}})
    with asyncio.Runner() as here, ThreadPoolExecutor(1) as thread, asyncio.Runner() as there:
        for number in range(5):
            here.run(submitted(jobs, f"here-{number}"))
            thread.submit(there.run, submitted(jobs, f"there-{number}")).result(10)
        here.run(jobs.close())
    assert stored(data_dir) == Counter(f"{where}-{n}" for where in ("here", "there") for n in range(5))


async def submitted(jobs: AsyncBackgroundJobService, job_id: str) -> str:
    return await jobs.submit_job(GREET, {}, job_id=job_id)
