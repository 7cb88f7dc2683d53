"""The processes a benchmark starts: each in a session of its own, measured, and always ended."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.figures import BenchmarkError

STOPPED_WITHIN: Final = 30.0
TICKS: Final = os.sysconf("SC_CLK_TCK")
PAGE: Final = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Command:
    """What to start. `name` is shown in tables and names the log."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]


class ChildEndedError(BenchmarkError):
    """A process ended that was to go on; the end of its log is in the text."""


@dataclass(slots=True)
class Child:
    """One process that was started."""

    name: str
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        return self.process.pid

    def check(self) -> None:
        """Raise ChildEndedError when it does not run any more."""
        if (code := self.process.poll()) is not None:
            lines = self.log.read_text(errors="replace").splitlines()[-20:]
            raise ChildEndedError("\n".join([f"{self.name} ended with {code}:", *lines]))

    def stop(self) -> None:
        """End it in order, and its own children with it; after a while by force."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(STOPPED_WITHIN)
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
            self.process.wait()


def start(command: Command, folder: Path) -> Child:
    """Start one process; what it prints goes to a log in `folder`."""
    log = folder / f"{command.name}.log"
    with log.open("ab") as to:
        process = subprocess.Popen(
            list(command.arguments),
            env={**os.environ, **command.environment},
            stdout=to,
            stderr=to,
            start_new_session=True,
        )
    return Child(command.name, log, process)


@contextmanager
def running(commands: Sequence[Command], folder: Path) -> Iterator[tuple[Child, ...]]:
    """Start processes, and end all of them whatever happens."""
    started: list[Child] = []
    try:
        started += (start(command, folder) for command in commands)
        yield tuple(started)
    finally:
        # All are asked before the first is waited for: together they need the time of one.
        for child in started:
            if child.process.poll() is None:
                child.process.terminate()
        for child in started:
            child.stop()


def cpu_seconds(pid: int) -> dict[str, float]:
    """Give the processor time of each thread of a process, added up by the thread's name."""
    spent: dict[str, float] = {}
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:  # the process has just ended
        return spent
    for task in tasks:
        try:
            text = (task / "stat").read_text()
        except OSError:  # the thread has
            continue
        name, _, rest = text.partition("(")[2].rpartition(")")
        fields = rest.split()
        spent[name] = spent.get(name, 0.0) + (int(fields[11]) + int(fields[12])) / TICKS
    return spent


def memory_mb(pid: int) -> float:
    """Give the resident memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE / 2**20
