"""Made-up people: well-formed NHS numbers of the ranges that are never issued to anybody."""

from __future__ import annotations

from typing import Final

RANGES: Final = ("900", "999")
HEADS: Final = 100_000
SURE: Final = 9
MOST: Final = len(RANGES) * HEADS * SURE


def nhs_number(index: int) -> str:
    """Give one of 1.8 million numbers, another for each index."""
    # Of ten numbers that differ in the ninth digit, one at the most has no check digit.
    head, place = divmod(index, SURE)
    opening = f"{RANGES[head // HEADS]}{head % HEADS:05d}"
    checked = (_with_check(f"{opening}{digit}") for digit in range(10))
    return [number for number in checked if number is not None][place]


def _with_check(nine: str) -> str | None:
    total = sum(int(digit) * (10 - at) for at, digit in enumerate(nine))
    check = (11 - total % 11) % 11
    return f"{nine}{check}" if check < 10 else None
