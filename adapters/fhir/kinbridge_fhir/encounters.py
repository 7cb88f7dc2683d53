"""FHIR Encounter, R4 and R5: an arrival at an emergency department, an admission, a discharge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from kinbridge_fhir.appointments import patient_of, service_of, under_age
from kinbridge_fhir.codes import (
    EMERGENCY_ADMISSIONS,
    EMERGENCY_CLASSES,
    FINISHED_STATUSES,
    HAPPENING_STATUSES,
    INPATIENT_CLASSES,
    LEFT_UNSEEN,
    MATERNITY_ADMISSIONS,
    PLANNED_ADMISSIONS,
    PRESENTATIONS,
    SEEN_AT_LEAST,
    UNUSED_CLASSES,
    WITHDRAWN_STATUSES,
)
from kinbridge_fhir.collection import coding, codings
from kinbridge_fhir.facts import Account, parked
from kinbridge_fhir.nodes import Node, extension, one, text
from kinbridge_fhir.persons import Person, provider_of, restricted, sender
from kinbridge_fhir.systems import ADMISSION_METHOD
from kinbridge_schemas.events import ChildEvent, Detail
from kinbridge_schemas.events.care import Admitted, Discharged, EdAttended, PresentationGroup
from kinbridge_schemas.mapped import Ended
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.times import read_time
from kinbridge_schemas.vocabulary import Occurred, Provider, Role, Service

_ADMISSION_METHOD: Final = (
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-AdmissionMethod"
)
_DISCHARGE_STATUS: Final = (
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-EmergencyCareDischargeStatus",
    "https://fhir.hl7.org.uk/STU3/StructureDefinition/Extension-CareConnect-EmergencyCareDischargeStatus-1",
)
# An attendance is by one of these; whatever else the code says, it is to emergency care.
_ARRIVED_AT: Final = frozenset(
    {Service.EMERGENCY_DEPARTMENT, Service.URGENT_TREATMENT, Service.MATERNITY}
)
_SHORT: Final = 200


@dataclass(frozen=True, slots=True)
class _Visit:
    """One Encounter and its patient."""

    account: Account
    resource: Node
    patient: Person
    named: Node

    @property
    def withdrawn(self) -> bool:
        return _withdrawn(self.account, self.resource)

    def told(self, kind: str, occurred: Occurred, detail: Detail) -> ChildEvent:
        account = self.account
        role = Role.CHILD if under_age(self.patient, occurred.at) else Role.UNKNOWN
        return account.event(
            account.fact(kind, self.resource),
            account.message.version_of(self.resource, account.now),
            "retract" if self.withdrawn else "assert",
            occurred,
            (account.subject(role, self.patient, self.named),),
            detail,
        )


def encounter(account: Account, resource: Node) -> Iterator[ChildEvent | Ended]:
    """Map one Encounter: one fact, or two for an admission that has ended."""
    fact = account.fact("encounter", resource)
    if (reason := _not_used(account, resource)) is not None:
        yield parked(fact, reason)
        return
    who = patient_of(account, resource)
    if who is None:
        yield parked(fact, "subject-missing")
        return
    patient, named = who
    if patient.number is None:
        yield parked(fact, "no-usable-identifier")
        return
    visit = _Visit(account, resource, patient, named)
    if _class(resource) in EMERGENCY_CLASSES:
        yield _attendance(visit)
    else:
        yield from _stay(visit)


def _class(resource: Node) -> tuple[str, str]:
    # R4 has a Coding here; R5 and some senders a CodeableConcept.
    found = coding(one(resource, "class")) or coding(one(resource, "class", "coding"))
    return found.pair if found is not None else ("", "")


def _not_used(account: Account, resource: Node) -> str | None:
    kind, status = _class(resource), text(resource, "status")
    if kind in UNUSED_CLASSES:
        return "encounter-class-not-used"
    if kind not in EMERGENCY_CLASSES | INPATIENT_CLASSES:
        return "encounter-class-unknown"
    if _withdrawn(account, resource):
        return None
    if status == "planned":
        return "encounter-planned"
    return None if status in HAPPENING_STATUSES else "encounter-status-unknown"


def _withdrawn(account: Account, resource: Node) -> bool:
    return text(resource, "status") in WITHDRAWN_STATUSES or account.message.deletes


def _attendance(visit: _Visit) -> ChildEvent:
    account, resource = visit.account, visit.resource
    occurred = _arrival(account, resource)
    end = _time(resource, "end")
    service = service_of(account, resource)
    detail = EdAttended(
        attendance_id=account.thing("encounter", resource),
        # Maternity triage is emergency care of a pregnancy, by its own door.
        service=service if service in _ARRIVED_AT else Service.EMERGENCY_DEPARTMENT,
        arrived=occurred.at,
        departed=end.at if end is not None else None,
        presentation=_presentation(resource),
        left_before_seen=_left_unseen(resource),
        provider=_provider(visit),
        place=_place(visit),
    )
    return visit.told("encounter", occurred, detail)


def _left_unseen(resource: Node) -> bool | None:
    extra = extension(resource, *_DISCHARGE_STATUS)
    found = {c.pair for c in codings(extra, "valueCodeableConcept")} if extra else set()
    if LEFT_UNSEEN in found:
        return True
    return False if found & SEEN_AT_LEAST else None


def _stay(visit: _Visit) -> Iterator[ChildEvent]:
    account, resource = visit.account, visit.resource
    own, provider = account.thing("encounter", resource), _provider(visit)
    method = _admission_method(resource)
    maternity = (
        method in MATERNITY_ADMISSIONS or service_of(account, resource) is Service.MATERNITY
    )
    arrival = _arrival(account, resource)
    admitted = Admitted(
        admission_id=own,
        planned=_planned(method),
        presentation=_presentation(resource),
        maternity=maternity,
        provider=provider,
        place=_place(visit),
    )
    yield visit.told("encounter", arrival, admitted)
    end = _time(resource, "end")
    finished = text(resource, "status") in FINISHED_STATUSES and end is not None
    # A withdrawal may leave the period out, so the discharge is withdrawn whatever it says.
    if finished or visit.withdrawn:
        discharged = Discharged(admission_id=own, maternity=maternity, provider=provider)
        yield visit.told("discharge", end or arrival, discharged)


def _arrival(account: Account, resource: Node) -> Occurred:
    start = _time(resource, "start")
    if start is not None:
        return start
    if not _withdrawn(account, resource):
        raise UnreadableError("encounter-start-missing", "Encounter.period.start")
    return account.unknown_time(account.message.version_of(resource, account.now))


def _time(resource: Node, name: str) -> Occurred | None:
    # R5 calls it `actualPeriod`.
    said = text(resource, "period", name) or text(resource, "actualPeriod", name)
    return read_time(said, f"Encounter.period.{name}") if said is not None else None


def _presentation(resource: Node) -> PresentationGroup:
    found = [
        *codings(resource, "reasonCode"),
        *(code for reason in resource.all("reason") for code in codings(reason, "value")),
    ]
    groups = {PRESENTATIONS[code.pair] for code in found if code.pair in PRESENTATIONS}
    if PresentationGroup.SELF_HARM in groups:
        return PresentationGroup.SELF_HARM
    return next(iter(groups), PresentationGroup.UNKNOWN)


def _admission_method(resource: Node) -> str:
    # It belongs to the stay; NHS England's own example of an engine has it on the Encounter.
    # R5 calls the stay `admission`.
    holders = (one(resource, "hospitalization"), one(resource, "admission"), resource)
    extra = next(filter(None, (extension(each, _ADMISSION_METHOD) for each in holders)), None)
    found = codings(extra, "valueCodeableConcept") if extra is not None else iter(())
    return next((c.code for c in found if c.system == ADMISSION_METHOD), "")


def _planned(method: str) -> bool | None:
    if method in PLANNED_ADMISSIONS:
        return True
    return False if method in EMERGENCY_ADMISSIONS else None


def _provider(visit: _Visit) -> Provider:
    if restricted(visit.named):
        return Provider()
    message = visit.account.message
    return provider_of(message, visit.resource, "serviceProvider") or sender(message)


def _place(visit: _Visit) -> str | None:
    if restricted(visit.named):
        return None
    where = visit.account.message.resolve(one(visit.resource, "location", "location"))
    name = text(where, "name") if where is not None and where.kind == "Location" else None
    return name[:_SHORT] if name else None
