"""What one snapshot of a child claims: facts with the day they took effect."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final

from kinbridge_casesystem.child import Relation
from kinbridge_casesystem.port import CaseSource
from kinbridge_schemas.base import Id
from kinbridge_schemas.events import Detail
from kinbridge_schemas.mapped import Remembered
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.times import start_of
from kinbridge_schemas.vocabulary import Occurred, Precision

DETAILS: Final = "details"
"""The object of a child that holds who it is."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One fact that a snapshot holds. `beside` is what counts of it that is not in the detail.

    `other` is the second person that the fact is about.
    """

    fact: Id
    within: tuple[Id, ...]
    occurred: Occurred
    detail: Detail
    beside: str = ""
    other: Relation | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """A child of a case system, and the objects that a claim lies in."""

    case: CaseSource
    child: str
    now: datetime
    remembered: Remembered
    feed: str = ""
    within: tuple[Id, ...] = ()
    objects: dict[tuple[str, str], Id] = field(default_factory=dict)

    def object(self, kind: str, raw: str) -> Id:
        """Our id of an object of this child. Siblings may share an object's own id."""
        # A pseudonym costs more than all else here, and a plan is asked for with each fact.
        found = self.objects.get((kind, raw))
        if found is None:
            found = self.case.local("object_id", f"{self._prefix}{self.child}|{kind}|{raw}")
            self.objects[kind, raw] = found
        return found

    def local(self, field: str, raw: str) -> Id:
        """Our id of something that the source names. Ids of a feed's own making are a child's."""
        return self.case.local(field, f"{self._prefix}{self.child}|{raw}" if self.feed else raw)

    def inside(self, kind: str, raw: str) -> Scope:
        return replace(self, within=(*self.within, self.object(kind, raw)))

    def fact(self, slot: str, raw: str = "") -> Id:
        return self.case.fact(slot, self.object("child", ""), self.object(slot, raw))

    def claim(
        self, slot: str, raw: str, occurred: Occurred, detail: Detail, beside: str = ""
    ) -> Claim:
        return Claim(self.fact(slot, raw), self.within, occurred, detail, beside)

    @property
    def undated(self) -> Occurred:
        """For what the source gives no date of: when it was first seen."""
        return Occurred(at=self.now, precision=Precision.UNKNOWN)

    @property
    def _prefix(self) -> str:
        return f"{self.feed}|" if self.feed else ""


def on(day: date) -> Occurred:
    """Give a day as what the source said: a day and no more."""
    return Occurred(at=start_of(day), precision=Precision.DAY)


def unique(ids: list[str], path: str) -> None:
    """Raise UnreadableError where a list names one object twice: which one counts is unsaid."""
    if len(set(ids)) != len(ids):
        raise UnreadableError("id-repeated", path)


Claims = Iterator[Claim]
