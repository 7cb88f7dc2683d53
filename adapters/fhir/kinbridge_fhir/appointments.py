"""FHIR R4 Appointment: an antenatal appointment, another one, or a child who was not brought."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from kinbridge_fhir.codes import (
    ATTENDED_STATUSES,
    KNOWN_REASONS,
    SERVICES,
    UNAGREED_STATUSES,
    cancelled_by,
)
from kinbridge_fhir.collection import codings
from kinbridge_fhir.facts import Account, parked
from kinbridge_fhir.nodes import Node, extension, one, text
from kinbridge_fhir.persons import Person, nhs_number, person, provider, provider_of, sender
from kinbridge_fhir.systems import SPECIALTY, normal
from kinbridge_schemas.base import Id
from kinbridge_schemas.events import ChildEvent, Detail
from kinbridge_schemas.events.care import AppointmentRecorded, ChildNotBrought
from kinbridge_schemas.events.maternity import AntenatalAppointment
from kinbridge_schemas.mapped import Ended, record_id
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.times import LONDON, read_time, years_between
from kinbridge_schemas.vocabulary import AppointmentStatus, Occurred, Provider, Role, Service

ADULT: Final = 18
# R4 has no element for it; R5's is carried back by this cross-version extension.
_REPLACES: Final = (
    "http://hl7.org/fhir/5.0/StructureDefinition/extension-Appointment.replaces",
    "http://hl7.org/fhir/5.0/StructureDefinition/extension-Appointment.previousAppointment",
)
_TREATMENT_FUNCTION_DIGITS: Final = 3


def appointment(account: Account, resource: Node) -> ChildEvent | Ended:
    """Map one Appointment. Raises UnreadableError where its start cannot be read."""
    fact = account.fact("appointment", resource)
    raw = text(resource, "status") or ""
    if raw in UNAGREED_STATUSES:
        return parked(fact, "appointment-not-agreed")
    status = _status(account, resource, raw)
    withdrawn = raw == "entered-in-error" or account.message.deletes
    if status is None and not withdrawn:
        return parked(fact, "appointment-status-unknown")
    who = patient_of(account, resource)
    if who is None:
        return parked(fact, "subject-missing")
    patient, named = who
    if patient.number is None:
        return parked(fact, "no-usable-identifier")
    version = account.message.version_of(resource, account.now)
    start = _start(resource)
    if start is None and not withdrawn:
        raise UnreadableError("appointment-start-missing", "Appointment.start")
    occurred = start or account.unknown_time(version)
    service = service_of(resource)
    detail = _detail(account, resource, occurred, patient, service, status)
    return account.event(
        fact,
        version,
        "retract" if withdrawn else "assert",
        occurred,
        (account.subject(_role(patient, service, occurred.at), patient, named),),
        detail,
    )


def patient_of(account: Account, resource: Node) -> tuple[Person, Node] | None:
    """Give the patient and where they are named. None where nobody is."""
    references = [
        reference
        for name in ("participant", "subject")
        for holder in resource.all(name)
        for reference in ((one(holder, "actor") if name == "participant" else holder),)
        if reference is not None
    ]
    for reference in references:
        found = account.message.resolve(reference)
        if found is not None and found.kind == "Patient":
            return person(found), found
    for reference in references:
        number = nhs_number(reference)
        if number is not None:
            return Person(number, None, None, None), reference
    return None


def service_of(resource: Node) -> Service:
    """Give the kind of service by the code table. A treatment function is a hospital's."""
    found = [
        code for name in ("serviceType", "specialty", "type") for code in codings(resource, name)
    ]
    for code in found:
        if code.pair in SERVICES:
            return SERVICES[code.pair]
    if any(
        c.system == SPECIALTY and len(c.code) == _TREATMENT_FUNCTION_DIGITS and c.code.isdigit()
        for c in found
    ):
        return Service.OUTPATIENT
    return Service.UNKNOWN


def replaced_by(account: Account, resource: Node) -> Id | None:
    """Give the appointment that this one was booked instead of."""
    reference = one(extension(resource, *_REPLACES), "valueReference")
    if reference is None:
        return None
    found = account.message.resolve(reference)
    if found is not None:
        return account.thing("appointment", found)
    value = text(reference, "identifier", "value")
    if value is not None:
        raw = f"{normal(text(reference, 'identifier', 'system'))}|{value}"
    else:
        raw = f"id|{(text(reference, 'reference') or '').rpartition('/')[2]}"
    return record_id(account.pseudonymiser, account.source, "appointment", raw)


def _status(account: Account, resource: Node, raw: str) -> AppointmentStatus | None:
    if raw in ATTENDED_STATUSES:
        return AppointmentStatus.ATTENDED
    if raw == "booked":
        return AppointmentStatus.BOOKED
    if raw == "noshow":
        return AppointmentStatus.DID_NOT_ATTEND
    if raw != "cancelled":
        return None
    own = account.thing("appointment", resource)
    others = account.message.of_kind("Appointment")
    if any(replaced_by(account, other) == own for other in others):
        return AppointmentStatus.RESCHEDULED
    return cancelled_by(_reason(resource))


def _reason(resource: Node) -> str | None:
    codes = (c.code for c in codings(resource, "cancelationReason"))
    return next((code for code in codes if code in KNOWN_REASONS), None)


def _raw(resource: Node) -> str:
    # The source's own word is kept, but only a word of a code list: nothing that was typed.
    status, reason = text(resource, "status") or "", _reason(resource)
    known = status if status.isascii() and status.isalpha() else "entered-in-error"
    return f"{known}/{reason}" if reason is not None else known


def _start(resource: Node) -> Occurred | None:
    said = text(resource, "start")
    return read_time(said, "Appointment.start") if said is not None else None


def _role(patient: Person, service: Service, at: datetime) -> Role:
    if service is Service.MATERNITY:
        return Role.MOTHER
    return Role.CHILD if under_age(patient, at) else Role.UNKNOWN


def under_age(patient: Person, at: datetime) -> bool:
    """Whether the patient is a child at that time, as far as the message says."""
    return patient.born is not None and years_between(patient.born, at) < ADULT


def _detail(
    account: Account,
    resource: Node,
    occurred: Occurred,
    patient: Person,
    service: Service,
    status: AppointmentStatus | None,
) -> Detail:
    own, given_by = account.thing("appointment", resource), _provider(account, resource)
    known, raw = status or AppointmentStatus.UNKNOWN, _raw(resource)
    if service is Service.MATERNITY:
        return AntenatalAppointment(
            appointment_id=own,
            status=known,
            start=occurred.at,
            clinic_end=_clinic_end(account, resource, occurred.at),
            replaces=replaced_by(account, resource),
            provider=given_by,
            raw_status=raw,
        )
    # Who is under age does not attend: somebody is responsible to bring the child.
    if known is AppointmentStatus.DID_NOT_ATTEND and under_age(patient, occurred.at):
        return ChildNotBrought(
            appointment_id=own, service=service, provider=given_by, raw_status=raw
        )
    return AppointmentRecorded(
        appointment_id=own,
        service=service,
        status=known,
        start=occurred.at,
        replaces=replaced_by(account, resource),
        provider=given_by,
        raw_status=raw,
    )


def _provider(account: Account, resource: Node) -> Provider:
    message = account.message
    for participant in resource.all("participant"):
        actor = message.resolve(one(participant, "actor"))
        if actor is None:
            continue
        if actor.kind == "Organization":
            return provider(actor)
        for name in ("providedBy", "managingOrganization", "organization"):
            found = provider_of(message, actor, name) if actor.kind != "Patient" else None
            if found is not None:
                return found
    return sender(message)


def _clinic_end(account: Account, resource: Node, start: datetime) -> datetime | None:
    # A slot lies in a schedule, whose planning horizon is the clinic's session.
    slot = account.message.resolve(one(resource, "slot"))
    schedule = account.message.resolve(one(slot, "schedule")) if slot is not None else None
    said = text(schedule, "planningHorizon", "end")
    if said is None:
        return None
    end = read_time(said, "Schedule.planningHorizon.end").at
    same_day = end.astimezone(LONDON).date() == start.astimezone(LONDON).date()
    return end if same_day and end > start else None
