"""`hexjobs demo`: real jobs of every kind, each effect checked; and the small servers that it brings."""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import smtplib
import socket
import subprocess
import sys
import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import psutil
import pytest
from PIL import Image

from hexjobs.adapters.cli.http_probe import get
from hexjobs.demo.mail_sink import MailSink
from hexjobs.demo.webhook_sink import WebhookSink
from support.command_line import SECONDS, CommandLine, eventually
from support.run import run

KINDS = {
    "welcome e-mail",
    "template e-mail",
    "bulk e-mail to 50",
    "image resized",
    "temporary files cleaned up",
    "webhook called",
    "delayed job",
    "high priority overtakes",
    "fails twice, then succeeds",
    "ends in the dead letters",
    "health endpoints",
    "metrics",
}
WITHOUT_CLEANING_UP = """
import sys
from hexjobs.adapters.cleanup.folder_cleanup import FolderCleanup
from hexjobs.ports.services import CleanupReport
from hexjobs.__main__ import main

async def pretend(self, root, pattern, older_than_seconds, *, dry_run):
    return CleanupReport(12, 12, 0, False)

FolderCleanup.remove_old_files = pretend
sys.exit(main(["demo", "--json"]))
"""


def read_until(process: subprocess.Popen[str], end: str) -> str:
    """What a process has written to its standard output once it ends so."""
    assert process.stdout is not None
    said, deadline = "", time.monotonic() + SECONDS
    while not said.endswith(end):
        ready, _, _ = select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))
        part = os.read(process.stdout.fileno(), 65536).decode() if ready else ""
        assert part, said
        said += part
    return said


def test_every_check_holds_and_everything_can_be_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The summary, the outputs, the endpoints while it is kept running, and the jobs afterwards; then nothing runs."""
    shell = CommandLine(tmp_path)
    place = tmp_path / ".hexjobs" / "demo"
    with shell.start("demo", "--keep-running") as demo:
        text = read_until(demo.process, "/metrics\n")
        lines = [line.strip() for line in text.splitlines()]
        assert [line for line in lines if line.startswith("✗")] == []
        assert {kind for kind in KINDS if any(line.startswith(f"✓ {kind}") for line in lines)} == KINDS
        assert "12 of 12 checks held" in text
        url = lines[-1].removesuffix("/metrics")

        assert get(f"{url}/health/ready", 5)[0] == 200
        assert "hexjobs_processed_total" in get(f"{url}/metrics", 5)[1]
        monkeypatch.setattr("hexjobs.demo.place.PATIENCE_SECONDS", 0.1)
        busy = shell.call("demo")
        assert (busy.code, busy.out) == (1, "")
        assert "is in use" in busy.err
        config = ("--config", ".hexjobs/demo/hexjobs.yaml")
        own = [name for name in shell.environment if name.startswith("HEXJOBS_")]
        for name in own:
            del shell.environment[name]
        (dead,) = shell.call(*config, "dead", "list", "--json").json()
        assert (dead["type"], dead["attempt"]) == ("demo.doomed", 2)
        late = '{"email_type": "welcome", "to": "late@example.com", "username": "Late"}'
        assert shell.call(*config, "submit", "email", late, "--wait").code == 0
        server = psutil.Process(int(demo.err.split("process ")[1].split()[0]))
        demo.signal(signal.SIGINT)
        ended = demo.end()
    assert ended.code == 0
    assert "Traceback" not in ended.err
    assert "fails twice, then succeeds: run 1 failed, it will run again" in ended.err
    eventually(lambda: not server.is_running(), lambda: "the embedded server outlives the demo")

    mails = [
        message_from_bytes(path.read_bytes(), EmailMessage, policy=policy.default)
        for path in (place / "mail").iterdir()
    ]
    assert len(mails) == 53
    assert {mail["To"] for mail in mails} >= {"grace@example.com", "ada@example.com", "late@example.com"}
    with (
        Image.open(place / "files" / "picture.png") as before,
        Image.open(place / "files" / "thumbnail.jpg") as after,
    ):
        assert (before.size, after.size) == ((2400, 1600), (800, 533))
    assert len(list((place / "temporary").iterdir())) == 6
    (post,) = (place / "webhooks").iterdir()
    assert json.loads(post.read_text())["body"]["event"] == "order.paid"
    assert '"event": "job_dead"' in (place / "worker.log").read_text()
    found = shell.call(*config, "jobs", "list", "--status", "completed", "--json", "--limit", "100").json()
    assert len(found) == 22, "the jobs are still there, on a server that started again"


def test_a_check_that_does_not_hold_is_shown_and_fails_the_demo(tmp_path: Path) -> None:
    """A clean-up that only says so: exit code 1, in the place of an earlier demonstration."""
    place = tmp_path / ".hexjobs" / "demo"
    (place / "mail").mkdir(parents=True)
    (place / "mail" / "999-earlier.eml").touch()
    result = subprocess.run(
        [sys.executable, "-c", WITHOUT_CLEANING_UP],
        check=False,
        cwd=tmp_path,
        env=CommandLine(tmp_path).environment,
        capture_output=True,
        text=True,
        timeout=55,
    )
    assert result.returncode == 1, result.stderr
    summary = json.loads(result.stdout)
    assert summary["held"] is False
    checks = {check["title"]: check for check in summary["checks"]}
    assert checks.keys() == KINDS
    assert [title for title, check in checks.items() if not check["held"]] == ["temporary files cleaned up"]
    assert checks["temporary files cleaned up"]["seen"].startswith("18 files are left")
    assert summary["seconds"] < 50
    assert not (place / "mail" / "999-earlier.eml").exists()


def test_the_demo_has_a_configuration_of_its_own(tmp_path: Path) -> None:
    """One that is given would be ignored, so it is refused."""
    ended = CommandLine(tmp_path).call("--config", "hexjobs.yaml", "demo")
    assert (ended.code, ended.out) == (2, "")
    assert "writes its own configuration" in ended.err


def test_the_mail_sink_keeps_what_a_client_sends(tmp_path: Path) -> None:
    """Dots at line ends, several mails on one connection, commands out of order, lines without end."""

    def talk(port: int) -> None:
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
            assert client.docmd("DATA")[0] == 503
            assert client.docmd("TURN")[0] == 502
            assert client.docmd("RCPT", "TO: nobody")[0] == 501
            assert client.noop()[0] == 250
            for number in range(2):
                body = f"Subject: {number}\r\n\r\n.dotted\r\n..\r\n.\r\nend"
                assert client.sendmail("a@example.com", ["b/../c@example.com", "d@example.com"], body) == {}
        with socket.create_connection(("127.0.0.1", port), 10) as rude:
            rude.sendall(b"x" * 200_000)
            rude.settimeout(10)
            try:
                while rude.recv(4096):
                    pass
            except ConnectionError:
                pass

    async def check() -> list[EmailMessage]:
        async with MailSink(tmp_path) as sink:
            await asyncio.to_thread(talk, sink.port)
            return sink.mails

    mails = run(check())
    assert [mail["Subject"] for mail in mails] == ["0", "1"]
    assert mails[0].get_content().splitlines() == [".dotted", "..", ".", "end"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "001-b_.._c@example.com.eml",
        "002-b_.._c@example.com.eml",
    ]


def test_the_webhook_sink_keeps_what_is_posted(tmp_path: Path) -> None:
    """JSON by POST and nothing else."""
    post = b"POST /hook HTTP/1.1\r\nX-Key: 1\r\nContent-Length: %d\r\n\r\n%s"
    requests = {
        post % (7, b'{"a":1}'): b"204",
        post % (3, b"{a}"): b"400",
        post % (10_000_000, b""): b"413",
        b"GET /hook HTTP/1.1\r\n\r\n": b"405",
        b"\r\n\r\n": b"405",
    }

    async def check() -> list[object]:
        async with WebhookSink(tmp_path) as sink:
            port = int(sink.url.split(":")[2].split("/")[0])
            for request, status in requests.items():
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(request)
                assert (await reader.read()).split()[1] == status
                writer.close()
            return [(posted.path, posted.headers["x-key"], posted.body) for posted in sink.posts]

    assert run(check()) == [("/hook", "1", {"a": 1})]
    assert json.loads((tmp_path / "001.json").read_text())["body"] == {"a": 1}
