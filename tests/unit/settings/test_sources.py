"""Options, environment, file and defaults are merged key by key, the first that says a key winning."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hexjobs.domain.errors import InvalidConfiguration
from hexjobs.domain.priority import JobPriority
from hexjobs.settings import Settings, dump_settings, load_settings, origins, settings_keys

Load = Callable[..., Settings]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def load(text: str = "", /, **given: Any) -> Settings:
        path = tmp_path / "hexjobs.yaml"
        path.write_text(text, "utf-8")
        return load_settings(path, **{"environ": {}, **given})

    return load


def test_the_defaults_are_those_of_the_models(tmp_path: Path) -> None:
    loaded, built_in = dump_settings(load_settings(environ={}, cwd=tmp_path)), dump_settings(Settings())
    assert loaded["jobs"]["embedded"].pop("data_dir") == str(
        tmp_path / built_in["jobs"]["embedded"].pop("data_dir")
    )
    assert loaded["files"].pop("root") == str(tmp_path / built_in["files"].pop("root"))
    assert loaded == built_in


def test_settings_made_directly_do_not_look_at_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP", '{"port": 1}')
    monkeypatch.setenv("HEXJOBS_HTTP__PORT", "1")
    assert Settings().http.port == 8080


def test_option_environment_file_default(load: Load) -> None:
    text = "http: {host: file, port: 1}\nlogging: {level: error}"
    settings = load(
        text,
        environ={"HEXJOBS_HTTP__HOST": "environment", "HEXJOBS_HTTP__PORT": "2"},
        overrides={"http.port": 3},
    )
    assert (settings.http.host, settings.http.port) == ("environment", 3)
    assert (settings.logging.level, settings.logging.format) == ("error", "auto")


def test_overrides_take_sections_too(load: Load) -> None:
    settings = load(
        overrides={"jobs": {"worker_pool": {"worker_count": 2}}, "jobs.worker_pool.queues": ["a"]}
    )
    assert settings.jobs.worker_pool.worker_count == 2
    assert settings.jobs.worker_pool.queues == ("a",)


def test_queues_are_merged_and_keep_the_written_order(load: Load) -> None:
    settings = load(
        "queues: {email: {max_jobs: 5, weight: 2}, bare: , default: {max_jobs: 7}}",
        environ={"HEXJOBS_QUEUES__EMAIL__MAX_JOBS": "6", "HEXJOBS_QUEUES__A__WEIGHT": "3"},
    )
    assert list(settings.queues) == ["email", "bare", "default", "a"]
    assert (settings.queues["email"].max_jobs, settings.queues["email"].weight) == (6, 2)
    assert settings.queues["bare"] == Settings().queues["default"]


def test_the_default_queue_is_always_there(load: Load) -> None:
    assert list(load("queues: {email: {}}").queues) == ["email", "default"]
    assert Settings().queues["default"].priority_levels == tuple(JobPriority)
    assert Settings().queues["default"].max_jobs is None


SCHEDULE = {"type": "ping", "every": "1h"}
OPEN = {
    "cron": "@daily",
    "start": "2026-03-01",
    "end": "2030-01-01",
    "jitter": "5s",
    "queue": "default",
    "priority": "high",
    "max_retries": "1",
    "retention": "1h",
}


def leaves() -> Iterator[tuple[str, str]]:
    """Every key with a name in the place of NAME, and its default as an environment variable would say it."""
    defaults = dump_settings(
        Settings.model_validate({"circuits": {"default": {}}, "schedules": {"default": SCHEDULE}})
    )
    for key in settings_keys().leaves():
        value: Any = defaults
        for name in key.path:
            value = value.get("default" if name == "NAME" else name, "/somewhere")
        path = ".".join("default" if name == "NAME" else name for name in key.path)
        yield path, value if isinstance(value, str) else "none" if value is None else json.dumps(value)


@pytest.mark.parametrize(("path", "value"), list(leaves()))
def test_every_key_can_be_set_from_the_environment(path: str, value: str, tmp_path: Path) -> None:
    """Those of a schedule beside what a schedule needs; one that is left open there is given a value."""
    variable = "HEXJOBS_" + path.upper().replace(".", "__")
    environ = {}
    if path.startswith("schedules."):
        environ = {f"HEXJOBS_SCHEDULES__DEFAULT__{name.upper()}": word for name, word in SCHEDULE.items()}
        value = OPEN.get(path.rpartition(".")[2], value)
    if path == "schedules.default.cron":
        del environ["HEXJOBS_SCHEDULES__DEFAULT__EVERY"]
    settings = load_settings(environ={**environ, variable: value}, cwd=tmp_path)
    assert str(origins(settings)[path]) == f"environment {variable}"


@pytest.mark.parametrize("text", ['["a", "b"]', "a, b", "a,b,", ' ["a","b"]'])
def test_a_list_is_json_or_has_commas(load: Load, text: str) -> None:
    assert load(environ={"HEXJOBS_JOBS__HANDLERS": text}).jobs.handlers == ("a", "b")


def test_an_empty_list_from_the_environment(load: Load) -> None:
    assert load("jobs: {handlers: [a]}", environ={"HEXJOBS_JOBS__HANDLERS": ""}).jobs.handlers == ()


def test_names_in_variables_may_have_two_underscores(load: Load) -> None:
    environ = {"HEXJOBS_QUEUES__A__B__MAX_JOBS": "5", "HEXJOBS_CLEANUP__ROOTS__C__D": "/tmp"}
    settings = load(environ=environ)
    assert settings.queues["a__b"].max_jobs == 5
    assert settings.cleanup.roots["c__d"] == Path("/tmp")


def test_variables_without_two_underscores_are_somebody_elses(load: Load) -> None:
    environ = {
        "HEXJOBS_PORT": "tcp://10.0.0.1:80",
        "HEXJOBS_REDIS_URL": "x",
        "OTHER__KEY": "x",
        "HEXJOBS": "1",
    }
    assert dump_settings(load(environ=environ)) == dump_settings(load())


def test_references_are_replaced_in_the_texts_of_the_file(load: Load) -> None:
    text = """
        http: {host: "${HOST}", port: "${PORT:-81}"}
        jobs: {handlers: ["${APP}.jobs", b], redis: {password: "a$${b}$c"}, worker_pool: {retry_delay: "${N}s"}}
        email: {username: "${EMPTY:-someone}", sender: "${A}@${B:-localhost}"}
    """
    settings = load(text, environ={"HOST": "h", "APP": "shop", "N": "7", "EMPTY": "", "A": "me"})
    assert (settings.http.host, settings.http.port) == ("h", 81)
    assert settings.jobs.handlers == ("shop.jobs", "b")
    assert settings.jobs.redis.password.get_secret_value() == "a${b}$c"
    assert settings.jobs.worker_pool.retry_delay == timedelta(seconds=7)
    assert (settings.email.username, settings.email.sender) == ("someone", "me@localhost")


def test_references_are_for_the_file_alone(load: Load) -> None:
    environ = {"HEXJOBS_JOBS__REDIS__PASSWORD": "a${b}"}
    assert load(environ=environ).jobs.redis.password.get_secret_value() == "a${b}"


@pytest.mark.parametrize(
    ("yaml", "path", "message"),
    [
        ("${NOPE}", "http.host", "needs the environment variable NOPE, which is not set"),
        ("x${NOPE-y}", "http.host", "neither ${NAME} nor ${NAME:-default}"),
        ("x${NOPE", "http.host", "neither ${NAME} nor ${NAME:-default}"),
        ("${}", "http.host", "neither ${NAME} nor ${NAME:-default}"),
    ],
)
def test_a_reference_to_nothing_names_the_key(load: Load, yaml: str, path: str, message: str) -> None:
    with pytest.raises(InvalidConfiguration) as caught:
        load(f"http: {{host: '{yaml}'}}")
    (problem,) = caught.value.problems
    assert problem.field == path
    assert message in problem.message
    assert "hexjobs.yaml, line 1)" in problem.message


def test_words_for_no_limit(load: Load) -> None:
    settings = load(
        "jobs: {worker_pool: {timeout: none}, retention: {failed: 5d}}\nqueues: {default: {max_jobs: none}, a: {max_jobs: }}"
    )
    assert settings.jobs.worker_pool.timeout is None
    assert settings.jobs.retention.failed == timedelta(days=5)
    assert settings.queues["default"].max_jobs is settings.queues["a"].max_jobs is None
    assert load("jobs: {retention: {failed: Forever}}").jobs.retention.failed is None


@pytest.mark.parametrize("text", ["email: {username: ''}", "email: {username: }", "email: {}"])
def test_no_user_of_mail_is_none(load: Load, text: str) -> None:
    """So that an empty one, which a variable may leave behind, is not taken for a user to log in as."""
    assert load(text).email.username is None
    assert load("email: {username: me}").email.username == "me"


def test_yamls_own_words_are_understood(load: Load) -> None:
    """YAML 1.1 reads a bare `no` as false; in `fsync` it is a word. Levels of logging come in any case."""
    settings = load("jobs: {embedded: {fsync: no}}\nlogging: {level: INFO}")
    assert (settings.jobs.embedded.fsync, settings.logging.level) == ("no", "info")


def test_merge_keys_and_anchors_are_plain_yaml(load: Load) -> None:
    settings = load("queues:\n  a: &usual {max_jobs: 5, weight: 2}\n  b:\n    <<: *usual\n    weight: 3\n")
    assert (settings.queues["b"].max_jobs, settings.queues["b"].weight) == (5, 3)


@pytest.mark.parametrize("text", ["", "# nothing\n", "jobs:\n", "\ufeffjobs: {}\n"])
def test_an_empty_file_or_section_says_nothing(load: Load, text: str) -> None:
    assert load(text).jobs.enabled
