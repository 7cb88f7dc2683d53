"""Worker processes that start at once: each is forked from one that has read all the code.

Reading it is most of a worker's start, and the tests of faults start hundreds. What is forked
has no thread and no connection yet, so it is as fresh as a process of its own.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

PROGRAMS: Final = ("tests.faults.worker_main", "tests.faults.stock_main")

_CONTEXT: Final = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([*PROGRAMS])


def _work(program: str, asked: str, log: str) -> None:
    said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(said, 1)
    os.dup2(said, 2)
    sys.argv = [program, asked]
    importlib.import_module(program).main()


class Process:
    """One process. Exit codes are as those of `subprocess`: negative for a signal."""

    def __init__(self, program: str, asked: str, log: Path) -> None:
        self._process: Final = _CONTEXT.Process(
            target=_work, args=(program, asked, str(log)), daemon=True
        )
        self._process.start()

    @property
    def pid(self) -> int:
        pid = self._process.pid
        assert pid is not None
        return pid

    def poll(self) -> int | None:
        """Give the exit code, or None while it runs."""
        return self._process.exitcode

    def wait(self, within: float) -> int:
        """Wait for the end, and give the exit code. Raises TimeoutError."""
        self._process.join(within)
        code = self._process.exitcode
        if code is None:
            raise TimeoutError
        return code

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal; to one that has ended nothing is sent."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)
