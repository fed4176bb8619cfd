"""Settings as others see them: plain values, origins, JSON Schema."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from hexjobs.settings import HttpSettings, Settings, dump_settings, load_settings, origins, settings_schema
from hexjobs.settings.keys import Key
from hexjobs.settings.settings import settings_keys

TEXT = """\
jobs:
  redis: {addr: "h:1", password: pw}
  worker_pool: {timeout: none, retry_delay: 1500ms}
queues:
  email: {max_jobs: 5, priority_levels: [high]}
"""


def test_a_dump_is_json_and_can_be_loaded_again(tmp_path: Path) -> None:
    (tmp_path / "hexjobs.yaml").write_text(TEXT)
    dumped = dump_settings(load_settings(environ={}, cwd=tmp_path), mask=False)
    assert dumped["jobs"]["worker_pool"]["timeout"] == "none"
    assert dumped["jobs"]["worker_pool"]["retry_delay"] == "1s500ms"
    assert dumped["jobs"]["retention"]["failed"] == "forever"
    assert dumped["queues"]["email"] == {"priority_levels": ["high"], "max_jobs": 5, "weight": 1}
    (tmp_path / "again.yaml").write_text(yaml.safe_dump(json.loads(json.dumps(dumped)), sort_keys=False))
    again = load_settings(tmp_path / "again.yaml", environ={})
    assert dump_settings(again, mask=False) == dumped


def test_every_leaf_tells_where_it_comes_from(tmp_path: Path) -> None:
    path = tmp_path / "hexjobs.yaml"
    path.write_text(TEXT)
    environ = {"HEXJOBS_HTTP__PORT": "81"}
    found = origins(load_settings(path, environ=environ, overrides={"http.host": "h"}))
    said = {name: str(origin) for name, origin in found.items() if origin.kind != "default"}
    assert said == {
        "jobs.redis.addr": f"file {path}:2",
        "jobs.redis.password": f"file {path}:2",
        "jobs.worker_pool.timeout": f"file {path}:3",
        "jobs.worker_pool.retry_delay": f"file {path}:3",
        "http.host": "option",
        "http.port": "environment HEXJOBS_HTTP__PORT",
        "queues.email.max_jobs": f"file {path}:5",
        "queues.email.priority_levels": f"file {path}:5",
    }
    assert str(found["jobs.embedded.data_dir"]) == str(found["queues.email.weight"]) == "default"


def test_values_given_in_code_are_options() -> None:
    found = origins(Settings(http=HttpSettings(port=81)))
    assert (str(found["http.port"]), str(found["http.host"])) == ("option", "default")


def test_the_schema_has_every_key_with_its_meaning_and_its_default() -> None:
    schema = settings_schema()
    json.dumps(schema)

    def check(key: Key) -> None:
        shown = schema["$defs"][key.annotation.__name__] if key.path else schema
        assert shown["additionalProperties"] is False
        assert shown["description"]
        defaults = key.annotation.model_construct().model_dump(mode="json")
        for name, child in key.children.items():
            if child.is_leaf:
                assert shown["properties"][name]["description"] == child.description
                assert shown["properties"][name].get("default") == defaults.get(name)
                assert (name in defaults) is (name not in shown.get("required", ()))

    for section in settings_keys().sections():
        check(section)


def test_the_schema_allows_what_the_loader_does() -> None:
    """Durations as text, references in place of numbers, files of secrets."""
    schema = settings_schema()["$defs"]
    delay = schema["WorkerPoolSettings"]["properties"]["retry_delay"]
    assert delay["anyOf"][0]["type"] == ["string", "number"]
    assert delay["default"] == "5s"
    port = schema["HttpSettings"]["properties"]["port"]
    assert port["anyOf"] == [
        {"type": "integer", "minimum": 0, "maximum": 65535},
        {"type": "string", "pattern": r"\$\{[A-Za-z_]"},
    ]
    assert schema["RedisSettings"]["properties"]["password_file"]["type"] == "string"
