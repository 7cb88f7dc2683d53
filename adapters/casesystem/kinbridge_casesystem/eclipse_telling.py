"""What the mappings of Eclipse's notifications share: whose word it is, of whom, and when.

A notification tells of an object as it was at the time of its event. So every fact is named
after the object, its version is that time, and what is so no more is taken back by the same
fact: notifications may come in any order, and more than once.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from kinbridge_casesystem.eclipse_model import DateRange, Person, Subject
from kinbridge_casesystem.eclipse_table import EclipseTable
from kinbridge_casesystem.port import CaseSource, nhs_number, person_name
from kinbridge_schemas.base import Id
from kinbridge_schemas.dispositions import End
from kinbridge_schemas.events import ChildEvent, Detail
from kinbridge_schemas.events import Subject as Told
from kinbridge_schemas.identifiers import LaChildId
from kinbridge_schemas.mapped import Ended
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.times import read_date, read_instant, read_time, start_of, years_between
from kinbridge_schemas.vocabulary import Occurred, Precision, Role, Version

UNBORN: Final = frozenset({"UNBORN", "NOT_CARRIED_TO_TERM"})
OWN: Final = frozenset({Role.CHILD, Role.UNBORN})
_OF_AGE: Final = 18
_AHEAD: Final = timedelta(days=1)


@dataclass(slots=True)
class Telling:
    """One notification: what it is about, and what there is to tell of it.

    `act` is what happened to the object, as `ADD`; `at` is when.
    """

    case: CaseSource
    table: EclipseTable
    act: str
    at: datetime
    subject: Subject | None = None
    events: list[ChildEvent] = field(default_factory=list)
    ends: list[Ended] = field(default_factory=list)

    def tell(
        self,
        name: tuple[str, ...],
        occurred: Occurred,
        subjects: tuple[Told, ...],
        detail: Detail,
        *,
        so: bool = True,
    ) -> None:
        """Tell one fact, named by the object that it is of; or take it back."""
        version, fact = Version(updated=self.at), self._fact(name)
        self.events.append(
            self.case.event(fact, version, occurred, self.at, subjects, detail, retract=not so)
        )

    def end(self, reason: str, end: End = "parked-unsupported", *name: str) -> None:
        """Say that something of the notification goes no further, and why."""
        self.ends.append(Ended(fact=self._fact((reason, *name)), end=end, reason=reason))

    def local(self, what: str, raw: str) -> Id:
        return self.case.local(what, f"eclipse|{raw}")

    def _fact(self, name: tuple[str, ...]) -> Id:
        return self.case.fact(name[0], self.local("object_id", "|".join(name)))

    # -- people

    def known_by(self, person: Person) -> str:
        """Give the id that the authority knows a person by. Raises UnreadableError."""
        own = person.id if self.table.child_by == "id" else person.person_identifier
        if own is None:
            raise UnreadableError("field-missing", "personIdentifier")
        return own

    def role_of(self, person: Person) -> Role:
        """Say whether somebody is a child; an adult, or of no known age, is nobody's role yet."""
        if person.life_state in UNBORN:
            return Role.UNBORN
        born = person.date_of_birth
        text = (born.upper or born.lower) if born is not None else None
        if text is None:
            return Role.UNBORN if person.due_date and not person.life_state else Role.UNKNOWN
        age = years_between(read_instant(text, "dateOfBirth"), self.at)
        return Role.CHILD if age < _OF_AGE else Role.UNKNOWN

    def told(self, person: Person, role: Role | None = None) -> Told:
        """Give somebody as a subject. Nobody has a birth or a number before it."""
        role = role or self.role_of(person)
        unborn = role is Role.UNBORN
        parts = f"{person.forename or ''} {person.surname or ''}"
        return self.case.subject(
            role,
            LaChildId(self.known_by(person)),
            None if unborn else nhs_number(person.nhs_number),
            person_name(parts if parts.strip() else person.name),
            None if unborn else self.born(person),
        )

    def born(self, person: Person) -> datetime | None:
        """Give a date of birth that is known to the day."""
        born = person.date_of_birth
        if born is None or born.lower is None or person.date_of_birth_estimated:
            return None
        exact = born.upper is None or born.upper == born.lower
        return start_of(read_date(born.lower[:10], "dateOfBirth.lower")) if exact else None

    def whom(self, person: Person | None) -> Person | None:
        """Give whom a resource is of: as it says itself, else as the notification says."""
        if person is not None or self.subject is None or self.subject.type != "PERSON":
            return person
        return Person(id=self.subject.id) if self.table.child_by == "id" else None

    # -- times

    @property
    def undated(self) -> Occurred:
        """For what has no date of its own: it was so when it was recorded."""
        return Occurred(at=self.at, precision=Precision.UNKNOWN)

    def when(self, where: str, *texts: str | None) -> Occurred | None:
        """Read the first of some times that is there. Raises UnreadableError."""
        text = next((text for text in texts if text), None)
        return read_time(text, where) if text else None

    def is_ahead(self, occurred: Occurred) -> bool:
        return occurred.at > self.at + _AHEAD


def ranged(given: DateRange | None, where: str) -> Occurred | None:
    """Read a date that may be known in part, with its precision. Raises UnreadableError."""
    if given is None or given.lower is None:
        return None
    first = read_date(given.lower[:10], f"{where}.lower")
    last = read_date(given.upper[:10], f"{where}.upper") if given.upper else first
    return Occurred(at=start_of(first), precision=_precision(first, last))


def _precision(first: date, last: date) -> Precision:
    if first == last:
        return Precision.DAY
    ends_month = last.day == monthrange(last.year, last.month)[1]
    if first.year != last.year or first.day != 1 or not ends_month:
        return Precision.UNKNOWN
    if first.month == last.month:
        return Precision.MONTH
    whole_year = (first.month, last.month) == (1, 12)
    return Precision.YEAR if whole_year else Precision.UNKNOWN
