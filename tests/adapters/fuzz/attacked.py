"""A process that meets every attack, under limits of memory and of computing time.

What would take too much of either ends this process, and the last line says where it was.
Run as `python -m tests.adapters.fuzz.attacked ROUTE SECRET`; `SECRET` is a file whose text
must not come out.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.adapters.fuzz.attacks import ATTACKS, Attack, external
from tests.adapters.fuzz.grown import grown
from tests.adapters.fuzz.inputs import Input, inputs, outcome

MEMORY: Final = 700_000_000
"""Bytes beyond what the process has at its start: some hundred times the largest input."""
SECONDS: Final = 20
"""Of computing for one input: some thousand times what a usual one takes."""


def _limit_memory() -> None:
    held = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    most = held * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _limit_computing() -> None:
    used = int(time.process_time())
    resource.setrlimit(resource.RLIMIT_CPU, (used + SECONDS, resource.RLIM_INFINITY))


def _attacks(route: str, secret: str) -> Iterator[Attack]:
    yield from external(secret)
    for attacks in ATTACKS:
        yield from attacks()
    yield from grown(route)


def main() -> None:
    route, secret = sys.argv[1:]
    valid = inputs(route)[0]
    outcome(valid, valid.content)  # everything is imported and compiled by now
    _limit_memory()
    for name, content_type, content in _attacks(route, secret):
        _limit_computing()
        sys.stdout.write(f"{name}: ")
        sys.stdout.flush()
        given = Input(route, name, valid.content, content_type)
        sys.stdout.write(f"{outcome(given, content)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
