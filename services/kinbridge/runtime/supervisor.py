"""Start the processes of the line, start again those that exit, show them in one tidy log.

Each process has its own session, so that Ctrl-C reaches the supervisor alone, which then stops
them in order: SIGTERM to all, a bounded wait, SIGKILL to what is left. A process also ends by
itself when the supervisor is gone: its standard input is a pipe that closes then.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from datetime import timedelta
from queue import Empty, SimpleQueue
from time import monotonic
from typing import TYPE_CHECKING, Final, TextIO

from kinbridge.runtime.restarts import History, RestartPolicy, after_exit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_STANDARD_INPUT: Final = 0
STOP_WITHIN: Final = timedelta(seconds=20)
_STOPPED_BY_US: Final = frozenset({signal.SIGTERM, signal.SIGINT})


@dataclass(frozen=True, slots=True)
class Program:
    """One process to keep running. `essential`: the line ends when it exits, for ever.

    The embedded broker is: what was on it is gone, and so is the world of its workers.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    essential: bool = False


@dataclass(slots=True)
class _Child:
    program: Program
    history: History = field(default_factory=History)
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    start_at: float | None = None


@dataclass(frozen=True, slots=True)
class _Exited:
    name: str
    process: subprocess.Popen[bytes]


class _Stop:
    """Somebody asked for the end."""


class Supervisor:
    """Keeps programs running until it is told to stop. One thread drives it: `run`.

    `out` gets every line of every process, with its name in front.
    """

    def __init__(
        self,
        programs: Sequence[Program],
        *,
        policy: RestartPolicy | None = None,
        out: TextIO | None = None,
        stop_within: timedelta = STOP_WITHIN,
    ) -> None:
        self._children = {program.name: _Child(program) for program in programs}
        self._policy = policy or RestartPolicy()
        self._out = out or sys.stdout
        self._stop_within = stop_within.total_seconds()
        # SimpleQueue, because a signal handler may put while this thread is inside get.
        self._news: SimpleQueue[_Exited | _Stop] = SimpleQueue()
        self._width = max((len(name) for name in self._children), default=0)
        self._writing = threading.Lock()
        self._readers: list[threading.Thread] = []

    def stop(self) -> None:
        """Ask for the end; from any thread and from a signal handler."""
        self._news.put(_Stop())

    def stop_on_signals(self) -> None:
        """Take SIGINT and SIGTERM as asking for the end. Call it in the main thread."""
        for number in _STOPPED_BY_US:
            signal.signal(number, lambda _number, _frame: self.stop())

    def pids(self) -> dict[str, int]:
        """Give the process ids of what runs now, by name."""
        return {
            name: child.process.pid
            for name, child in self._children.items()
            if child.process is not None
        }

    def run(self, started: Callable[[], None] | None = None) -> int:
        """Start everything and watch it. Gives 0 after `stop`, 1 when a process was given up."""
        code = 1
        try:
            for child in self._children.values():
                self._start(child)
            if started is not None:
                started()
            code = self._watch()
        finally:
            self._end_all()
        return code

    def _watch(self) -> int:
        while True:
            match self._next_news():
                case None:
                    self._start_due()
                case _Stop():
                    return 0
                case _Exited(name=name, process=process):
                    if not self._again(self._children[name], process):
                        return 1

    def _next_news(self) -> _Exited | _Stop | None:
        due = [c.start_at for c in self._children.values() if c.start_at is not None]
        try:
            return self._news.get(timeout=max(0.0, min(due) - monotonic()) if due else None)
        except Empty:
            return None

    def _start_due(self) -> None:
        for child in self._children.values():
            if child.start_at is not None and child.start_at <= monotonic():
                self._start(child)

    def _start(self, child: _Child) -> None:
        child.start_at = None
        child.started = monotonic()
        child.process = subprocess.Popen(  # noqa: S603 - the commands are the composition root's
            list(child.program.command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **child.program.environment},
            start_new_session=True,
        )
        reader = threading.Thread(
            target=self._read, args=(child.program.name, child.process), daemon=True
        )
        reader.start()
        self._readers = [r for r in self._readers if r.is_alive()] + [reader]

    def _read(self, name: str, process: subprocess.Popen[bytes]) -> None:
        # Leaving `with` closes the pipes and waits for the exit.
        with process:
            for line in process.stdout or ():
                self._say(name, line.decode(errors="replace").rstrip("\n"))
        self._news.put(_Exited(name, process))

    def _say(self, name: str, line: str) -> None:
        with self._writing:
            self._out.write(f"{name:<{self._width}} | {line}\n")
            self._out.flush()

    def _again(self, child: _Child, process: subprocess.Popen[bytes]) -> bool:
        """Plan the next start after an exit; False when this is the end of the line."""
        child.process = None
        name, code = child.program.name, process.returncode
        if child.program.essential:
            self._say(name, f"exited with {code}; the line cannot go on without it")
            return False
        ran = timedelta(seconds=monotonic() - child.started)
        child.history, wait = after_exit(child.history, ran, self._policy)
        if wait is None:
            self._say(name, f"exited with {code} again and again; given up")
            return False
        self._say(name, f"exited with {code}; starts again in {wait.total_seconds():g} s")
        child.start_at = monotonic() + wait.total_seconds()
        return True

    def _end_all(self) -> None:
        running = [c.process for c in self._children.values() if c.process is not None]
        for process in running:
            _signal_group(process, signal.SIGTERM)
        until = monotonic() + self._stop_within
        for process in running:
            try:
                process.wait(max(0.0, until - monotonic()))
            except subprocess.TimeoutExpired:
                _signal_group(process, signal.SIGKILL)
                process.wait()
        for process in running:
            # Whatever a process started itself and left behind.
            _signal_group(process, signal.SIGKILL)
        for reader in self._readers:
            reader.join(self._stop_within)


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def end_with_parent() -> None:
    """End this process, as SIGTERM would, when the supervisor that started it is gone.

    Its standard input is a pipe which the supervisor never writes to: it ends with it.
    """

    def watch() -> None:
        # Not through sys.stdin: its lock, held here, would make the interpreter's end a crash.
        while os.read(_STANDARD_INPUT, 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()
