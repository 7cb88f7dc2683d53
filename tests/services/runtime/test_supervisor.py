"""The supervisor with real processes: starts, starts again, gives up, stops, tidily."""

from __future__ import annotations

import io
import os
import select
import signal
import subprocess
import sys
import textwrap
import threading
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kinbridge.runtime.restarts import RestartPolicy
from kinbridge.runtime.supervisor import Program, Supervisor

if TYPE_CHECKING:
    from collections.abc import Iterator

AT_ONCE = RestartPolicy(first=timedelta(milliseconds=10), limit=3)
WITHIN = 20.0

WAITS = "import signal; print('up', flush=True); signal.pause()"
DEAF = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True)\n"
    "while True: signal.pause()"
)


class Lines(io.StringIO):
    """What was written, and a way to wait for a line without sleeping."""

    def __init__(self) -> None:
        super().__init__()
        self.more = threading.Condition()

    def write(self, text: str) -> int:
        with self.more:
            count = super().write(text)
            self.more.notify_all()
        return count

    def wait_for(self, text: str, times: int = 1) -> bool:
        with self.more:
            return self.more.wait_for(lambda: self.getvalue().count(text) >= times, WITHIN)


def python(code: str) -> list[str]:
    return [sys.executable, "-c", textwrap.dedent(code)]


class Running:
    """A supervisor in a thread of its own."""

    def __init__(self, *programs: Program, stop_within: float = 5) -> None:
        self.out = Lines()
        self.supervisor = Supervisor(
            programs, policy=AT_ONCE, out=self.out, stop_within=timedelta(seconds=stop_within)
        )
        self.code: int | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        self.code = self.supervisor.run()

    def ended(self) -> int | None:
        self._thread.join(WITHIN)
        assert not self._thread.is_alive()
        return self.code

    def stop(self) -> int | None:
        self.supervisor.stop()
        return self.ended()


@pytest.fixture
def started() -> Iterator[list[Running]]:
    found: list[Running] = []
    yield found
    for running in found:
        running.stop()


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").split()[2] == "Z"


def test_every_line_carries_the_name_of_its_process(started: list[Running]) -> None:
    started.append(
        running := Running(Program("rules", python(WAITS)), Program("mapping", python(WAITS)))
    )

    assert running.out.wait_for("rules   | up\n")
    assert running.out.wait_for("mapping | up\n")


def test_one_that_exits_is_started_again_and_the_others_run_on(started: list[Running]) -> None:
    started.append(
        running := Running(Program("stays", python(WAITS)), Program("killed", python(WAITS)))
    )
    assert running.out.wait_for(" | up", 2)
    before = running.supervisor.pids()

    os.kill(before["killed"], signal.SIGKILL)

    assert running.out.wait_for("killed | exited with -9; starts again in 0.01 s")
    assert running.out.wait_for(" | up", 3)
    after = running.supervisor.pids()
    assert after["stays"] == before["stays"]
    assert after["killed"] != before["killed"]


def test_one_that_exits_again_and_again_ends_the_line(started: list[Running]) -> None:
    started.append(
        running := Running(
            Program("stays", python(WAITS)), Program("fails", python("raise SystemExit(3)"))
        )
    )

    assert running.ended() == 1
    assert "fails | exited with 3 again and again; given up" in running.out.getvalue()
    assert running.out.getvalue().count("starts again") == AT_ONCE.limit


def test_an_essential_one_is_not_started_again(started: list[Running]) -> None:
    started.append(
        running := Running(
            Program("stays", python(WAITS)),
            Program("broker", python("raise SystemExit(0)"), essential=True),
        )
    )

    assert running.ended() == 1
    assert "the line cannot go on without it" in running.out.getvalue()


def test_stopping_ends_all_processes_also_one_that_does_not_listen() -> None:
    running = Running(
        Program("listens", python(WAITS)), Program("deaf", python(DEAF)), stop_within=0.5
    )
    assert running.out.wait_for(" | up", 2)
    pids = running.supervisor.pids()

    assert running.stop() == 0
    assert all(gone(pid) for pid in pids.values())


def test_a_process_gets_the_environment_of_its_program(started: list[Running]) -> None:
    code = f"import os; print('stage is', os.environ['STAGE'], flush=True); {WAITS}"
    started.append(running := Running(Program("a", python(code), {"STAGE": "linking"})))

    assert running.out.wait_for("stage is linking")


def test_a_process_ends_when_its_supervisor_is_killed() -> None:
    child = (
        "from kinbridge.runtime.supervisor import end_with_parent; import os, signal;"
        "end_with_parent(); print(os.getpid(), flush=True); signal.pause()"
    )
    code = (
        "import sys; from kinbridge.runtime.supervisor import Program, Supervisor;"
        f"Supervisor([Program('a', [sys.executable, '-c', {child!r}])]).run()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline().split("|")[1])
        # It becomes readable when the process ends.
        end = os.pidfd_open(pid)
        parent.kill()

    assert select.select([end], [], [], WITHIN)[0]
    os.close(end)
