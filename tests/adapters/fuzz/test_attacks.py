"""Named attacks on every route: unreadable or mapped, within bounds, and nobody is called."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from kinbridge.mapping.routes import ROUTES
from tests.adapters.fuzz.attacked import EVERY
from tests.adapters.fuzz.attacks import external

SECRET: Final = "the text of a file that nobody may see"  # noqa: S105 - no secret: it is looked for
ROOT: Final = Path(__file__).parents[3]


@contextmanager
def nobody(port: int = 9) -> Iterator[socket.socket | None]:
    """Listen where the attacks would call, as far as this machine allows."""
    with socket.socket() as listening:
        try:
            listening.bind(("127.0.0.1", port))
        except PermissionError:
            yield None
            return
        listening.listen()
        listening.settimeout(0)
        yield listening


def test_no_attack_reads_a_file_calls_anybody_or_takes_too_much(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(SECRET, encoding="utf-8")
    program = [sys.executable, "-m", "tests.adapters.fuzz.attacked", str(file)]

    with nobody() as listening:
        done = subprocess.run(
            program, cwd=ROOT, capture_output=True, check=False, env={**os.environ}
        )
        called = listening is not None and _called(listening)

    said = done.stdout.decode()
    assert done.returncode == 0, f"{said[-300:]}\n{done.stderr.decode()[-3_000:]}"
    assert SECRET not in said
    assert not called
    met = Counter(line.partition(":")[0] for line in said.splitlines())
    assert set(met) == set(ROUTES)
    assert min(met.values()) >= sum(len(list(attacks())) for attacks in EVERY)


def _called(listening: socket.socket) -> bool:
    try:
        listening.accept()
    except BlockingIOError:
        return False
    return True


def test_each_attack_has_a_name_of_its_own() -> None:
    names = [name for attacks in EVERY for name, _, _ in attacks()]
    names += [name for name, _, _ in external("x")]

    assert len(names) == len(set(names))
