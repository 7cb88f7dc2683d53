"""Who a message is about: PID, and the people of NK1 and MRG. Local numbers go no further."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kinbridge_fhir.hl7v2.codes import (
    DATE_OF_BIRTH_ESTIMATED,
    DATE_OF_BIRTH_UNKNOWN,
    NHS_AUTHORITIES,
    NHS_TYPES,
    STATUS_PREFIX,
    VERIFIED_STATUS,
)
from kinbridge_fhir.hl7v2.er7 import Element, Segment
from kinbridge_fhir.hl7v2.when import day_of, read_ts
from kinbridge_schemas.identifiers import NhsNumber, PersonName
from kinbridge_schemas.problems import UnreadableError

_SHORT: Final = 200
# Name types of HL7 table 0200: an alias, a maiden name and a name for another purpose are not
# what somebody is called by.
_OTHER_NAMES: Final = frozenset({"A", "M", "C", "P", "S", "U"})


@dataclass(frozen=True, slots=True)
class Person:
    """What a message says of one person.

    `number` is there only where it is well formed, the only one, and not said to be unverified;
    `verified` where the sender says that it is. `born` is a whole date that is not an estimate;
    `aged_from` may be one, and only tells an adult from a child.
    """

    number: NhsNumber | None
    name: PersonName | None = None
    born: datetime | None = None
    aged_from: datetime | None = None
    verified: bool = False


def patient(pid: Segment, sent: datetime) -> Person:
    """Read PID. `sent` is when the message was, for numbers that had ended by then."""
    marks = frozenset(
        mark.upper() for element in pid.each(32) if (mark := element.text()) is not None
    )
    statuses = {mark for mark in marks if mark.startswith(STATUS_PREFIX)}
    unverified = bool(statuses - {VERIFIED_STATUS})
    aged_from = None if DATE_OF_BIRTH_UNKNOWN in marks else day_of(pid.text(7))
    return Person(
        number=None if unverified else nhs_number(pid.each(3), sent),
        name=_name(pid.each(5)),
        born=None if DATE_OF_BIRTH_ESTIMATED in marks else aged_from,
        aged_from=aged_from,
        verified=statuses == {VERIFIED_STATUS},
    )


def next_of_kin(nk1: Segment, sent: datetime) -> Person:
    """Read NK1: its identifiers are in NK1-33, its date of birth in NK1-16."""
    born = day_of(nk1.text(16))
    return Person(nhs_number(nk1.each(33), sent), _name(nk1.each(2)), born, born)


def nhs_number(identifiers: Iterable[Element], sent: datetime) -> NhsNumber | None:
    """Give the NHS number among the repetitions of a CX. Two different ones are none."""
    found = {number for each in identifiers if (number := _number(each, sent)) is not None}
    return found.pop() if len(found) == 1 else None


def _number(element: Element, sent: datetime) -> NhsNumber | None:
    authorities = {(element.text(4, n) or "").upper() for n in (1, 2)}
    kind = (element.text(5) or "").upper()
    if not authorities & NHS_AUTHORITIES and kind not in NHS_TYPES:
        return None
    try:
        if (ended := element.text(8)) is not None and read_ts(ended, "PID-3").at < sent:
            return None
        return NhsNumber(element.text() or "")
    except UnreadableError:
        return None


def _name(names: Iterable[Element]) -> PersonName | None:
    for name in names:
        if (name.text(7) or "").upper() in _OTHER_NAMES:
            continue
        line = " ".join(p for n in (2, 3, 1) if (p := name.text(n)) is not None)
        if line:
            return PersonName(line[:_SHORT])
    return None
