"""What holds for the whole test run: in CI nothing is left out; elsewhere it is said plainly."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pytest

pytest_plugins = ["tests.logs"]

IN_CI: Final = os.environ.get("CI") == "true"


def pytest_configure() -> None:
    # Ended from outside, a run still ends what it started: brokers, databases, lines.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="Write what is mapped now as expected."
    )


def _left_out(reporter: pytest.TerminalReporter) -> dict[str, int]:
    found: dict[str, int] = {}
    for report in reporter.stats.get("skipped", []):
        # A skipped test reports its file, its line and why.
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        why = why.removeprefix("Skipped: ")
        found[why] = found.get(why, 0) + 1
    return found


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was not run, and why."""
    left_out = _left_out(terminalreporter)
    if not left_out:
        return
    terminalreporter.section("not run", red=IN_CI, bold=True)
    for why, count in sorted(left_out.items()):
        terminalreporter.line(f"{count} tests: {why}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a test that did not run counts as one that failed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if IN_CI and session.exitstatus == 0 and reporter is not None and _left_out(reporter):
        session.exitstatus = 1
