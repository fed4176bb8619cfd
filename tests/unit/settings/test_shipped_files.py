"""The files in config/ load, and docs/configuration.md says what the models say."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from hexjobs.settings import Settings, dump_settings, load_settings, settings_keys

ROOT = Path(__file__).parents[3]
SURROUNDINGS = {
    "REDIS_ADDR": "redis.internal:6380",
    "REDIS_PASSWORD": "r",
    "SMTP_HOST": "smtp.internal",
    "SMTP_USERNAME": "mailer",
    "SMTP_PASSWORD": "s",
    "MAIL_FROM": "Shop <shop@example.com>",
}


@pytest.mark.parametrize("path", sorted((ROOT / "config").glob("*.yaml")), ids=lambda path: path.name)
def test_each_file_loads(path: Path) -> None:
    assert load_settings(path, environ=SURROUNDINGS).file == path


def test_the_default_file_is_the_embedded_server() -> None:
    settings = load_settings(ROOT / "config" / "default.yaml", environ={})
    assert settings.jobs.provider == "embedded"
    assert settings.jobs.embedded.data_dir == ROOT / "config" / ".hexjobs"
    assert settings.queues["default"].max_jobs == 1000


def test_the_production_file_takes_its_secrets_from_the_environment() -> None:
    settings = load_settings(ROOT / "config" / "production.yaml", environ=SURROUNDINGS)
    assert (settings.jobs.provider, settings.jobs.redis.tls) == ("redis", True)
    assert settings.jobs.redis.password.get_secret_value() == "r"
    assert settings.email.sender == "Shop <shop@example.com>"


def test_the_page_has_the_table_that_the_models_make() -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "configuration_table"))
    page = (ROOT / "docs" / "configuration.md").read_text("utf-8")
    assert script["written"](page) == page, "run scripts/configuration_table"


def test_the_page_has_each_key_once_and_no_stale_one() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text("utf-8")
    rows = re.findall(r"^\| `([A-Za-z_.]+)` \| (.+) \| (.+) \| (\S.*\.) \|$", page, re.MULTILINE)
    expected = [".".join(key.path) for key in settings_keys().leaves()]
    assert sorted(name for name, *_ in rows) == sorted(expected)
    defaults = {name: default for name, _, default, _ in rows}
    assert defaults["jobs.worker_pool.retry_delay"] == "`5s`"
    assert defaults["queues.NAME.max_jobs"] == "none"


def test_each_leaf_has_a_one_sentence_meaning() -> None:
    for key in settings_keys().leaves():
        assert re.fullmatch(r"[A-Z].+\.", key.description), key.path


def test_the_defaults_are_those_that_the_design_promises() -> None:
    shown = dump_settings(Settings())["jobs"]
    assert shown["worker_pool"] == {
        "processes": 1,
        "worker_count": 5,
        "queues": [],
        "strict": False,
        "max_retries": 3,
        "retry_delay": "5s",
        "max_backoff": "1h",
        "timeout": "30m",
        "shutdown_timeout": "25s",
        "lease": "6s",
        "heartbeat": "2s",
        "crash_limit": 3,
        "zombie_limit": 5,
        "max_jobs_per_child": None,
        "max_memory_per_child": None,
        "stuck_after": "1m",
    }
    assert shown["payload"] == {"max_bytes": 256 * 1024, "max_depth": 32}
    assert shown["retention"] == {
        "completed": "1h",
        "completed_max": 100_000,
        "cancelled": "1d",
        "failed": "forever",
    }
