"""What a run of the tests leaves behind fails it: each guard is shown a run that breaks it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.require_tool import require_tool

TESTS = Path(__file__).parent.parent
DAEMON = "import os, time; os.fork() and os._exit(0); os.setsid(); time.sleep({seconds})"
LEAVES_EVERYTHING = f"""
import socket, subprocess, sys, tempfile, threading

ends, kept = threading.Event(), []

def start(code, **how):
    kept.append(subprocess.Popen([sys.executable, "-c", code], **how))
    return kept[-1]

class Config:
    def pytest_unconfigure(self): ends.set()

def test_child(): start("input()", stdin=subprocess.PIPE)
def test_zombie(): start("print()", stdout=subprocess.PIPE).stdout.read()
def test_daemon(): assert start({DAEMON.format(seconds=30)!r}).wait() == 0
def test_socket(): kept.append(socket.create_server(("127.0.0.1", 0)))
def test_unix_socket(tmp_path):
    kept.append(socket.socket(socket.AF_UNIX))
    kept[-1].bind(str(tmp_path / "s"))
    kept[-1].listen()
def test_thread(request):
    request.config.pluginmanager.register(Config())
    threading.Thread(target=ends.wait, args=(30,), name="forgotten").start()
def test_file(): tempfile.mkdtemp(prefix="forgotten")
"""
COMPLAINTS = (
    r"process \d+ runs: .* -c input\(\)",
    r"process \d+ \S+ has ended and nobody waited for it",
    r"process \d+ runs: .*os\.setsid\(\)",
    r"socket AF_INET \('127\.0\.0\.1', \d+\) listens",
    r"socket AF_UNIX '.*/s' listens",
    r"thread 'forgotten' runs and is no daemon",
    r"temporary file .*/hj-\w+/forgotten\w+",
)


def run_of(
    folder: Path, body: str, *arguments: str, grace: float = 3.0, **environment: str
) -> subprocess.CompletedProcess[str]:
    """What pytest says of a project with one test file."""
    (folder / "pyproject.toml").write_text(f"[tool.pytest.ini_options]\npythonpath = [{str(TESTS)!r}]\n")
    (folder / "conftest.py").write_text(
        "from support import clean_exit\n\n"
        f"clean_exit.GRACE_SECONDS = {grace}\n"
        'pytest_plugins = ["support.clean_exit"]\n'
    )
    (folder / "test_it.py").write_text(body)
    return subprocess.run(
        [sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments, "test_it.py"],
        check=False,
        cwd=folder,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **environment},
        capture_output=True,
        text=True,
        timeout=30,
    )


@pytest.mark.parametrize("arguments", [(), ("-p", "xdist.plugin", "-n", "1")], ids=["alone", "shared out"])
def test_what_is_left_behind_fails_the_run_and_is_named(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Every test of the run passes, and the run fails all the same; also where another process runs the tests."""
    result = run_of(tmp_path, LEAVES_EVERYTHING, *arguments, grace=0.2)
    assert result.returncode == 1, result.stdout + result.stderr
    for complaint in COMPLAINTS:
        assert re.search(f"^ +{complaint}", result.stdout, re.MULTILINE), (complaint, result.stdout)
    assert re.search(r"^7 passed,.* 1 error in", result.stdout, re.MULTILINE), result.stdout


def test_a_daemon_that_leaves_in_time_is_no_trouble(tmp_path: Path) -> None:
    """The keeper of an embedded server stays for a moment after its last client."""
    daemon = DAEMON.format(seconds=0.5)
    body = f"import subprocess, sys\ndef test(): subprocess.run([sys.executable, '-c', {daemon!r}], check=True)\n"
    result = run_of(tmp_path, body)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("name", "content", "status"), [("4dmu9c00", "blat", 0), ("4dmu9c00", "x", 1), ("blat", "blat", 1)]
)
def test_what_a_killed_process_tried_out_is_no_trouble(
    tmp_path: Path, name: str, content: str, status: int
) -> None:
    """`tempfile` tries whether a folder can be written to, with a file of these names and contents."""
    body = f"import os, pathlib\ndef test(): pathlib.Path(os.environ['TMPDIR'], {name!r}).write_text({content!r})\n"
    result = run_of(tmp_path, body)
    assert result.returncode == status, result.stdout + result.stderr


@pytest.mark.parametrize(("ci", "status"), [("true", 1), ("", 0)])
def test_a_file_left_in_the_repository_is_named_and_fails_in_ci(tmp_path: Path, ci: str, status: int) -> None:
    """On a person's machine it is only named: the person may be writing meanwhile."""
    (tmp_path / "old").write_text("1")
    (tmp_path / "gone").write_text("1")
    body = (
        "from pathlib import Path\n"
        "def test(): Path('new').write_text('2'); Path('old').write_text('22'); Path('gone').unlink()\n"
    )
    result = run_of(tmp_path, body, CI=ci)
    assert result.returncode == status, result.stdout + result.stderr
    for line in ("new file new", "changed file old", "removed file gone"):
        assert line in result.stdout


def test_the_temporary_folder_is_private_short_and_gone_afterwards(tmp_path: Path) -> None:
    """A unix socket fits in it also where the usual one has a long path, and tmp_path is not in it."""
    long = tmp_path / ("long" * 20)
    long.mkdir()
    body = (
        "import os, tempfile\n"
        "def test(tmp_path):\n"
        "    assert os.environ['TMPDIR'] == tempfile.gettempdir() and len(tempfile.gettempdir()) < 40\n"
        "    assert str(tmp_path).startswith(os.environ['PYTEST_DEBUG_TEMPROOT'])\n"
        "    open('at', 'w').write(tempfile.gettempdir())\n"
    )
    result = run_of(tmp_path, body, TMPDIR=str(long), CI="")
    assert result.returncode == 0, result.stdout + result.stderr
    assert not Path((tmp_path / "at").read_text()).exists()


def test_a_missing_tool_is_a_skip_at_home_and_a_failure_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """Either way the words say how to get it."""
    monkeypatch.setenv("CI", "true")
    require_tool("frobnicator", "/bin/frobnicator", "apt install frobnicator")
    with pytest.raises(pytest.fail.Exception, match="frobnicator is missing: apt install frobnicator"):
        require_tool("frobnicator", None, "apt install frobnicator")
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception, match="frobnicator is missing: apt install frobnicator"):
        require_tool("frobnicator", None, "apt install frobnicator")


def test_each_test_has_a_timeout(pytestconfig: pytest.Config) -> None:
    """One that hangs ends with its stacks instead of ending the patience of whoever waits."""
    assert 0 < float(pytestconfig.getini("timeout")) <= 60
