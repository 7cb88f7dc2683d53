"""ADT about a visit: an arrival at an emergency department, an admission, a discharge, a clinic.

Left out on purpose: diagnoses, procedures, allergies, observations and notes (DG1, PR1, AL1, OBX,
NTE), the text of PV2-3, staff (PV1-7 to PV1-9, PV1-17), wards and beds (PV1-3, but for its code
where the feed's table names it).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from kinbridge_fhir.attendance import Whose, own_errand, responsible
from kinbridge_fhir.codes import (
    EMERGENCY_ADMISSIONS,
    MATERNITY_ADMISSIONS,
    PLANNED_ADMISSIONS,
    PRESENTATIONS,
)
from kinbridge_fhir.hl7v2.codes import OBSTETRICS, SNOMED_NAMES, Reading
from kinbridge_fhir.hl7v2.facts import Account, Act, fact_of
from kinbridge_fhir.hl7v2.when import read_ts
from kinbridge_fhir.systems import SNOMED
from kinbridge_schemas.base import Id
from kinbridge_schemas.events import ChildEvent, Detail
from kinbridge_schemas.events.care import (
    Admitted,
    AppointmentRecorded,
    Discharged,
    EdAttended,
    PresentationGroup,
)
from kinbridge_schemas.events.maternity import AntenatalAppointment
from kinbridge_schemas.mapped import Ended
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.vocabulary import AppointmentStatus, Occurred, Role, Service

_STARTS = (Reading.ARRIVAL, Reading.ARRIVAL_CANCELLED)


@dataclass(frozen=True)
class _Visit:
    """One visit as a message tells it."""

    account: Account
    reading: Reading

    @cached_property
    def cancelled(self) -> bool:
        return self.reading is Reading.ARRIVAL_CANCELLED

    @property
    def act(self) -> Act:
        return "retract" if self.cancelled else "assert"

    @cached_property
    def started(self) -> Occurred:
        """PV1-44, else when the event was so (EVN-6). A withdrawal need not say it."""
        account = self.account
        said = _time(account, "PV1", 44) or (
            _time(account, "EVN", 6) if self.reading in _STARTS else None
        )
        if said is not None:
            return said
        if self.cancelled:
            return account.unknown_time()
        raise UnreadableError("visit-start-missing", "PV1-44")

    def told(self, kind: str, own: Id, occurred: Occurred, detail: Detail, act: Act) -> ChildEvent:
        account = self.account
        antenatal = isinstance(detail, AntenatalAppointment)
        role = Role.MOTHER if antenatal else account.role(occurred.at)
        subjects = (account.subject(role, account.person),)
        return account.event(fact_of(kind, own), occurred, subjects, detail, act)


def visit(account: Account, reading: Reading) -> Iterator[ChildEvent | Ended]:
    """Map one message about a visit: a fact, or two for a stay that has ended."""
    raw = account.message.text("PV1", 2)
    if raw is None:
        yield account.parked("patient-class-missing")
        return
    kind = account.codes.patient_class(raw)
    if kind is None:
        yield account.parked("patient-class-unknown")
        return
    if reading is Reading.PLANNED or kind == "pre-admission":
        yield account.parked("encounter-planned")
        return
    number = account.number("PV1", 19, 4)
    if number is None:
        yield account.parked("visit-number-missing")
        return
    if account.person.number is None:
        yield account.parked("no-usable-identifier")
        return
    told = _Visit(account, reading)
    if kind == "emergency":
        yield _attendance(told, number)
    elif kind == "inpatient":
        yield from _stay(told, number)
    elif reading in _STARTS:
        yield _clinic(told, number)
    else:
        yield account.parked("patient-class-not-used")


def _attendance(told: _Visit, number: str) -> ChildEvent:
    account, service = told.account, told.account.service()
    own = account.thing("attendance", number)
    left = _time(account, "PV1", 45)
    if left is None and told.reading is Reading.DEPARTURE:
        left = _time(account, "EVN", 6)
    if told.reading is Reading.DEPARTURE_CANCELLED:
        left = None
    detail = EdAttended(
        attendance_id=own,
        service=service if service is Service.URGENT_TREATMENT else Service.EMERGENCY_DEPARTMENT,
        arrived=told.started.at,
        departed=left.at if left is not None else None,
        presentation=_presentation(account),
        provider=account.provider,
    )
    return told.told("attendance", own, told.started, detail, told.act)


def _stay(told: _Visit, number: str) -> Iterator[ChildEvent]:
    account = told.account
    own = account.thing("admission", number)
    method = account.message.text("PV1", 4) or ""
    maternity = (
        method in MATERNITY_ADMISSIONS
        or account.service() is Service.MATERNITY
        or (account.message.text("PV1", 2) or "").upper() == OBSTETRICS
    )
    discharged = Discharged(admission_id=own, maternity=maternity, provider=account.provider)
    if told.reading is Reading.DEPARTURE_CANCELLED:
        yield told.told("discharge", own, account.unknown_time(), discharged, "retract")
        return
    left = _left(told)
    # A discharge that does not say when the stay began still ends it.
    if not (left is not None and _time(account, "PV1", 44) is None):
        admitted = Admitted(
            admission_id=own,
            planned=_planned(method),
            presentation=_presentation(account),
            maternity=maternity,
            provider=account.provider,
        )
        yield told.told("admission", own, told.started, admitted, told.act)
    if told.cancelled:
        # Whoever was never admitted was never discharged: a late A03 must not say it.
        yield told.told("discharge", own, told.started, discharged, "retract")
    elif left is not None:
        yield told.told("discharge", own, left, discharged, "assert")


def _left(told: _Visit) -> Occurred | None:
    if told.reading in _STARTS:
        return None
    left = _time(told.account, "PV1", 45)
    if told.reading is not Reading.DEPARTURE:
        return left
    left = left or _time(told.account, "EVN", 6)
    if left is None:
        raise UnreadableError("visit-end-missing", "PV1-45")
    return left


def _clinic(told: _Visit, number: str) -> ChildEvent:
    """An outpatient is there: the appointment, which may have a number of its own, is attended."""
    account, service = told.account, told.account.service()
    same = account.codes.appointment_number == "PV1-19"
    own = account.thing("appointment", number if same else f"visit|{number}")
    raw = f"{account.trigger[1]}/{account.message.text('PV1', 2)}"[:20]
    if service is Service.MATERNITY:
        antenatal = AntenatalAppointment(
            appointment_id=own,
            status=AppointmentStatus.ATTENDED,
            start=told.started.at,
            provider=account.provider,
            raw_status=raw,
        )
        return told.told("appointment", own, told.started, antenatal, told.act)
    whose = Whose(account.person.aged_from, told.started.at, own_errand=own_errand(service))
    detail = AppointmentRecorded(
        appointment_id=own,
        service=Service.OUTPATIENT if service is Service.UNKNOWN else service,
        status=AppointmentStatus.ATTENDED,
        start=told.started.at,
        provider=account.provider,
        raw_status=raw,
        responsible=responsible(whose),
    )
    return told.told("appointment", own, told.started, detail, told.act)


def _time(account: Account, name: str, field: int) -> Occurred | None:
    said = account.message.text(name, field)
    return read_ts(said, f"{name}-{field}") if said is not None else None


def _planned(method: str) -> bool | None:
    if method in PLANNED_ADMISSIONS:
        return True
    return False if method in EMERGENCY_ADMISSIONS else None


def _presentation(account: Account) -> PresentationGroup:
    # A code of PV2-3 only, and only the group that it lies in goes on.
    code = (account.message.text("PV2", 3) or "").upper()
    if code in account.codes.presentations:
        return account.codes.presentations[code]
    system = (account.message.text("PV2", 3, 3) or "").upper()
    known = PRESENTATIONS.get((SNOMED, code)) if system in SNOMED_NAMES else None
    return known or PresentationGroup.UNKNOWN
