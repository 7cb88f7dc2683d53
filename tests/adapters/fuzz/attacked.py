"""A process in which every route meets every attack, under limits of memory and computing time.

What would take too much of either ends this process, and the last line says where it was.
Run as `python -m tests.adapters.fuzz.attacked SECRET`; `SECRET` is a file whose text must not
come out.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from kinbridge.mapping.routes import ROUTES
from tests.adapters.fuzz.attacks import ATTACKS, Attack, external
from tests.adapters.fuzz.grown import grown
from tests.adapters.fuzz.hl7_attacks import segments
from tests.adapters.fuzz.inputs import Input, answered, inputs, outcome

EVERY: Final = (*ATTACKS, segments)
"""What every route meets, whatever it is made for."""

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


def _attacks(secret: str) -> Iterator[tuple[str, Attack]]:
    """Give each attack with its route; what is the same for all is made once."""
    for attacks in (external(secret), *(make() for make in EVERY)):
        for name, content_type, content in attacks:
            for route in ROUTES:
                answer, kind = answered(route, content, content_type)
                yield route, (name, kind, answer)
    seen: set[str] = set()
    for route in ROUTES:
        for attack in grown(route, seen):
            yield route, attack


def main() -> None:
    (secret,) = sys.argv[1:]
    for route in ROUTES:
        valid = inputs(route)[0]
        outcome(valid, valid.content)  # everything is imported and compiled by now
    _limit_memory()
    for route, (name, content_type, content) in _attacks(secret):
        _limit_computing()
        sys.stdout.write(f"{route}: {name}: ")
        sys.stdout.flush()
        given = Input(route, name, inputs(route)[0].content, content_type)
        sys.stdout.write(f"{outcome(given, content)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
