"""What one snapshot of a child claims: facts with the day they took effect."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from kinbridge_casesystem.port import CaseSource
from kinbridge_schemas.base import Id
from kinbridge_schemas.events import Detail
from kinbridge_schemas.mapped import Remembered
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.times import read_date, start_of
from kinbridge_schemas.vocabulary import Occurred, Precision

# Clocks of two systems differ, and a snapshot made at midnight is of the next day.
_AHEAD: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Claim:
    """One fact that a snapshot holds. `beside` is what counts of it that is not in the detail."""

    fact: Id
    within: tuple[Id, ...]
    occurred: Occurred
    detail: Detail
    beside: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """A child of a case system, and the objects that a claim lies in."""

    case: CaseSource
    child: str
    now: datetime
    remembered: Remembered
    within: tuple[Id, ...] = ()

    def object(self, kind: str, raw: str) -> Id:
        """Our id of an object of this child. Siblings may share an object's own id."""
        return self.case.local("object_id", f"{self.child}|{kind}|{raw}")

    def inside(self, kind: str, raw: str) -> Scope:
        within = (*self.within, self.object(kind, raw))
        return Scope(self.case, self.child, self.now, self.remembered, within)

    def fact(self, slot: str, raw: str = "") -> Id:
        return self.case.fact(slot, self.object("child", ""), self.object(slot, raw))

    def claim(
        self, slot: str, raw: str, occurred: Occurred, detail: Detail, beside: str = ""
    ) -> Claim:
        return Claim(self.fact(slot, raw), self.within, occurred, detail, beside)

    @property
    def undated(self) -> Occurred:
        """For what the API gives no date of: when it was first seen."""
        return Occurred(at=self.now, precision=Precision.UNKNOWN)

    def on(self, text: str | None, path: str) -> Occurred | None:
        """Read a day that has been. Raises UnreadableError: `date-in-future` too."""
        found = self.on_any(text, path)
        if found is not None and found.at > self.now + _AHEAD:
            raise UnreadableError("date-in-future", path)
        return found

    def on_any(self, text: str | None, path: str) -> Occurred | None:
        """Read a day that may lie ahead. None where there is none."""
        if not text:
            return None
        return Occurred(at=start_of(read_date(text, path)), precision=Precision.DAY)


def unique(ids: list[str], path: str) -> None:
    """Raise UnreadableError where a list names one object twice: which one counts is unsaid."""
    if len(set(ids)) != len(ids):
        raise UnreadableError("id-repeated", path)


Claims = Iterator[Claim]
