"""The search of the run's logs finds what it must, and fails the run that said it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.logs import kinds_in

NUMBER = "9000000009"
ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        pytest.param(f"said of {NUMBER} twice", {"an NHS number"}, id="a number"),
        pytest.param("of 900 000 0009.", {"an NHS number"}, id="a number in groups"),
        pytest.param("nhs9990000018x", {"an NHS number"}, id="a number within a word"),
        pytest.param("9000000008", set(), id="a wrong check digit"),
        pytest.param("19000000009", set(), id="eleven digits"),
        pytest.param("for Rosa", {"a name or a date of birth"}, id="a name"),
        pytest.param("born=2004-03-11", {"a name or a date of birth"}, id="a date of birth"),
        pytest.param("at SE1 5LZ,", {"a postcode"}, id="a postcode"),
        pytest.param("received-9000000009aaaaaaaaaaaaaaaaaaaaaa", set(), id="an id of ours"),
        pytest.param("2026-11-22T02:28:01 exit=3 records=900", set(), id="an ordinary line"),
    ],
)
def test_what_is_about_a_person_is_seen(text: str, kinds: set[str]) -> None:
    assert kinds_in(text) == kinds


PLANTED = f"""
import logging, os, subprocess, sys
import structlog

def test_prints():
    print("{NUMBER}")

def test_a_library_logs():
    logging.getLogger("x").warning("{NUMBER}")

def test_we_log():
    structlog.get_logger().info("a.b", number="{NUMBER}")

def test_a_child_prints():
    subprocess.run([sys.executable, "-c", "print('{NUMBER}')"], capture_output=True)

def test_a_child_logs_and_ends_at_once():
    code = "import logging, os; logging.warning('{NUMBER}'); os._exit(3)"
    subprocess.run([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
"""


@pytest.mark.parametrize(
    "processes", [(), ("-p", "xdist", "-n", "2")], ids=["alone", "on two processes"]
)
def test_a_run_that_says_a_number_anywhere_fails_and_does_not_repeat_it(
    tmp_path: Path, processes: tuple[str, ...]
) -> None:
    done = run_over(PLANTED, tmp_path, *processes)
    told = [line for line in done.stdout.splitlines() if ": an NHS number" in line]

    assert done.returncode == 1, done.stdout
    assert "5 passed" in done.stdout
    for test in ("test_prints", "test_a_library_logs", "test_we_log"):
        assert any(test in line for line in told)
    assert len({line for line in told if line.startswith("process-")}) == 2
    assert NUMBER not in done.stdout + done.stderr


def test_a_run_that_says_nothing_of_the_kind_passes(tmp_path: Path) -> None:
    done = run_over("def test_prints():\n    print('about nobody')\n", tmp_path)

    assert done.returncode == 0, done.stdout


def run_over(tests: str, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run pytest, with the search of the logs, over a file of tests."""
    (folder / "test_planted.py").write_text(tests, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "tests.logs", "-p", "no:cacheprovider"]
    # Without this run's own folder: what is planted must not be found here too.
    kept = {k: v for k, v in os.environ.items() if k not in {"KINBRIDGE_TEST_LOGS", "PYTHONPATH"}}
    alone = {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(
        [*command, f"--basetemp={folder / 'base'}", f"--rootdir={folder}", *options, str(folder)],
        cwd=folder,
        env={**kept, **alone},
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
