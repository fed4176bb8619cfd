"""What is in the wheel and in the source distribution."""

from __future__ import annotations

import configparser
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.metadata import Metadata
from packaging.requirements import Requirement

from support.installed import Distributions
from support.source_tree import ROOT, SRC, files

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
SHIPPED = {f"hexjobs/{path.relative_to(SRC)}" for path in files("src")}
pytestmark = pytest.mark.timeout(300)


def test_the_wheel_has_every_file_of_the_package_and_no_other(distributions: Distributions) -> None:
    """Modules, scripts, templates, the type marker; no tests, no caches, nothing beside the package."""
    with zipfile.ZipFile(distributions.wheel) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert names == SHIPPED
    assert {Path(name).suffix for name in SHIPPED} >= {".py", ".lua", ".html", ".txt"}
    assert "hexjobs/py.typed" in SHIPPED


def test_the_wheel_is_for_every_python_and_system(distributions: Distributions) -> None:
    """Pure Python, and one name at the top."""
    assert distributions.wheel.name == f"hexjobs-{PROJECT['version']}-py3-none-any.whl"
    assert read(distributions.wheel, "top_level.txt").split() == ["hexjobs"]


def test_the_metadata_are_valid_and_say_what_the_project_says(distributions: Distributions) -> None:
    """An index would take them."""
    metadata = Metadata.from_email(read(distributions.wheel, "METADATA"), validate=True)
    assert metadata.name == "hexjobs"
    assert str(metadata.version) == PROJECT["version"]
    assert str(metadata.requires_python) == PROJECT["requires-python"]
    assert metadata.license_expression == "Apache-2.0"
    assert metadata.license_files == ["LICENSE"]
    assert set(metadata.provides_extra or ()) == set(PROJECT["optional-dependencies"])
    base = {str(each) for each in metadata.requires_dist or () if "extra" not in str(each.marker)}
    assert base == {str(Requirement(each)) for each in PROJECT["dependencies"]}
    assert metadata.description_content_type == "text/markdown"
    assert len(metadata.description or "") > 500


def test_the_wheel_brings_the_command_and_the_fixtures(distributions: Distributions) -> None:
    """By its entry points."""
    entry_points = configparser.ConfigParser()
    entry_points.read_string(read(distributions.wheel, "entry_points.txt"))
    assert dict(entry_points["console_scripts"]) == {"hexjobs": "hexjobs.__main__:main"}
    assert dict(entry_points["pytest11"]) == {"hexjobs": "hexjobs.pytest_plugin"}


def test_the_wheel_can_be_made_of_the_source_distribution(distributions: Distributions) -> None:
    """It has been: `build` makes the one from the other. It has all of the package, and what it needs to be built."""
    with tarfile.open(distributions.source) as source:
        names = {name.partition("/")[2] for name in source.getnames() if not name.endswith("/")}
    assert {name.replace("hexjobs/", "src/", 1) for name in SHIPPED} | {
        "pyproject.toml",
        "README.md",
        "LICENSE",
    } <= names


def read(wheel: Path, name: str) -> str:
    """A file of the wheel's metadata."""
    with zipfile.ZipFile(wheel) as opened:
        [found] = [each for each in opened.namelist() if each.endswith(f".dist-info/{name}")]
        return opened.read(found).decode()
