"""Made-up people: NHS numbers of the test range, others for each play."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Final

from kinbridge_schemas.identifiers import NhsNumber
from kinbridge_schemas.problems import UnreadableError

_TEST_RANGE: Final = "900"


def numbers_for(play: str, people: Iterable[str]) -> Mapping[str, str]:
    """Give each of the people a number for this play. The same play gives the same numbers."""
    return {person: _number(play, person) for person in people}


def _number(play: str, person: str) -> str:
    start = int.from_bytes(blake2b(f"{play}/{person}".encode(), digest_size=4).digest())
    for step in range(10_000_000):
        nine = f"{_TEST_RANGE}{(start + step) % 1_000_000:06d}"
        for last in range(10):
            try:
                return NhsNumber(f"{nine}{last}").reveal()
            except UnreadableError:
                continue
    raise AssertionError("Ten of every eleven numbers have a check digit.")
