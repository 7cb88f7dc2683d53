"""Whom an event message is about: the Patient of its focus, and the header that routed it.

The header's demographics are what the service routes by. They are relied on where the message
brings no Patient, as a `delete` may; they never replace a number that cannot be used, and two
numbers that differ are nobody's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from kinbridge_fhir.nodes import Node, extension, one, text
from kinbridge_fhir.persons import (
    Person,
    name_of,
    names_a_number,
    number_of,
    person,
    restricted,
)
from kinbridge_schemas.base import Code
from kinbridge_schemas.identifiers import NhsNumber
from kinbridge_schemas.times import LONDON, read_time, start_of
from kinbridge_schemas.vocabulary import Precision

_ROUTING: Final = "https://fhir.nhs.uk/STU3/StructureDefinition/Extension-RoutingDemographics-1"


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody with a number that can be used. `named` is where they are named.

    `restricted` says that the message itself marks the record: then no place is told.
    `newborn` is set where the kind of event says it, whatever date of birth is given.
    """

    person: Person
    number: NhsNumber
    named: Node
    restricted: bool
    newborn: bool = False


def whom(header: Node, patient: Node | None, *, header_first: bool = False) -> Who | Code:
    """Give whom a message is about, else the reason why that cannot be told.

    `header_first` is for the news that a record changed: it is sent under the number that
    subscribers know, and the record may have another by now.
    """
    routing = extension(header, _ROUTING)
    routed = _routed_number(routing)
    if patient is None:
        return _found(_routed(routing, routed), header, None)
    said = person(patient)
    if header_first and routed is not None:
        return _found(replace(said, number=routed), patient, patient)
    if said.number is None:
        if any(names_a_number(identifier) for identifier in patient.all("identifier")):
            return "no-usable-identifier"
        return _found(replace(said, number=routed), patient, patient)
    if routed is not None and routed != said.number:
        return "subjects-disagree"
    return _found(said, patient, patient)


def _found(said: Person, named: Node, patient: Node | None) -> Who | Code:
    if said.number is None:
        return "no-usable-identifier"
    return Who(said, said.number, named, restricted(patient))


def _routed_number(routing: Node | None) -> NhsNumber | None:
    identifier = one(extension(routing, "nhsNumber"), "valueIdentifier")
    return number_of(identifier) if identifier is not None else None


def _routed(routing: Node | None, number: NhsNumber | None) -> Person:
    name = one(extension(routing, "name"), "valueHumanName")
    born = text(extension(routing, "birthDateTime"), "valueDateTime")
    at = read_time(born, "MessageHeader.extension.birthDateTime") if born is not None else None
    # A birth is compared by its day, in London.
    day = (
        start_of(at.at.astimezone(LONDON).date())
        if at is not None and at.precision in (Precision.DAY, Precision.INSTANT)
        else None
    )
    return Person(number, name_of(name) if name is not None else None, day, None)
