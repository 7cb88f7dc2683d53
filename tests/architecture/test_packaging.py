"""The lock file fits pyproject.toml, names no index, and holds a hash of everything."""

from __future__ import annotations

import re
import sys
import tomllib
from importlib.metadata import entry_points
from typing import Any, Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.sources import PRODUCT, ROOT

PIN: Final = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def lock() -> str:
    return (ROOT / "requirements.lock").read_text(encoding="utf-8")


def pins() -> dict[str, str]:
    return {str(canonicalize_name(name)): version for name, version in PIN.findall(lock())}


def requirements() -> list[Requirement]:
    table = project()["project"]
    return [
        Requirement(text)
        for text in [*table["dependencies"], *table["optional-dependencies"]["test"]]
    ]


@pytest.mark.parametrize("asked", requirements(), ids=str)
def test_the_lock_has_a_version_that_pyproject_allows(asked: Requirement) -> None:
    version = pins()[str(canonicalize_name(asked.name))]

    assert version in asked.specifier


def test_everything_in_the_lock_has_a_hash() -> None:
    entries = re.split(r"\n(?=\S)", lock().strip())

    assert len(entries) == len(pins())
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_the_lock_names_no_index_and_no_place() -> None:
    options = [line for line in lock().splitlines() if line.startswith(("-", "#", "/", "."))]

    assert options == []
    assert "://" not in lock()


@pytest.mark.parametrize("name", ["faust-streaming", "aiokafka"])
def test_what_we_subclass_is_pinned_exactly(name: str) -> None:
    (asked,) = (each for each in requirements() if each.name == name)

    assert [specifier.operator for specifier in asked.specifier] == ["=="]


def test_all_four_packages_are_in_the_wheel_with_their_types() -> None:
    built = project()["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]

    assert sorted(built) == sorted(PRODUCT)
    assert [p for p in PRODUCT if not (ROOT / p / "py.typed").is_file()] == []


def test_the_command_and_the_transport_can_be_found() -> None:
    groups = [("console_scripts", "kinbridge"), ("faust.transports", "kinbridge")]

    for group, name in groups:
        (found,) = entry_points(group=group, name=name)
        assert found.load() is not None


def test_python_is_one_that_the_project_names() -> None:
    least = project()["project"]["requires-python"].removeprefix(">=")

    assert sys.version_info >= tuple(int(part) for part in least.split("."))
