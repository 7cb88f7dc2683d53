"""The logs of a whole test run, in one folder, searched at its end for what is about a person.

In it is what the tests themselves say (pytest's captured output and logging) and what every
Python process says that they start (childlogs/sitecustomize.py). Whatever in it looks like a
person of the tests fails the run: told is the file and the line, never the value.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from kinbridge_schemas.identifiers import NhsNumber

if TYPE_CHECKING:
    from collections.abc import Iterable

FOLDER_SETTING: Final = "KINBRIDGE_TEST_LOGS"
_CHILD: Final = Path(__file__).parent / "childlogs"
_RAN: Final = "ran.log"

# Ids derived from content and random ones: ten digits in a row may be part of one.
_IDS: Final = re.compile(
    r"(?<![^\W_])(?:[a-z][a-z.-]{0,40}-)?(?:[0-9a-f]{32,64}|[a-z2-7]{32})(?![^\W_])"
)
_NUMBER: Final = re.compile(r"(?<!\d)9(?:00|99)[\s._-]{0,2}\d{3}[\s._-]{0,2}\d{4}(?!\d)")
_POSTCODE: Final = re.compile(r"(?<![^\W_])[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}(?![^\W_])")
PEOPLE: Final = ("Rosa", "Tomas", "Ines", "Clara", "Kit Example", "Example, Kit")
"""Given names of the tests' made-up people; their family names are ordinary words."""
BORN: Final = ("2004-03-11", "2001-08-30", "2021-01-15", "1995-02-20", "1998-05-04", "2019-09-01")
_NAMED: Final = re.compile(
    "|".join([*(rf"(?<![^\W_]){re.escape(name)}(?![^\W_])" for name in PEOPLE), *BORN])
)


@dataclass(frozen=True, slots=True)
class Found:
    """Where something about a person stands in a log, and what kind of thing: not the value."""

    file: str
    line: int
    kind: str
    about: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.kind}{f' ({self.about})' if self.about else ''}"


def kinds_in(text: str) -> set[str]:
    """Say what of a person a text holds: an NHS number, a postcode, a name or date of birth."""
    bare = _IDS.sub("", text)
    numbers = {re.sub(r"\D", "", found) for found in _NUMBER.findall(bare)}
    checks = {
        "an NHS number": any(NhsNumber.well_formed(number) for number in numbers),
        "a postcode": _POSTCODE.search(bare) is not None,
        "a name or a date of birth": _NAMED.search(bare) is not None,
    }
    return {kind for kind, is_there in checks.items() if is_there}


def search(folder: Path) -> Iterator[Found]:
    """Look through every log of a folder."""
    for path in sorted(folder.rglob("*.log")):
        test = ""
        with path.open(encoding="utf-8", errors="replace") as lines:
            for number, line in enumerate(lines, 1):
                if path.name == _RAN and line.startswith("=== "):
                    test = line.removeprefix("=== ").strip()
                    continue
                for kind in sorted(kinds_in(line)):
                    yield Found(path.name, number, kind, test)


class RunLogs:
    """Gathers what the run says, and judges it at the end."""

    def __init__(self, folder: Path) -> None:
        self.folder: Final = folder
        self.found: tuple[Found, ...] = ()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.sections:
            self._write(
                f"=== {report.nodeid} {report.when}", (text for _, text in report.sections)
            )

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        self.found = tuple(search(self.folder))
        if self.found and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self.found:
            return
        terminalreporter.section("about a person, in a log", red=True, bold=True)
        terminalreporter.line(f"in {self.folder}:")
        for found in self.found:
            terminalreporter.line(str(found))

    def _write(self, head: str, texts: Iterable[str]) -> None:
        with (self.folder / _RAN).open("a", encoding="utf-8") as file:
            file.write("\n".join([head, *texts, ""]))


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return  # A worker of xdist: its controller searches one folder for all, which it inherits.
    factory: pytest.TempPathFactory = config._tmp_path_factory  # type: ignore[attr-defined]
    folder = factory.mktemp("run-logs", numbered=False)
    os.environ[FOLDER_SETTING] = str(folder)
    os.environ["PYTHONPATH"] = os.pathsep.join(
        [str(_CHILD), *filter(None, [os.environ.get("PYTHONPATH")])]
    )
    config.pluginmanager.register(RunLogs(folder), "run-logs")
