"""Adapters as packages: one just begun is green at once, one of a third party runs if named."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner, Result

from kinbridge.cli import main
from kinbridge.pipeline import run_worker, sources_named
from kinbridge.settings import Settings
from kinbridge.sources.loader import SourcesError

HERE: Final = Path(__file__).parent
RECORD: Final = """RECORD|F-77|3|2026-03-02T10:15:00Z|CURRENT
CHILD|C100|9000000033|Ada Example|2019-09-01|
EVENT|CPP|2026-03-02|NEG
"""
OFFLINE: Final = ("--no-index", "--no-deps", "--no-build-isolation", "--quiet", "--no-input")


def adapter(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["adapter", *arguments])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for the packages. What mypy learns of ours for one, it knows for the other."""
    found = tmp_path_factory.mktemp("packages")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("MYPY_CACHE_DIR", str(found / "types"))
        yield found


@pytest.fixture(scope="module")
def site(folder: Path) -> Path:
    """The third party's package, built and installed without a network, beside our own."""
    source, target = folder / "ferndale", folder / "site"
    shutil.copytree(HERE / "ferndale", source)
    install = [sys.executable, "-m", "pip", "install", *OFFLINE, "--target", str(target)]
    done = subprocess.run([*install, str(source)], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return target


def test_a_new_package_is_green_at_once(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    made = adapter("new", "acme-cases", "--into", str(folder))
    checked = adapter("check", str(folder / "acme-cases"))
    told = capfd.readouterr().out

    assert (made.exit_code, checked.exit_code) == (0, 0), told[-3000:]
    assert "23 passed" in told
    assert "Success: no issues found in 3 source files" in told


def test_a_third_party_s_package_passes_the_kit_and_strict_types_where_it_is_installed(
    folder: Path, site: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(site))
    checked = adapter("check", str(folder / "ferndale"))
    told = capfd.readouterr().out

    assert checked.exit_code == 0, told[-3000:]
    assert "24 passed" in told


def test_a_package_whose_suite_fails_is_said_to(tmp_path: Path) -> None:
    adapter("new", "acme-cases", "--into", str(tmp_path))
    tests = tmp_path / "acme-cases" / "tests" / "test_acme_cases.py"
    tests.write_text("def test_it() -> None:\n    assert not __name__\n", encoding="utf-8")

    assert adapter("check", str(tmp_path / "acme-cases")).exit_code == 1


@pytest.mark.parametrize("name", ["Acme", "acme_cases", "../acme", "acme--cases", "9acme", ""])
def test_a_name_that_is_none_is_refused(name: str, tmp_path: Path) -> None:
    done = adapter("new", name, "--into", str(tmp_path))

    assert done.exit_code == 1
    assert "A name is of small letters" in done.output
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_already_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "acme").mkdir()

    done = adapter("new", "acme", "--into", str(tmp_path))

    assert (done.exit_code, list((tmp_path / "acme").iterdir())) == (1, [])
    assert "is there already" in done.output


@pytest.fixture
def named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = tmp_path / "sources.yaml"
    sources.write_text("adapters: [ferndale]\n", encoding="utf-8")
    monkeypatch.setenv("KINBRIDGE_SOURCES", str(sources))


def of_ferndale() -> str:
    lines = adapter("list").output.splitlines()
    return next((" ".join(line.split()) for line in lines if line.startswith("ferndale")), "")


def test_what_is_installed_is_listed_and_does_not_run(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(site)

    assert of_ferndale() == "ferndale kinbridge-ferndale 0.3.0 installed, not named"


@pytest.mark.usefixtures("named")
def test_what_is_named_runs(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(site)

    assert of_ferndale() == "ferndale kinbridge-ferndale 0.3.0 runs"
    assert adapter("check", "ferndale").output == (
        "x-ferndale: version x-ferndale:ferndale-3. It can be loaded and run.\n"
    )


@pytest.mark.usefixtures("named")
def test_nothing_starts_that_names_what_is_not_installed() -> None:
    settings = Settings.model_validate(
        {"secret": "of a test, and longer than it needs to be"}
        | {"sources": os.environ["KINBRIDGE_SOURCES"]}
    )

    assert of_ferndale() == "ferndale - named, not installed"
    for start in (partial(run_worker, "mapping"), sources_named):
        with pytest.raises(SourcesError, match="No installed package brings the adapter ferndale"):
            start(settings)


def test_its_records_go_through_the_whole_line_and_name_nobody(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(site)
    record = tmp_path / "record.txt"
    record.write_text(RECORD, encoding="utf-8")

    done = adapter(
        "dry-run", "ferndale", str(record),
        "--source", "209.ferndale", "--at", "2026-03-02T11:00", "--hours", "1",
    )  # fmt: skip

    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[:3] == [
        "mapping x-ferndale:ferndale-3",
        "record.txt",
        "  says cp_plan_started of 2026-03-02, about child",
    ]
    assert "  + mapped-and-linked linked" in done.output
    assert not [name for name in ("9000000033", "C100", "Ada") if name in done.output]
