"""Patients and organisations of a message, as subjects and providers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kinbridge_fhir.codes import RESTRICTED, VERIFIED
from kinbridge_fhir.collection import Collection, coding, codings
from kinbridge_fhir.nodes import Node, one, text
from kinbridge_fhir.systems import NHS_NUMBER, ODS, ODS_SITE, VERIFICATION, normal
from kinbridge_schemas.identifiers import NhsNumber, PersonName
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.times import read_time
from kinbridge_schemas.vocabulary import Precision, Provider

_BIRTH_TIME: Final = "http://hl7.org/fhir/StructureDefinition/patient-birthTime"
_PAST_USES: Final = frozenset({"old", "temp"})
_ODS_CODE: Final = re.compile(r"[A-Z0-9]{3,12}")
_SHORT: Final = 200


@dataclass(frozen=True, slots=True)
class Person:
    """What a message says of one patient. `number` only where it is well formed and verified."""

    number: NhsNumber | None
    name: PersonName | None
    born: datetime | None
    born_time: datetime | None


def person(patient: Node) -> Person:
    """Read a Patient, or a Reference that carries an identifier."""
    born, born_time = _born(patient)
    return Person(nhs_number(patient), _name(patient), born, born_time)


def nhs_number(node: Node) -> NhsNumber | None:
    """Give the NHS number. One that is malformed, past or not verified is no number."""
    numbers = (number_of(identifier) for identifier in node.all("identifier"))
    return next((number for number in numbers if number is not None), None)


def number_of(identifier: Node) -> NhsNumber | None:
    """Give the NHS number that one Identifier holds, where it holds one that can be used."""
    if not names_a_number(identifier) or not _verified(identifier):
        return None
    try:
        return NhsNumber(text(identifier, "value") or "")
    except UnreadableError:
        return None


def names_a_number(identifier: Node) -> bool:
    """Whether an Identifier is meant to be an NHS number, whatever stands in it."""
    return normal(text(identifier, "system")) == NHS_NUMBER


def restricted(patient: Node | None) -> bool:
    """Whether the record itself says that it is sensitive: where somebody is must not leave."""
    marks = (coding(mark) for holder in _all(patient, "meta") for mark in holder.all("security"))
    return any(mark is not None and mark.pair in RESTRICTED for mark in marks)


def _all(node: Node | None, name: str) -> Iterable[Node]:
    return node.all(name) if node is not None else ()


def _verified(identifier: Node) -> bool:
    if text(identifier, "use") in _PAST_USES:
        return False
    marks = [
        mark
        for extra in identifier.all("extension")
        for mark in codings(extra, "valueCodeableConcept")
        if mark.system == VERIFICATION
    ]
    # Most senders say nothing; a sender that says "not verified" is believed.
    return all(mark.code in VERIFIED for mark in marks)


def _name(patient: Node) -> PersonName | None:
    names = (name_of(name) for name in patient.all("name"))
    return next((name for name in names if name is not None), None)


def name_of(name: Node) -> PersonName | None:
    """Give one HumanName as a line. None for a past one, and for an empty one."""
    if text(name, "use") in _PAST_USES:
        return None
    given = name.values("given")
    line = " ".join([*given, text(name, "family") or ""]).strip() or text(name, "text")
    return PersonName(line[:_SHORT]) if line else None


def _born(patient: Node) -> tuple[datetime | None, datetime | None]:
    said = text(patient, "birthDate")
    if said is None:
        return None, None
    day = read_time(said, "Patient.birthDate")
    born = day.at if day.precision is Precision.DAY else None
    return born, _birth_time(patient, said)


def _birth_time(patient: Node, day: str) -> datetime | None:
    under = patient.under("birthDate")
    extras = under.all("extension") if under is not None else iter(())
    said = next((text(e, "valueDateTime") for e in extras if e.url() == _BIRTH_TIME), None)
    # An official sample has another year here than in the date: then the date is believed.
    if said is None or not said.startswith(day):
        return None
    time = read_time(said, "Patient.birthDate.extension.valueDateTime")
    return time.at if time.precision is Precision.INSTANT else None


def provider(organisation: Node | None) -> Provider:
    """Give an Organization as a provider: its ODS code, its name, or neither."""
    if organisation is None:
        return Provider()
    name = text(organisation, "name")
    return Provider(ods=_ods(organisation), name=name[:_SHORT] if name else None)


def _ods(organisation: Node) -> str | None:
    for identifier in organisation.all("identifier"):
        code = (text(identifier, "value") or "").upper()
        if normal(text(identifier, "system")) in (ODS, ODS_SITE) and _ODS_CODE.fullmatch(code):
            return code
    return None


def provider_of(message: Collection, holder: Node | None, *names: str) -> Provider | None:
    """Give the provider that a resource refers to by a field, where it is in the message."""
    reference = one(holder, *names)
    organisation = message.resolve(reference)
    if organisation is not None:
        return provider(organisation)
    identifier = one(reference, "identifier")
    code = (text(identifier, "value") or "").upper()
    if normal(text(identifier, "system")) in (ODS, ODS_SITE) and _ODS_CODE.fullmatch(code):
        return Provider(ods=code)
    return None


def sender(message: Collection) -> Provider:
    """Give who sent a message: R4 says `sender`, both say `responsible`. Else nobody."""
    return (
        provider_of(message, message.sent_by, "sender")
        or provider_of(message, message.sent_by, "responsible")
        or Provider()
    )
