"""SIU: an appointment booked, moved, cancelled, missed.

The trigger says what happened; SCH-25 and, for a cancellation, SCH-6 say more of it. All are read
by the one table of attendance codes and the feed's own; what contradicts is parked.

Left out on purpose: the text of every coded field, SCH-7, notes, staff, rooms and equipment.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kinbridge_fhir.attendance import (
    ATTENDED_OR_NOT,
    CODE_UNKNOWN,
    Meaning,
    Outcome,
    Whose,
    meaning_of,
    outcome,
    own_errand,
    together,
)
from kinbridge_fhir.hl7v2.er7 import Segment
from kinbridge_fhir.hl7v2.facts import Account, fact_of, first_code
from kinbridge_fhir.hl7v2.when import read_ts
from kinbridge_fhir.systems import FILLER_STATUS, TRIGGER
from kinbridge_schemas.base import Id
from kinbridge_schemas.events import ChildEvent, Detail
from kinbridge_schemas.events.care import AppointmentRecorded, ChildNotBrought
from kinbridge_schemas.events.maternity import AntenatalAppointment
from kinbridge_schemas.mapped import Ended
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.vocabulary import (
    AppointmentStatus,
    Occurred,
    Precision,
    Responsible,
    Role,
    Service,
)

_CANCELLATIONS: Final = frozenset({"S15", "S16"})
_MODIFIED: Final = "S14"
_STATUS: Final = 25
_REASON: Final = 6
# Segment, field, and the component that says who gave the number out.
_NUMBERS: Final = {"SCH-1": ("SCH", 1, 2), "SCH-2": ("SCH", 2, 2), "PV1-19": ("PV1", 19, 4)}


def appointment(account: Account) -> Iterator[ChildEvent | Ended]:
    """Map one message about an appointment."""
    sch = account.message.one("SCH")
    if sch is None:
        raise UnreadableError("appointment-missing", "SCH")
    number = account.number(*_NUMBERS[account.codes.appointment_number])
    if number is None:
        yield account.parked("appointment-number-missing")
        return
    if account.person.number is None:
        yield account.parked("no-usable-identifier")
        return
    if account.trigger[1] == _MODIFIED and sch.text(_STATUS) is None:
        # Something about it changed, and what became of it is not said: it may have been missed.
        yield account.parked("appointment-status-missing")
        return
    meaning = _meaning(account, sch)
    if meaning is None:
        yield account.parked(CODE_UNKNOWN)
    elif meaning is Meaning.NOT_AGREED:
        yield account.parked("appointment-not-agreed")
    elif meaning is Meaning.OTHER_MATTER:
        yield account.parked("appointment-other-matter")
    else:
        yield _told(account, sch, account.thing("appointment", number), meaning)


def _meaning(account: Account, sch: Segment) -> Meaning | None:
    event = account.trigger[1]
    said = [meaning_of(TRIGGER, event, account.codes.local_attendance)]
    if (status := sch.text(_STATUS)) is not None:
        said.append(_of_code(account, status))
    reason = sch.text(_REASON)
    if reason is not None and event in _CANCELLATIONS:
        said.append(_of_code(account, reason))
    return together(said)


def _of_code(account: Account, code: str) -> Meaning | None:
    local = account.codes.local_attendance
    found = meaning_of(FILLER_STATUS, code, local)
    if found is None and account.codes.dictionary_outcomes:
        return meaning_of(ATTENDED_OR_NOT, code)
    return found


def _told(account: Account, sch: Segment, own: Id, meaning: Meaning) -> ChildEvent:
    start = _start(account, sch)
    service = account.service()
    occurred = start or account.unknown_time()
    whose = Whose(account.person.aged_from, occurred.at, own_errand=own_errand(service))
    found = outcome(meaning, whose)
    withdrawn = meaning is Meaning.WITHDRAWN
    # A miss and a withdrawal are news without the time too; the rest say when, or say nothing.
    needs_start = not withdrawn and not _is_not_brought(found)
    if start is None and needs_start:
        raise UnreadableError("appointment-start-missing", "SCH-11")
    mother = service is Service.MATERNITY
    role = Role.MOTHER if mother else account.role(occurred.at)
    return account.event(
        fact_of("appointment", own),
        occurred,
        (account.subject(role, account.person),),
        _detail(account, own, occurred, service, found),
        "retract" if withdrawn else "assert",
    )


def _is_not_brought(found: Outcome | None) -> bool:
    return found is not None and found.status is AppointmentStatus.WAS_NOT_BROUGHT


def _detail(
    account: Account, own: Id, occurred: Occurred, service: Service, found: Outcome | None
) -> Detail:
    status = found.status if found is not None else AppointmentStatus.UNKNOWN
    responsible = found.responsible if found is not None else Responsible.UNKNOWN
    raw = _raw(account)
    if service is Service.MATERNITY:
        return AntenatalAppointment(
            appointment_id=own,
            status=status,
            start=occurred.at,
            provider=account.provider,
            raw_status=raw,
        )
    if status is AppointmentStatus.WAS_NOT_BROUGHT:
        return ChildNotBrought(
            appointment_id=own,
            service=service,
            provider=account.provider,
            raw_status=raw,
            responsible=responsible,
        )
    return AppointmentRecorded(
        appointment_id=own,
        service=service,
        status=status,
        start=occurred.at,
        provider=account.provider,
        raw_status=raw,
        responsible=responsible,
    )


def _raw(account: Account) -> str:
    sch = account.message.one("SCH")
    event = account.trigger[1]
    fields = (_STATUS, _REASON) if event in _CANCELLATIONS else (_STATUS,)
    codes = [first_code(next(sch.each(n), None)) for n in fields] if sch is not None else []
    return "/".join([event, *(code for code in codes if code)])


def _start(account: Account, sch: Segment) -> Occurred | None:
    """Give when it starts: SCH-11 (to v2.4), TQ1-7 (from v2.5), else AIS-4."""
    places = (
        (sch.text(11, 4), "SCH-11"),
        (account.message.text("TQ1", 7), "TQ1-7"),
        (account.message.text("AIS", 4), "AIS-4"),
    )
    for said, path in places:
        if said is not None:
            found = read_ts(said, path)
            if found.precision in (Precision.INSTANT, Precision.DAY):
                return found
    return None
