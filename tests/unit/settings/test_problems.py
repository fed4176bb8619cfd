"""Everything that is wrong is said at once, by dotted path, with the place and the nearest key."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from hexjobs.domain.errors import InvalidConfiguration
from hexjobs.settings import load_settings


def problems(
    tmp_path: Path, text: str | bytes, environ: Mapping[str, str] | None = None, **overrides: object
) -> dict[str, str]:
    """What is wrong, by path, without the name of the folder."""
    path = tmp_path / "hexjobs.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(InvalidConfiguration) as caught:
        load_settings(path, environ=environ or {}, overrides=overrides)
    found = caught.value.problems
    assert len({problem.field for problem in found}) == len(found)
    return {
        problem.field.replace(f"{tmp_path}/", ""): problem.message.replace(f"{tmp_path}/", "")
        for problem in found
    }


def test_all_problems_of_all_sources_come_together(tmp_path: Path) -> None:
    text = """\
jobs:
  redsi: {}
  worker_pool:
    worker_count: many
    retry_delay: 5 parsecs
  redis:
    db: -1
queues:
  email: {priority_levels: [low, urgent]}
"""
    environ = {"HEXJOBS_JOBS__REDIS__ADRR": "x", "HEXJOBS_HTTP__PORT": "99999"}
    assert problems(tmp_path, text, environ, **{"logging.format": "xml", "logging.colour": 1}) == {
        "jobs.redsi": "is not a key; did you mean 'redis'? (hexjobs.yaml, line 2)",
        "jobs.redis.adrr": "is not a key; did you mean 'addr'? (set by HEXJOBS_JOBS__REDIS__ADRR)",
        "logging.colour": "is not a key; known: format, level",
        "jobs.worker_pool.worker_count": "must be a valid integer, unable to parse string as an integer (hexjobs.yaml, line 4)",
        "jobs.worker_pool.retry_delay": '\'5 parsecs\' is not a duration; write it like "250ms", "5s", "1m", "24h" or "1h30m" (hexjobs.yaml, line 5)',
        "jobs.redis.db": "must be greater than or equal to 0 (hexjobs.yaml, line 7)",
        "http.port": "must be less than or equal to 65535 (set by HEXJOBS_HTTP__PORT)",
        "logging.format": "must be 'auto', 'console' or 'json'",
        "queues.email.priority_levels[1]": "'urgent' is not a priority; one of: low, normal, high, critical (hexjobs.yaml, line 9)",
    }


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("jobs.redis.sentinel", "{}"),
        ("jobs.redis.cluster", "true"),
        ("jobs.redis.addr", "'redis+sentinel://a,b/main'"),
        ("queues.email.provider", "sqs"),
        ("jobs.provider", "postgres"),
        ("jobs.provider", "sqs"),
        ("jobs.provider", "pubsub"),
        ("jobs.provider", "servicebus"),
    ],
)
def test_what_is_not_built_yet_is_refused(tmp_path: Path, path: str, value: str) -> None:
    text = value
    for name in reversed(path.split(".")):
        text = f"{{{name}: {text}}}"
    found = problems(tmp_path, text)
    assert list(found) == [path]
    assert "not supported yet" in found[path]


def test_a_planned_key_from_the_environment_is_refused_too(tmp_path: Path) -> None:
    found = problems(tmp_path, "", {"HEXJOBS_JOBS__REDIS__SENTINEL__MASTER": "x"})
    assert found == {
        "jobs.redis.sentinel": "is not supported yet (set by HEXJOBS_JOBS__REDIS__SENTINEL__MASTER)"
    }


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ("http: 80", "http", "is a section: it takes keys, not a value"),
        ("- a", "configuration", "is a section: it takes keys, not a value"),
        ("http: {port: true}", "http.port", "must be a number, not true or false"),
        ("http: {port: }", "http.port", "has no value; write one, or remove the key"),
        ("jobs: {worker_pool: {timeout: }}", "jobs.worker_pool.timeout", "has no value"),
        ("jobs: {worker_pool: {timeout: 0s}}", "jobs.worker_pool.timeout", "must be more than 0"),
        ("jobs: {worker_pool: {heartbeat: 0}}", "jobs.worker_pool.heartbeat", "must be more than 0"),
        ("jobs: {worker_pool: {retry_delay: -1}}", "jobs.worker_pool.retry_delay", "must not be negative"),
        ("jobs: {worker_pool: {lease: 10ms}}", "jobs.worker_pool.lease", "at least 500ms"),
        ("jobs: {worker_pool: {stuck_after: 5s}}", "jobs.worker_pool.stuck_after", "must be at least 10s"),
        ("jobs: {worker_pool: {queues: [A]}}", "jobs.worker_pool.queues[0]", "lower-case letters"),
        ("jobs: {redis: {password: 123}}", "jobs.redis.password", "must be text; put it in quotes"),
        ("jobs: {redis: {username: 2026-01-01}}", "jobs.redis.username", "must be text; put it in quotes"),
        ("jobs: {redis: {key_prefix: 'a b'}}", "jobs.redis.key_prefix", "must match pattern"),
        ("jobs: {metrics: {prefix: 9a}}", "jobs.metrics.prefix", "must match pattern"),
        ("jobs: {handlers: '[a'}", "jobs.handlers", "is not a JSON list"),
        ("jobs: {embedded: {data_dir: ''}}", "jobs.embedded.data_dir", "must be a path"),
        ("queues: {Email: {}}", "queues.Email", "lower-case letters"),
        ("queues: {1: {}}", "queues", "has the key 1, which is not text; put it in quotes"),
        ("queues: {a: {max_jobs: 0}}", "queues.a.max_jobs", "must be greater than or equal to 1"),
        ("queues: {a: {priority_levels: []}}", "queues.a.priority_levels", "at least one level"),
        ("queues: {a: {priority_levels: [low, 0]}}", "queues.a.priority_levels", "lists a level twice"),
        ("cleanup: {roots: {T: /tmp}}", "cleanup.roots.T", "lower-case letters"),
        ("email: {sender: nobody}", "email.sender", "is not an e-mail address"),
        ("email: {sender: 'a@b.c, d@e.f'}", "email.sender", "must be one address"),
        ("email: {tls: none, username: me}", "email.tls", "in clear"),
        ("jobs: &jobs {jobs: *jobs}", "jobs.jobs", "is not a key"),
        ("email: {template_folders: &loop [*loop]}", "email.template_folders", "holds itself"),
    ],
)
def test_what_is_wrong_and_where(tmp_path: Path, text: str, path: str, message: str) -> None:
    found = problems(tmp_path, text)
    assert list(found) == [path]
    assert message in found[path]


def test_a_variable_for_a_section_is_refused(tmp_path: Path) -> None:
    found = problems(tmp_path, "", {"HEXJOBS_QUEUES__EMAIL": "5", "HEXJOBS__JOBS__ENABLED": "1"})
    assert found["queues.email"] == "is a section: it takes keys, not a value (set by HEXJOBS_QUEUES__EMAIL)"
    assert found["_jobs"].startswith("is not a key; did you mean 'jobs'?")


def test_two_spellings_of_one_variable_are_refused(tmp_path: Path) -> None:
    found = problems(tmp_path, "", {"HEXJOBS_HTTP__PORT": "1", "HEXJOBS_HTTP__port": "2"})
    assert found == {"http.port": "is given twice; give it once (set by HEXJOBS_HTTP__port)"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1,\n", "is not valid YAML at line 2, column 1: expected the node content"),
        (
            "a:\n\tb: 1",
            "is not valid YAML at line 2, column 1: found character '\\t' that cannot start any token",
        ),
        (
            "a: !!python/object/apply:os.getcwd []",
            "is not valid YAML at line 1, column 4: could not determine",
        ),
        ("a: {b: 1 c: 2}\n", "is not valid YAML at line 1, column 11: expected ',' or '}', but got ':'"),
        ("a: 1\n--- \nb: 1", "is not valid YAML at line 2, column 1: but found another document"),
        ("a: 1\nb: \x00", "is not valid YAML at line 2, column 4: a character is not allowed"),
        ("a: 2026-99-99", "is not valid YAML: a value is malformed"),
        ("a: " + "[" * 1000, "is not valid YAML: it is nested too deeply"),
        (b"a: \xff", "is not UTF-8 at byte 3"),
    ],
)
def test_yaml_that_cannot_be_read_shows_line_and_column(
    tmp_path: Path, text: str | bytes, message: str
) -> None:
    found = problems(tmp_path, text, {"HEXJOBS_HTTP__PORT": "x"})
    assert found["hexjobs.yaml"].startswith(message)
    assert "http.port" in found, "the other sources are checked all the same"


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match="cannot be read: Is a directory"):
        load_settings(tmp_path, environ={})


def test_a_key_that_is_written_twice_is_refused_with_its_line(tmp_path: Path) -> None:
    text = "http:\n  port: 1\n  host: a\n  port: 2\nlogging: {}\nhttp: {}\n"
    assert problems(tmp_path, text) == {
        "http.port": "is written twice (hexjobs.yaml, line 4)",
        "http": "is written twice (hexjobs.yaml, line 6)",
    }
