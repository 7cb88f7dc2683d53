"""What is odd about a load, counted: warnings for people, and never a gate. Pure.

A finding is a rule and a field, never a value and never a child: the report of a load can be
shown to anybody who may see the source's health.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from kinbridge_schemas.base import Code, Value


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One oddity: the code of the rule and the field that it is about."""

    rule: Code
    field: str


class Count(Value):
    """How often a rule met a field."""

    rule: Code
    field: str
    times: Annotated[int, Field(ge=1)]


class Report(Value):
    """The data quality of one load: how many children, how many without a finding, which."""

    children: Annotated[int, Field(ge=0)] = 0
    clean: Annotated[int, Field(ge=0)] = 0
    unreadable: Annotated[int, Field(ge=0)] = 0
    counts: tuple[Count, ...] = ()

    def lines(self) -> tuple[str, ...]:
        """Give the report as a person reads it, most frequent first."""
        head = (
            f"{self.children} children: {self.clean} without a finding, "
            f"{self.unreadable} that could not be read."
        )
        ordered = sorted(self.counts, key=lambda c: (-c.times, c.rule, c.field))
        return (head, *(f"{c.times:>7} {c.rule} at {c.field}" for c in ordered))


@dataclass(slots=True)
class Tally:
    """A report in the making, child by child."""

    children: int = 0
    clean: int = 0
    unreadable: int = 0
    found: Counter[Finding] = field(default_factory=Counter)

    def add(self, findings: Iterable[Finding]) -> None:
        """Count one child that was read."""
        before = self.found.total()
        self.found.update(findings)
        self.children += 1
        self.clean += self.found.total() == before

    def add_unreadable(self, finding: Finding) -> None:
        """Count one child that could not be read, and why."""
        self.children += 1
        self.unreadable += 1
        self.found[finding] += 1

    def report(self) -> Report:
        counts = tuple(
            Count(rule=f.rule, field=f.field, times=n) for f, n in sorted(self.found.items())
        )
        return Report(
            children=self.children, clean=self.clean, unreadable=self.unreadable, counts=counts
        )
