"""Which file is read: the option, HEXJOBS_CONFIG, ./hexjobs.yaml, or none."""

from __future__ import annotations

from pathlib import Path

import pytest

from hexjobs.domain.errors import InvalidConfiguration
from hexjobs.settings import find_config, load_settings


@pytest.fixture
def named(tmp_path: Path) -> Path:
    (tmp_path / "named.yaml").write_text("http: {port: 1}")
    return tmp_path / "named.yaml"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / "hexjobs.yaml").write_text("http: {port: 2}")
    return tmp_path


def test_nothing_is_read_where_there_is_nothing(tmp_path: Path) -> None:
    assert find_config(environ={}, cwd=tmp_path) is None
    assert load_settings(environ={}, cwd=tmp_path).file is None


def test_the_option_goes_before_the_variable_and_the_variable_before_the_folder(
    here: Path, named: Path
) -> None:
    other = here / "other.yaml"
    other.write_text("")
    environ = {"HEXJOBS_CONFIG": str(other)}
    assert find_config(named, environ, here) == named
    assert find_config(None, environ, here) == other
    assert find_config(None, {"HEXJOBS_CONFIG": ""}, here) == here / "hexjobs.yaml"


def test_the_file_is_remembered(named: Path, tmp_path: Path) -> None:
    settings = load_settings(Path("named.yaml"), environ={}, cwd=tmp_path)
    assert (settings.file, settings.http.port) == (named, 1)


def test_the_surroundings_of_the_process_are_the_default(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(here)
    monkeypatch.delenv("HEXJOBS_CONFIG", raising=False)
    monkeypatch.setenv("HEXJOBS_HTTP__HOST", "0.0.0.0")
    settings = load_settings()
    assert (settings.http.host, settings.http.port) == ("0.0.0.0", 2)


def test_a_named_file_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match=r"nope\.yaml: there is no such configuration file"):
        load_settings(Path("nope.yaml"), environ={}, cwd=tmp_path)
    with pytest.raises(InvalidConfiguration, match="set by HEXJOBS_CONFIG"):
        load_settings(environ={"HEXJOBS_CONFIG": "nope.yaml"}, cwd=tmp_path)


def test_relative_paths_are_taken_from_the_files_folder(tmp_path: Path) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "hexjobs.yaml").write_text(
        "cleanup: {roots: {temporary: tmp, fixed: /var/tmp}}\n"
        "email: {template_folders: [a, /b]}\nfiles: {root: ~/files}\n"
    )
    environ = {"HEXJOBS_JOBS__EMBEDDED__DATA_DIR": "store"}
    settings = load_settings(folder / "hexjobs.yaml", environ=environ, cwd=tmp_path)
    assert settings.jobs.embedded.data_dir == folder / "store"
    assert dict(settings.cleanup.roots) == {"temporary": folder / "tmp", "fixed": Path("/var/tmp")}
    assert settings.email.template_folders == (folder / "a", Path("/b"))
    assert settings.files.root == Path.home() / "files"


def test_relative_paths_are_taken_from_the_working_directory_without_a_file(tmp_path: Path) -> None:
    """That holds for the built-in default too, so that the store does not move with a later chdir."""
    assert load_settings(environ={}, cwd=tmp_path).jobs.embedded.data_dir == tmp_path / ".hexjobs"


def test_nothing_is_looked_for_without_search(here: Path, named: Path) -> None:
    """Tests of users are not to depend on where they run."""
    assert load_settings(environ={}, cwd=here, search=False).file is None
    assert load_settings(named, environ={}, cwd=here, search=False).file == named
