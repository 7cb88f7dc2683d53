"""What the facts of one HL7 v2 message have in common: whose word, which account, which ids."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final, Literal

from kinbridge_fhir.codes import SERVICES
from kinbridge_fhir.hl7v2.codes import ORDER
from kinbridge_fhir.hl7v2.er7 import Element, Er7
from kinbridge_fhir.hl7v2.feed import FeedCodes
from kinbridge_fhir.hl7v2.persons import Person, patient
from kinbridge_fhir.hl7v2.when import read_ts
from kinbridge_fhir.systems import SPECIALTY
from kinbridge_schemas.base import Code, Id, derive_id
from kinbridge_schemas.dispositions import End
from kinbridge_schemas.events import ChildEvent, Detail, Subject
from kinbridge_schemas.events.event import event_id
from kinbridge_schemas.identifiers import Pseudonymiser
from kinbridge_schemas.mapped import Ended, record_id
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.times import years_between
from kinbridge_schemas.vocabulary import Occurred, Precision, Provider, Role, Service, Version

ADULT: Final = 18
# A trust or one of its sites, as the NHS ITK wants it in MSH-4. Another provider is told by the
# feed's own settings.
_TRUST: Final = re.compile(r"[RT][A-Z0-9]{2}(?:[A-Z0-9]{2})?")
_TREATMENT_FUNCTION: Final = re.compile(r"[1-9][0-9]{2}")

Act = Literal["assert", "retract"]


@dataclass(frozen=True)
class Account:
    """One message of one feed, as its facts need it. `received` is the id of its record."""

    message: Er7
    codes: FeedCodes
    source: str
    received: Id
    pseudonymiser: Pseudonymiser

    @cached_property
    def trigger(self) -> tuple[str, str]:
        """MSH-9 as type and event."""
        header = self.message.header
        return (header.text(9) or "").upper(), (header.text(9, 2) or "").upper()

    @cached_property
    def sent(self) -> datetime:
        said = self.message.header.text(7)
        if said is None:
            raise UnreadableError("message-time-missing", "MSH-7")
        return read_ts(said, "MSH-7").at

    @cached_property
    def recorded(self) -> datetime:
        """When the sender recorded what it tells: EVN-2, else when it sent it."""
        said = self.message.text("EVN", 2)
        return read_ts(said, "EVN-2").at if said is not None else self.sent

    @cached_property
    def version(self) -> Version:
        # Many systems tell minutes only, and a visit can change twice in one. Then the order of
        # sending decides, and where that is the same minute too, what can only follow what.
        step = timedelta(microseconds=ORDER.get(self.trigger[1], len(ORDER)))
        return Version(updated=self.recorded, sent=self.sent + step)

    @cached_property
    def person(self) -> Person:
        """The patient. Raises UnreadableError where there is no PID, or more than one."""
        found = self.message.all("PID")
        if len(found) != 1:
            raise UnreadableError("patient-missing" if not found else "several-patients", "PID")
        return patient(found[0], self.sent)

    @cached_property
    def protected(self) -> bool:
        """Whether PD1-12 asks to protect the record: then nothing tells where care is given."""
        return (self.message.text("PD1", 12) or "").upper() == "Y"

    @cached_property
    def provider(self) -> Provider:
        if self.protected:
            return Provider()
        if self.codes.provider is not None:
            return self.codes.provider
        facility = (self.message.header.text(4) or "").upper()
        return Provider(ods=facility) if _TRUST.fullmatch(facility) else Provider()

    def number(self, name: str, field: int, giver: int) -> str | None:
        """Give a number of a visit or an appointment with who gave it out. Not to be shown.

        CX says who in its fourth component, EI in its second: `giver`.
        """
        segment = self.message.one(name)
        element = next(segment.each(field), None) if segment is not None else None
        value = element.text() if element is not None else None
        if element is None or value is None:
            return None
        return f"{element.text(giver) or ''}|{value}"

    def thing(self, kind: str, number: str) -> Id:
        """Our id of what a number names, as `appointment-…`."""
        return record_id(self.pseudonymiser, self.source, kind, number)

    def under_age(self, at: datetime) -> bool:
        born = self.person.aged_from
        return born is not None and years_between(born, at) < ADULT

    def role(self, at: datetime) -> Role:
        return Role.CHILD if self.under_age(at) else Role.UNKNOWN

    def subject(self, role: Role, person: Person) -> Subject:
        """Give somebody who has a number as a subject. Raises UnreadableError without one."""
        if person.number is None:
            raise UnreadableError("no-usable-identifier", "PID-3")
        key = self.pseudonymiser.of_nhs_number(person.number)
        return Subject(
            role=role, key=key, nhs_number=person.number, name=person.name, born=person.born
        )

    def unknown_time(self) -> Occurred:
        """For what does not say when it was so: the time it was recorded."""
        return Occurred(at=self.recorded, precision=Precision.UNKNOWN)

    def service(self) -> Service:
        """Give the kind of service: the feed's own codes first, then treatment functions."""
        found = [code.upper() for code in self._service_codes()]
        for code in found:
            if code in self.codes.services:
                return self.codes.services[code]
        for code in found:
            if (SPECIALTY, code) in SERVICES:
                return SERVICES[(SPECIALTY, code)]
        functional = any(_TREATMENT_FUNCTION.fullmatch(code) for code in found)
        return Service.OUTPATIENT if functional else Service.UNKNOWN

    def _service_codes(self) -> list[str]:
        places = (("PV1", 10), ("AIS", 3), ("SCH", 8), ("AIL", 3), ("PV1", 3))
        return [code for name, field in places if (code := self.message.text(name, field))]

    def event(
        self,
        fact: Id,
        occurred: Occurred,
        subjects: tuple[Subject, ...],
        detail: Detail,
        act: Act = "assert",
    ) -> ChildEvent:
        told = f"{occurred.model_dump_json()}{detail.model_dump_json()}".encode()
        return ChildEvent(
            id=event_id(fact, self.version, act, self.pseudonymiser.fingerprint(told)),
            fact=fact,
            version=self.version,
            act=act,
            occurred=occurred,
            observed=self.recorded,
            source=self.source,
            subjects=subjects,
            detail=detail,
        )

    def parked(self, reason: Code, end: End = "parked-unsupported") -> Ended:
        """End the message itself: nothing of it goes on."""
        return Ended(fact=self.received, end=end, reason=reason)


def fact_of(kind: str, thing: Id) -> Id:
    return derive_id("fact", kind, thing)


def first_code(element: Element | None) -> str | None:
    """Give the code of a CE where it is one: short, and nothing that somebody typed."""
    code = element.text() if element is not None else None
    if code is None or re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,29}", code) is None:
        return None
    return code
