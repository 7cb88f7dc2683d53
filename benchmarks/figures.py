"""What a benchmark hands back: figures, tables and profiles. Nothing here measures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

PERCENTS: Final = (50, 95, 99)


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number. `name` is what a goal refers to; `unit` as it is read: `events/s`."""

    name: str
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows as they are shown, the first column saying what each is about."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Part:
    """What one benchmark found. `left_out` says what was not measured, and why."""

    title: str
    method: str
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Latencies:
    """Percentiles of latencies in milliseconds, and how many there were."""

    count: int
    p50: float
    p95: float
    p99: float
    most: float

    def shown(self) -> tuple[str, ...]:
        return tuple(f"{v:.0f}" for v in (self.p50, self.p95, self.p99, self.most))


class BenchmarkError(Exception):
    """A part could not be measured. The text says why; the other parts go on."""


class NothingMeasuredError(BenchmarkError):
    """Not one sample came back."""


def latencies(nanoseconds: Iterable[int]) -> Latencies:
    """Give the percentiles of latencies, by the nearest rank. Raises NothingMeasuredError."""
    ordered = sorted(nanoseconds)
    if not ordered:
        raise NothingMeasuredError("No event came back.")
    p50, p95, p99 = (ordered[_rank(percent, len(ordered))] / 1e6 for percent in PERCENTS)
    return Latencies(len(ordered), p50, p95, p99, ordered[-1] / 1e6)


def _rank(percent: int, count: int) -> int:
    # The nearest rank: the least sample that so many per cent do not exceed.
    return max(0, -(-percent * count // 100) - 1)


def median(values: Sequence[float]) -> float:
    """Give the middle one; of an even number, the lower of the two in the middle."""
    return sorted(values)[(len(values) - 1) // 2]


def short(value: float) -> str:
    """Show a number with as many digits as it deserves."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
