"""What the facts of one message have in common: whose word, which account, which ids."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from kinbridge_fhir.collection import Collection
from kinbridge_fhir.feed import NO_CODES, LocalCodes
from kinbridge_fhir.nodes import Node, text
from kinbridge_fhir.persons import Person
from kinbridge_fhir.systems import normal
from kinbridge_schemas.base import Code, Id, derive_id
from kinbridge_schemas.dispositions import End
from kinbridge_schemas.events import ChildEvent, Detail, Subject
from kinbridge_schemas.events.event import event_id
from kinbridge_schemas.identifiers import Pseudonymiser
from kinbridge_schemas.mapped import Ended, record_id
from kinbridge_schemas.vocabulary import Occurred, Precision, Role, Version

Act = Literal["assert", "retract"]


@dataclass(frozen=True, slots=True)
class Account:
    """What came of one source at one time, as its facts need it."""

    message: Collection
    source: str
    pseudonymiser: Pseudonymiser
    now: datetime
    codes: LocalCodes = NO_CODES

    def identity(self, resource: Node) -> str:
        """Give what the sender knows a resource by."""
        return identity_of(self.message, resource)

    def thing(self, kind: str, resource: Node) -> Id:
        """Our id of what a resource is about, as `appointment-…`."""
        return record_id(self.pseudonymiser, self.source, kind, self.identity(resource))

    def fact(self, kind: str, resource: Node) -> Id:
        return derive_id("fact", kind, self.thing(kind, resource))

    def subject(self, role: Role, who: Person, node: Node) -> Subject:
        """Give somebody as a subject, by number or else by what `node` identifies them with."""
        key = (
            self.pseudonymiser.of_nhs_number(who.number)
            if who.number is not None
            else self.pseudonymiser.of_source_record(self.source, self.identity(node))
        )
        return Subject(role=role, key=key, nhs_number=who.number, name=who.name, born=who.born)

    def unknown_time(self, version: Version) -> Occurred:
        """For a withdrawal that no longer says when: the time it was withdrawn."""
        return Occurred(at=version.updated, precision=Precision.UNKNOWN)

    def event(
        self,
        fact: Id,
        version: Version,
        act: Act,
        occurred: Occurred,
        subjects: tuple[Subject, ...],
        detail: Detail,
    ) -> ChildEvent:
        return ChildEvent(
            id=event_id(fact, version, act),
            fact=fact,
            version=version,
            act=act,
            occurred=occurred,
            observed=version.updated,
            source=self.source,
            subjects=subjects,
            detail=detail,
        )


def identity_of(message: Collection, resource: Node) -> str:
    """Give what a sender knows a resource by: its business identifier, else its id.

    The id is often made anew for each message; the identifier lasts. Where neither is given
    there is only its place in what came: it is no other's, and no later account of it can be
    known for one.
    """
    for identifier in resource.all("identifier"):
        value = text(identifier, "value")
        if value is not None and text(identifier, "use") != "old":
            return f"{normal(text(identifier, 'system'))}|{value}"
    own = text(resource, "id")
    return f"id|{own}" if own is not None else f"place|{message.place_of(resource)}"


def modified(resource: Node) -> bool:
    """Whether its meaning is modified: no extension that does so is known here.

    It may turn the meaning round, as "not" does, and FHIR forbids to overlook it.
    """
    return next(resource.all("modifierExtension"), None) is not None


def parked(fact: Id, reason: Code, end: End = "parked-unsupported") -> Ended:
    return Ended(fact=fact, end=end, reason=reason)
