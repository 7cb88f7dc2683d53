"""FHIR R4 EpisodeOfCare: a pregnancy that was booked, CAMHS, and whose care somebody is under.

Which service it is stands in `type`. An adult's mental health and substance use services are
not told, nor is a service in no table: it may itself say what somebody is treated for.
Diagnoses, referral requests, the team and the care manager are left out on purpose.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from kinbridge_fhir.appointments import patient_of, service_of, under_age
from kinbridge_fhir.facts import Account, parked
from kinbridge_fhir.nodes import Node, one, text
from kinbridge_fhir.persons import Person, provider_of, restricted, sender
from kinbridge_fhir.telephones import desk_number
from kinbridge_schemas.base import Id
from kinbridge_schemas.events import ChildEvent, Detail
from kinbridge_schemas.events.care import CamhsContact, HealthServiceRecorded
from kinbridge_schemas.events.maternity import MaternityBooked
from kinbridge_schemas.mapped import Ended
from kinbridge_schemas.times import read_time
from kinbridge_schemas.vocabulary import Occurred, Provider, Role, Service

_Step = Literal["referred", "accepted", "discharged"]

# FHIR R4 EpisodeOfCareStatus. `cancelled` is in no list: mostly, what it ended never began.
_NOT_BEGUN: Final = frozenset({"planned", "waitlist"})
_BEGUN: Final = frozenset({"active", "onhold", "finished"})
_STEPS: Final[dict[str, _Step]] = {
    **dict.fromkeys(_NOT_BEGUN, "referred"),
    "active": "accepted",
    "onhold": "accepted",
    "finished": "discharged",
}
_ORDER: Final[tuple[_Step, ...]] = ("referred", "accepted", "discharged")
_WRONG: Final = "entered-in-error"

_RESPONSIBLE: Final = frozenset(
    {
        *(Service.HEALTH_VISITING, Service.SCHOOL_NURSING, Service.COMMUNITY_PAEDIATRICS),
        *(Service.LOOKED_AFTER_HEALTH, Service.GENERAL_PRACTICE),
    }
)
"""Services of which it is told that they are responsible for a child's care, or were."""


@dataclass(frozen=True, slots=True)
class _Episode:
    """One EpisodeOfCare and its patient."""

    account: Account
    resource: Node
    patient: Person
    named: Node

    @property
    def status(self) -> str:
        return text(self.resource, "status") or ""

    @property
    def withdrawn(self) -> bool:
        return self.status == _WRONG or self.account.message.deletes

    @property
    def provider(self) -> Provider:
        if restricted(self.named):
            return Provider()  # whose care somebody is under says where they live
        message = self.account.message
        found = provider_of(message, self.resource, "managingOrganization")
        return found or sender(message)

    def told(self, fact: Id, role: Role, detail: Detail, occurred: Occurred | None) -> ChildEvent:
        account = self.account
        version = account.message.version_of(self.resource, account.now)
        return account.event(
            fact,
            version,
            "retract" if self.withdrawn else "assert",
            occurred or account.unknown_time(version),
            (account.subject(role, self.patient, self.named),),
            detail,
        )


def episode(account: Account, resource: Node) -> Iterator[ChildEvent | Ended]:
    """Map one EpisodeOfCare: one fact, or one for each step in CAMHS."""
    fact = account.fact("episodeofcare", resource)
    service = service_of(account, resource)
    if service not in _RESPONSIBLE | {Service.MATERNITY, Service.CAMHS}:
        yield parked(fact, "episode-type-not-used")
        return
    # R4 and STU3 say `patient` here, and no other resource of ours does.
    who = patient_of(account, resource, "patient")
    if who is None:
        yield parked(fact, "subject-missing")
        return
    patient, named = who
    if patient.number is None:
        yield parked(fact, "no-usable-identifier")
        return
    one_of = _Episode(account, resource, patient, named)
    if service is Service.CAMHS:
        yield from _camhs(one_of, fact)
    elif service is Service.MATERNITY:
        yield _pregnancy(one_of, fact)
    else:
        yield _responsible(one_of, fact, service)


def _pregnancy(one_of: _Episode, fact: Id) -> ChildEvent | Ended:
    status = one_of.status
    if not one_of.withdrawn and status not in _BEGUN:
        return parked(fact, _why_not(status))
    # No expected date: it stands in another resource, and maternity's own message brings it.
    detail = MaternityBooked(provider=one_of.provider)
    return one_of.told(fact, Role.MOTHER, detail, _time(one_of.resource, "start"))


def _camhs(one_of: _Episode, fact: Id) -> Iterator[ChildEvent | Ended]:
    account, resource = one_of.account, one_of.resource
    steps = _steps(resource)
    if one_of.withdrawn:
        steps = dict.fromkeys(_ORDER)
    if not steps:
        yield parked(fact, _why_not(one_of.status))
    child = under_age(one_of.patient, account.now)
    for step in _ORDER:
        if step in steps:
            own = account.fact(f"camhs-{step}", resource)
            role = Role.CHILD if child else Role.UNKNOWN
            yield one_of.told(own, role, CamhsContact(step=step), steps[step])


def _steps(resource: Node) -> dict[_Step, Occurred | None]:
    """The steps that were taken and since when, by the history of the status and the status."""
    found: dict[_Step, Occurred | None] = {}
    for earlier in resource.all("statusHistory"):
        step = _STEPS.get(text(earlier, "status") or "")
        said = text(earlier, "period", "start")
        if step is not None and said is not None:
            at = read_time(said, "EpisodeOfCare.statusHistory.period.start")
            known = found.get(step)
            found[step] = at if known is None or at.at < known.at else known
    now = _STEPS.get(text(resource, "status") or "")
    if now is not None and now not in found:
        found[now] = _time(resource, "end" if now == "discharged" else "start")
    return found


def _responsible(one_of: _Episode, fact: Id, service: Service) -> ChildEvent | Ended:
    status, resource = one_of.status, one_of.resource
    over = status == "finished" or (status == "cancelled" and _had_begun(resource))
    if not one_of.withdrawn and not over and status not in _BEGUN:
        return parked(fact, _why_not(status))
    detail = HealthServiceRecorded(
        service=service,
        status="ended" if over else "active",
        provider=one_of.provider,
        contact=_contact(one_of),
    )
    began, ended = _time(resource, "start"), _time(resource, "end")
    role = Role.CHILD if under_age(one_of.patient, one_of.account.now) else Role.UNKNOWN
    return one_of.told(fact, role, detail, (ended or began) if over else began)


def _had_begun(resource: Node) -> bool:
    return any(text(earlier, "status") in _BEGUN for earlier in resource.all("statusHistory"))


def _contact(one_of: _Episode) -> str | None:
    reference = one(one_of.resource, "managingOrganization")
    organisation = one_of.account.message.resolve(reference)
    if organisation is None or restricted(one_of.named):
        return None
    return desk_number(organisation)


def _why_not(status: str) -> str:
    if status in _NOT_BEGUN:
        return "episode-not-begun"
    return "episode-cancelled" if status == "cancelled" else "episode-status-unknown"


def _time(resource: Node, name: str) -> Occurred | None:
    said = text(resource, "period", name)
    return read_time(said, f"EpisodeOfCare.period.{name}") if said is not None else None
