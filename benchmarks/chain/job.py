"""The job every engine does. It imports nothing of ours, so that any environment can run it.

Each of five stages keeps, by key, how many records it has had and a fingerprint of them, and
says each record on under another key, with what its key had before: one output for each input,
and a state that is wrong when a record is lost or counted twice.
"""

from __future__ import annotations

import hashlib
from typing import Final, TypedDict

STAGES: Final = ("count-a", "count-b", "count-c", "count-d", "count-e")
KEYS: Final = 499


class Counted(TypedDict):
    """The state of a key."""

    count: int
    fingerprint: int


FRESH: Final[Counted] = {"count": 0, "fingerprint": 0}


def topics(prefix: str) -> tuple[str, ...]:
    """Give the topics of one run: the first is the load's, the last is watched."""
    return (f"{prefix}.heads", *(f"{prefix}.{stage}" for stage in STAGES))


def next_key(number: int, stage: str) -> str:
    """Give the key that a stage says a record on under: records change partition each time."""
    return f"{stage}-{number * 7919 % KEYS}"


def counted(state: Counted, origin: str) -> Counted:
    """Count one record in."""
    digest = hashlib.blake2b(origin.encode(), digest_size=6).digest()
    fingerprint = (state["fingerprint"] + int.from_bytes(digest, "big")) % 2**53
    return {"count": state["count"] + 1, "fingerprint": fingerprint}
