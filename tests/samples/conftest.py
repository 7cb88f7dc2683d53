"""Without the official samples their tests do not exist, and the summary says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.samples.place import SAMPLES

if TYPE_CHECKING:
    import pytest

collect_ignore_glob = [] if SAMPLES.is_dir() else ["test_*.py"]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say how the samples ended, by folder."""
    if collect_ignore_glob:
        terminalreporter.line("official samples: not run, they are not beside the repository")
        return
    from tests.samples.table import FOUND, table  # noqa: PLC0415 - reads the adapters only then

    found = config.stash.get(FOUND, {})
    if found:
        terminalreporter.section("official samples", bold=True)
        for line in table(found):
            terminalreporter.line(line)
