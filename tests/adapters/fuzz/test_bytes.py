"""Golden inputs with bytes spoilt at random, from a fixed seed: unreadable, or mapped.

`FUZZ_ROUNDS` is how many of each route; a longer run takes another seed from `FUZZ_SEED`.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from typing import Final

import pytest

from kinbridge.mapping.routes import ROUTES
from tests.adapters.fuzz.inputs import inputs, outcome

ROUNDS: Final = int(os.environ.get("FUZZ_ROUNDS", "150"))
SEED: Final = int(os.environ.get("FUZZ_SEED", "1"))

_WORDS: Final = (
    *(b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"),
    *(b"\\ud800", b"\\u0000", b"&#xD800;", b"&#0;", b"&x;", b"<!DOCTYPE a>", b"<!--", b"]]>"),
    *(b"NaN", b"-Infinity", b"1e999", b"9" * 400, b"-", b"null", b"true", b"[]", b"{}", b'"'),
    *(b"2026-02-30", b"2026-01-01T00:00:00+58:00", b"0000", b"|", b"^", b"~", b"\\", b"\r", b"\n"),
)


def spoilt(content: bytes, donor: bytes, chance: random.Random) -> bytes:
    """Give the bytes changed in one to four places."""
    found = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(found) + 1)
        end = min(len(found), at + chance.choice((1, 1, 2, 8, 64, 512)))
        match chance.randrange(7):
            case 0:
                found[at:end] = bytes(chance.randrange(256) for _ in range(end - at))
            case 1:
                del found[at:end]
            case 2:
                found[at:at] = found[at:end]
            case 3:
                found[at:at] = chance.choice(_WORDS)
            case 4:
                found[at:end] = chance.choice(_WORDS)
            case 5:
                start = chance.randrange(len(donor))
                found[at:end] = donor[start : start + end - at + chance.randrange(64)]
            case _:
                del found[at:]
    return bytes(found)


@pytest.mark.parametrize("route", sorted(ROUTES))
def test_whatever_the_bytes_are_they_are_mapped_or_unreadable(route: str) -> None:
    chance = random.Random(f"{SEED}/{route}")
    valid = inputs(route)
    ends = Counter[str]()
    for number in range(ROUNDS):
        given, donor = chance.choice(valid), chance.choice(valid)
        content = spoilt(given.content, donor.content, chance)
        try:
            ends[outcome(given, content)] += 1
        except Exception as bug:
            bug.add_note(f"{given.name}, round {number} of seed {SEED}: {content!r}"[:4_000])
            raise

    assert sum(ends.values()) == ROUNDS


def test_every_route_has_something_to_spoil() -> None:
    assert [route for route in ROUTES if not inputs(route)] == []
