"""Dense numbers between stages: accept exactly the next one. Pure.

Every record a stage writes is numbered for its (source partition, destination topic and
partition). A lower number than the next is a repeat. A higher one is out of order: it is
dropped and comes again, because a failed delivery makes the sender start over from the first
record that was not acknowledged. To keep only the highest number seen would lose records: 103
fails, 104 is acknowledged, and 103 sent again looks like a repeat.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from kinbridge_schemas.problems import UnreadableError

SOURCE_HEADER: Final = "src"
NUMBER_HEADER: Final = "seq"


class Verdict(StrEnum):
    """What a number says about its record."""

    NEXT = "next"
    REPEAT = "repeat"
    BEYOND = "beyond"


@dataclass(frozen=True, slots=True)
class Numbered:
    """Whose record it is, and its number there."""

    source: str
    number: int

    @property
    def writer(self) -> str:
        """The stage and partition, whatever its generation: `mapping/3`."""
        stage, _, rest = self.source.partition("/")
        return f"{stage}/{rest.rpartition('/')[2]}"


def source_name(stage: str, version: int, epoch: int, partition: int) -> str:
    """Name a source of numbers. A rebuilt or restored stage starts a new one, from nought."""
    return f"{stage}/{version}.{epoch}/{partition}"


def numbered(headers: Mapping[str, bytes]) -> Numbered | None:
    """Read a record's number; None for one that came from outside the line.

    Raises UnreadableError when there is a number that is none.
    """
    source = headers.get(SOURCE_HEADER)
    if source is None:
        return None
    try:
        number = int(headers.get(NUMBER_HEADER, b"").decode("ascii"))
        return Numbered(source.decode("ascii"), number)
    except ValueError:
        raise UnreadableError("sequence-header-invalid", NUMBER_HEADER) from None


def judge(expected: int | None, number: int, *, truncated: bool) -> Verdict:
    """Say whether a number is the next one of its source.

    `expected` is None for a source never met. It starts at nought, unless the topic had
    already lost its beginning when this reader was made (`truncated`): then its first record
    that is still there is taken for the next.
    """
    if expected is None:
        expected = number if truncated else 0
    if number == expected:
        return Verdict.NEXT
    return Verdict.REPEAT if number < expected else Verdict.BEYOND
