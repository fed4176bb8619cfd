"""Secrets come from files too, and show nowhere."""

from __future__ import annotations

import copy
import json
import pickle
import traceback
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from hexjobs.domain.errors import InvalidConfiguration
from hexjobs.settings import RedisSettings, Settings, dump_settings, load_settings, origins

SECRET = "s3cr3t-hunter2"


def load(tmp_path: Path, text: str, environ: Mapping[str, str] | None = None) -> Settings:
    path = tmp_path / "hexjobs.yaml"
    path.write_text(text)
    return load_settings(path, environ=environ or {})


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    (tmp_path / "password").write_text(SECRET + "\n")
    return tmp_path / "password"


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_secret_may_be_in_a_file_without_its_last_lines_end(tmp_path: Path, ending: str) -> None:
    (tmp_path / "password").write_bytes(f" {SECRET} ".encode() + ending.encode())
    settings = load(tmp_path, "jobs: {redis: {password_file: password}}")
    assert settings.jobs.redis.password == SecretStr(f" {SECRET} ")


def test_the_file_may_be_named_by_the_environment_and_by_a_reference(
    tmp_path: Path, secret_file: Path
) -> None:
    environ = {"HEXJOBS_EMAIL__PASSWORD_FILE": str(secret_file), "WHERE": str(secret_file)}
    settings = load(tmp_path, "jobs: {redis: {password_file: '${WHERE}'}}", environ)
    assert settings.email.password == settings.jobs.redis.password == SecretStr(SECRET)
    assert str(origins(settings)["email.password"]) == "environment HEXJOBS_EMAIL__PASSWORD_FILE"


def test_the_order_of_the_sources_holds_for_both_forms(tmp_path: Path, secret_file: Path) -> None:
    """The file that lost is not read: it may not be there."""
    text = "jobs: {redis: {password_file: nowhere}}\nemail: {password: other}"
    environ = {
        "HEXJOBS_JOBS__REDIS__PASSWORD": SECRET,
        "HEXJOBS_EMAIL__PASSWORD_FILE": str(secret_file),
    }
    settings = load(tmp_path, text, environ)
    assert settings.email.password == settings.jobs.redis.password == SecretStr(SECRET)


def test_both_forms_in_one_place_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration) as caught:
        load(tmp_path, f"email:\n  password: {SECRET}\n  password_file: password\n")
    (problem,) = caught.value.problems
    assert problem.field == "email.password"
    assert problem.message.startswith("is given both as password and as password_file; give it once (")
    assert problem.message.endswith("hexjobs.yaml, line 3)")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("password_file: nope", "cannot be read: No such file or directory"),
        ("password_file: empty", "is empty"),
        ("password_file: binary", "is not UTF-8"),
        ("password_file: ", "has no value"),
        ("password_file: ''", "must be a path"),
        ("password_file: [a]", "must be a path"),
    ],
)
def test_a_file_without_a_secret_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff" + SECRET.encode())
    with pytest.raises(InvalidConfiguration) as caught:
        load(tmp_path, f"email: {{{text}}}")
    assert [problem.field for problem in caught.value.problems] == ["email.password_file"]
    assert caught.value.problems[0].message.startswith(message)
    assert SECRET not in everything_of(caught.value)


def test_only_secrets_have_a_form_as_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match=r"http\.host_file: is not a key"):
        load(tmp_path, "http: {host_file: x}")
    with pytest.raises(InvalidConfiguration, match="did you mean 'password_file'"):
        load(tmp_path, "email: {password_fiel: x}")


@pytest.mark.parametrize(
    "text",
    [
        f"jobs: {{redis: {{password: {SECRET}}}}}",
        f"jobs: {{redis: {{addr: 'redis://me:{SECRET}@h:1/2'}}}}",
        f"jobs: {{redis: {{addr: 'unix://:{SECRET}@/run/redis.sock?db=2'}}}}",
    ],
)
def test_secrets_show_nowhere(tmp_path: Path, text: str) -> None:
    settings = load(tmp_path, text)
    assert settings.jobs.redis.password.get_secret_value() == SECRET
    shown = [
        repr(settings),
        str(settings),
        json.dumps(dump_settings(settings)),
        settings.model_dump_json(),
        repr(settings.model_dump()),
        repr(origins(settings)),
    ]
    assert not [text for text in shown if SECRET in text]
    assert dump_settings(settings)["jobs"]["redis"]["password"] == "**********"
    assert dump_settings(settings, mask=False)["jobs"]["redis"]["password"] == SECRET
    assert dump_settings(Settings())["jobs"]["redis"]["password"] == ""


def test_secrets_show_in_no_log_of_the_settings_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PYDANTIC_SETTINGS_DEBUG", "1")
    caplog.set_level("DEBUG")
    load(tmp_path, f"jobs: {{redis: {{addr: 'redis://me:{SECRET}@h'}}}}\nemail: {{password: {SECRET}}}")
    assert "email" in caplog.text
    assert SECRET not in caplog.text


def everything_of(error: BaseException) -> str:
    """All that a log could show of an error, also of those that it hides."""
    shown, current = [], error
    while True:
        shown += [str(current), repr(current), *traceback.format_exception(current)]
        if current.__context__ is None:
            return "\n".join(shown)
        current = current.__context__


@pytest.mark.parametrize(
    "text",
    [
        f"jobs: {{redis: {{password: [{SECRET}]}}}}",
        f"jobs: {{redis: {{password: {{{SECRET}: 1}}}}}}",
        f"jobs: {{redis: {{addr: 'redis://me:{SECRET}@h:port'}}}}",
        f"jobs: {{redis: {{addr: 'redis://me:{SECRET}@h:1', password: other}}}}",
        f"jobs: {{redis: {{addr: 'http://me:{SECRET}@h:1'}}}}",
        f"jobs: {{redis: {{passwrod: {SECRET}}}}}",
        f"jobs: {{redis: {{password: '${{{SECRET}'}}}}",
        f"jobs: {{redis: {{password: *{SECRET}}}}}",
        f"jobs: {{redis: {{password: !{SECRET} x}}}}",
        f"jobs: {{redis: {{password: '{SECRET}}}}}",
        f"jobs: {{redis: {{password: {SECRET}: x}}}}",
        f"jobs: {{redis: {SECRET}}}",
        f"email: {{password: {SECRET}, tls: none, port: x}}",
    ],
)
def test_secrets_show_in_no_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidConfiguration) as caught:
        load(tmp_path, text)
    assert SECRET not in everything_of(caught.value)


def test_the_models_themselves_show_no_input_in_errors() -> None:
    with pytest.raises(ValidationError) as caught:
        RedisSettings.model_validate({"password": [SECRET], "db": SECRET})
    assert SECRET not in everything_of(caught.value)
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate({"jobs": {"redis": SECRET}})
    assert SECRET not in everything_of(caught.value)


def test_settings_are_frozen_and_can_be_copied(tmp_path: Path) -> None:
    settings = load(tmp_path, f"email: {{password: {SECRET}}}\ncleanup: {{roots: {{a: /tmp}}}}")
    with pytest.raises(ValidationError):
        settings.http.port = 1  # type: ignore[misc]  # that is what is tested
    with pytest.raises(TypeError):
        settings.queues["new"] = settings.queues["default"]  # type: ignore[index]  # likewise
    assert settings == copy.deepcopy(settings) == pickle.loads(pickle.dumps(settings))
