"""FHIR R4 Appointment: an antenatal appointment, another one, or a child who was not brought."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from kinbridge_fhir.attendance import (
    APPOINTMENT_STATUS,
    CODE_UNKNOWN,
    Meaning,
    Outcome,
    Whose,
    meaning_of,
    outcome,
    own_errand,
    together,
)
from kinbridge_fhir.codes import SERVICES
from kinbridge_fhir.collection import Collection, codings
from kinbridge_fhir.facts import Account, identity_of, parked
from kinbridge_fhir.nodes import Node, extension, one, text
from kinbridge_fhir.persons import (
    Person,
    nhs_number,
    person,
    provider,
    provider_of,
    restricted,
    sender,
)
from kinbridge_fhir.systems import SPECIALTY, normal
from kinbridge_schemas.base import Id
from kinbridge_schemas.events import ChildEvent, Detail
from kinbridge_schemas.events.care import AppointmentRecorded, ChildNotBrought
from kinbridge_schemas.events.maternity import AntenatalAppointment
from kinbridge_schemas.mapped import Ended, record_id
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.times import LONDON, read_time
from kinbridge_schemas.vocabulary import (
    AppointmentStatus,
    Occurred,
    Provider,
    Responsible,
    Role,
    Service,
)

# R4 has no element for it; R5's are carried back by these cross-version extensions.
_REPLACES: Final = (
    "http://hl7.org/fhir/5.0/StructureDefinition/extension-Appointment.replaces",
    "http://hl7.org/fhir/5.0/StructureDefinition/extension-Appointment.previousAppointment",
)
_TREATMENT_FUNCTION_DIGITS: Final = 3
# The narrower first: an engine may say no more than the category.
_SERVICE: Final = ("serviceType", "specialty", "type", "serviceCategory")


def appointment(account: Account, resource: Node) -> ChildEvent | Ended:
    """Map one Appointment. Raises UnreadableError where its start cannot be read."""
    fact = account.fact("appointment", resource)
    meaning = Meaning.WITHDRAWN if account.message.deletes else _meaning(account, resource)
    if meaning is None:
        return parked(fact, CODE_UNKNOWN)
    if meaning is Meaning.NOT_AGREED:
        return parked(fact, "appointment-not-agreed")
    withdrawn = meaning is Meaning.WITHDRAWN
    who = patient_of(account, resource)
    if who is None:
        return parked(fact, "subject-missing")
    patient, named = who
    if patient.number is None:
        return parked(fact, "no-usable-identifier")
    if _of_several(account, resource):
        return parked(fact, "several-patients")
    version = account.message.version_of(resource, account.now)
    start = _start(resource)
    if start is None and not withdrawn:
        raise UnreadableError("appointment-start-missing", "Appointment.start")
    occurred = start or account.unknown_time(version)
    service = service_of(account, resource)
    whose = Whose(patient.born, occurred.at, own_errand(service))
    became = outcome(meaning, whose) or Outcome(AppointmentStatus.UNKNOWN, Responsible.UNKNOWN)
    # Of a record that is marked nothing tells where its care is given.
    given_by = Provider() if restricted(named) else _provider(account, resource)
    detail = _detail(account, resource, occurred, service, became, given_by)
    return account.event(
        fact,
        version,
        "retract" if withdrawn else "assert",
        occurred,
        (account.subject(_role(patient, service, occurred.at), patient, named),),
        detail,
    )


def patient_of(account: Account, resource: Node, *names: str) -> tuple[Person, Node] | None:
    """Give the patient and where they are named. None where nobody is.

    `names` are the fields that refer to them: `participant` and `subject` unless said.
    """
    references = [
        reference
        for name in names or ("participant", "subject")
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


def _of_several(account: Account, resource: Node) -> bool:
    """Whether it is several people's: whose it was that one of them came, it does not say."""
    actors = [one(each, "actor") for each in resource.all("participant")]
    found = [account.message.resolve(actor) for actor in actors]
    numbers = {nhs_number(each) for each in found if each is not None and each.kind == "Patient"}
    numbers |= {nhs_number(actor) for actor in actors if actor is not None}
    return len(numbers - {None}) > 1


def service_of(account: Account, resource: Node) -> Service:
    """Give the kind of service: by the feed's own codes first, then by the code table.

    A treatment function in neither is a hospital's.
    """
    found = [code for name in _SERVICE for code in codings(resource, name)]
    for code in found:
        if (own := account.codes.service(code.code)) is not None:
            return own
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
    replaced = _replaced(account.message, resource)
    if replaced is None:
        return None
    return record_id(account.pseudonymiser, account.source, "appointment", replaced)


def _replaced(message: Collection, resource: Node) -> str | None:
    """What the sender knows the appointment by that this one was booked instead of."""
    reference = (
        one(extension(resource, *_REPLACES), "valueReference")
        or one(resource, "replaces")
        or one(resource, "previousAppointment")
    )
    if reference is None:
        return None
    found = message.resolve(reference)
    if found is not None:
        return identity_of(message, found)
    value = text(reference, "identifier", "value")
    if value is not None:
        return f"{normal(text(reference, 'identifier', 'system'))}|{value}"
    return f"id|{(text(reference, 'reference') or '').rpartition('/')[2]}"


def _replacements(message: Collection) -> dict[str, list[Node]]:
    """The appointments of a message by the one that each was booked instead of."""
    found: dict[str, list[Node]] = {}
    for other in message.of_kind("Appointment"):
        replaced = _replaced(message, other)
        if replaced is not None:
            found.setdefault(replaced, []).append(other)
    return found


def _meaning(account: Account, resource: Node) -> Meaning | None:
    """What the source says became of it. None where one of its codes is in no list."""
    said = meaning_of(APPOINTMENT_STATUS, text(resource, "status") or "")
    if said is Meaning.MISSED:
        # Why nobody came changes nothing, unless it says that a child was not brought.
        brought = Meaning.NOT_BROUGHT in (m for _, m in _reasons(account, resource))
        return Meaning.NOT_BROUGHT if brought else said
    if said is not Meaning.CANCELLED:
        return said
    if (moved := _moved(account, resource)) is not None:
        return moved
    reasons = [meaning for _, meaning in _reasons(account, resource)]
    known = [meaning for meaning in reasons if meaning is not None]
    # One reason may be given in several systems: one that is known is enough.
    return None if reasons and not known else together([said, *known])


def _moved(account: Account, resource: Node) -> Meaning | None:
    """Whether another appointment of the message stands in its place, here or elsewhere."""
    instead = account.message.once(_replacements).get(account.identity(resource))
    if not instead:
        return None
    here = _provider(account, resource).ods
    there = {_provider(account, other).ods for other in instead}
    elsewhere = here is not None and None not in there and here not in there
    return Meaning.TRANSFERRED if elsewhere else Meaning.REBOOKED


def _reasons(account: Account, resource: Node) -> list[tuple[str, Meaning | None]]:
    # R5 spells it with two l; reasons that are typed have no code and are not read.
    local = account.codes.local_attendance
    return [
        (code.code, meaning_of(code.system, code.code, local))
        for name in ("cancelationReason", "cancellationReason")
        for code in codings(resource, name)
    ]


def _raw(account: Account, resource: Node) -> str:
    # The source's own word is kept, but only a word of a code list: nothing that was typed.
    status = text(resource, "status") or ""
    known = status if meaning_of(APPOINTMENT_STATUS, status) is not None else "unlisted"
    listed = (code for code, meaning in _reasons(account, resource) if meaning is not None)
    reason = next(listed, None)
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
    return Whose(patient.born, at).under_age


def _detail(
    account: Account,
    resource: Node,
    occurred: Occurred,
    service: Service,
    became: Outcome,
    given_by: Provider,
) -> Detail:
    own, raw = account.thing("appointment", resource), _raw(account, resource)
    if service is Service.MATERNITY:
        return AntenatalAppointment(
            appointment_id=own,
            status=became.status,
            start=occurred.at,
            clinic_end=_clinic_end(account, resource, occurred.at),
            replaces=replaced_by(account, resource),
            provider=given_by,
            raw_status=raw,
        )
    if became.status is AppointmentStatus.WAS_NOT_BROUGHT:
        return ChildNotBrought(
            appointment_id=own,
            service=service,
            provider=given_by,
            raw_status=raw,
            responsible=became.responsible,
        )
    return AppointmentRecorded(
        appointment_id=own,
        service=service,
        status=became.status,
        start=occurred.at,
        replaces=replaced_by(account, resource),
        provider=given_by,
        raw_status=raw,
        responsible=became.responsible,
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
