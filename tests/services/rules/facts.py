"""The facts that these tests tell, in one line each. Monday 5 October 2026 is day 0."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from kinbridge_schemas.base import derive_id
from kinbridge_schemas.events.care import Admitted, EdAttended, PresentationGroup
from kinbridge_schemas.events.contact import (
    AssessmentAuthorised,
    AssessmentStarted,
    PreBirthAssessmentRequired,
    PreBirthAssessmentWaived,
)
from kinbridge_schemas.events.knowledge import HealthFactVerified, VerifiedFact
from kinbridge_schemas.events.maternity import (
    AntenatalAppointment,
    BirthNotified,
    EddRevised,
    MaternityCareTransferred,
)
from kinbridge_schemas.events.persons import (
    DisclosureRiskCleared,
    DisclosureRiskSet,
    PregnancyEnded,
)
from kinbridge_schemas.events.protection import CpPlanEnded, CpPlanStarted, S47Ended, S47Started
from kinbridge_schemas.linked import ChildRecord, LinkedEvent
from kinbridge_schemas.vocabulary import AppointmentStatus, Provider, Role
from tests.builders import a_linked_event, an_unborn, fact_of

MONDAY: Final = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)
"""09:00 in London, the desk has just opened."""

HERE: Final = Provider(ods="RJ2", name="Hospital Here")
THERE: Final = Provider(ods="RJ1", name="Hospital There")
DNA: Final = AppointmentStatus.DID_NOT_ATTEND


def day(number: float, hours: float = 0) -> datetime:
    return MONDAY + timedelta(days=number, hours=hours)


def edd_at(weeks: float, on: datetime) -> datetime:
    """The expected date with which the pregnancy is so many weeks on a day."""
    return on + timedelta(days=280 - weeks * 7)


def unborn_at(weeks: float | None = 30, *, on: datetime = MONDAY, **changes: Any) -> ChildRecord:
    if weeks is None:
        return an_unborn(**changes)
    return an_unborn(**({"edd": edd_at(weeks, on)} | changes))


def plan(child: ChildRecord, at: datetime | None = None, **changes: Any) -> LinkedEvent:
    relation = Role.UNBORN if child.unborn else Role.CHILD
    detail = CpPlanStarted(plan_id=derive_id("plan", "1"))
    return a_linked_event(detail, child=child, at=at or day(-30), relation=relation, **changes)


def plan_ended(child: ChildRecord, at: datetime) -> LinkedEvent:
    return a_linked_event(CpPlanEnded(plan_id=derive_id("plan", "1")), child=child, at=at)


def s47(child: ChildRecord, at: datetime | None = None) -> LinkedEvent:
    return a_linked_event(S47Started(s47_id=derive_id("s47", "1")), child=child, at=at or day(-3))


def s47_ended(child: ChildRecord, at: datetime) -> LinkedEvent:
    return a_linked_event(S47Ended(s47_id=derive_id("s47", "1")), child=child, at=at)


def required(child: ChildRecord, at: datetime | None = None) -> LinkedEvent:
    detail = PreBirthAssessmentRequired(assessment_id=derive_id("assessment", "1"))
    return a_linked_event(detail, child=child, at=at or day(-20), relation=Role.UNBORN)


def waived(child: ChildRecord, at: datetime) -> LinkedEvent:
    detail = PreBirthAssessmentWaived(assessment_id=derive_id("assessment", "1"))
    return a_linked_event(detail, child=child, at=at, relation=Role.UNBORN)


def authorised(child: ChildRecord, at: datetime, name: str = "1", **detail: Any) -> LinkedEvent:
    made = AssessmentAuthorised(assessment_id=derive_id("assessment", name), **detail)
    return a_linked_event(made, child=child, at=at, relation=Role.UNBORN)


def assessment(child: ChildRecord, at: datetime, name: str = "1", **detail: Any) -> LinkedEvent:
    made = AssessmentStarted(assessment_id=derive_id("assessment", name), **detail)
    relation = Role.UNBORN if child.unborn else Role.CHILD
    return a_linked_event(made, child=child, at=at, relation=relation)


def appointment(
    child: ChildRecord,
    start: datetime,
    status: AppointmentStatus = DNA,
    *,
    name: str = "1",
    replaces: str | None = None,
    provider: Provider = HERE,
    **changes: Any,
) -> LinkedEvent:
    """An antenatal appointment of the mother; its clinic closes two hours after its start."""
    detail = AntenatalAppointment(
        appointment_id=derive_id("appointment", name),
        status=status,
        start=start,
        clinic_end=start + timedelta(hours=2),
        replaces=derive_id("appointment", replaces) if replaces else None,
        provider=provider,
        raw_status=status.value,
    )
    changes.setdefault("observed", start + timedelta(hours=1))
    changes.setdefault("relation", Role.MOTHER)
    return a_linked_event(detail, child=child, at=start, **changes)


def missed_fact(child: ChildRecord, name: str = "1") -> str:
    """The id of the fact of an appointment."""
    made = appointment(child, MONDAY, name=name)
    return fact_of(made)


def transferred(child: ChildRecord, at: datetime, **detail: Any) -> LinkedEvent:
    made = MaternityCareTransferred(
        **({"from_provider": HERE, "to_provider": THERE, "accepted": True} | detail)
    )
    return a_linked_event(made, child=child, at=at, relation=Role.MOTHER)


def verified(
    child: ChildRecord, at: datetime, fact: VerifiedFact, *corrects: str, **changes: Any
) -> LinkedEvent:
    detail = HealthFactVerified(
        fact=fact,
        corrects=corrects,
        verified_by="nurse-7",
        role="macpt_health_lead",
        how="called-provider",
        as_of=at,
        provider=THERE,
        last_attended=day(-1),
    )
    relation = Role.UNBORN if child.unborn else Role.CHILD
    return a_linked_event(detail, child=child, at=at, relation=relation, **changes)


def lost(child: ChildRecord, at: datetime) -> LinkedEvent:
    return a_linked_event(PregnancyEnded(), child=child, at=at, relation=Role.MOTHER)


def birth(child: ChildRecord, at: datetime, **detail: Any) -> LinkedEvent:
    version = detail.pop("version", 1)
    made = BirthNotified(**({"live": True, "provider": HERE} | detail))
    fact = derive_id("fact", "birth", child.child, str(made.birth_order))
    return a_linked_event(made, child=child, at=at, fact=fact, version=version)


def edd(child: ChildRecord, expected: datetime, at: datetime, **changes: Any) -> LinkedEvent:
    detail = EddRevised(edd=expected)
    return a_linked_event(detail, child=child, at=at, relation=Role.MOTHER, **changes)


def arrival(child: ChildRecord, at: datetime, *, name: str = "1", **changes: Any) -> LinkedEvent:
    presentation = changes.pop("presentation", PresentationGroup.OTHER)
    detail = EdAttended(
        attendance_id=derive_id("attendance", name),
        arrived=at,
        presentation=presentation,
        left_before_seen=changes.pop("left_before_seen", None),
        provider=HERE,
        place="Emergency Department",
    )
    return a_linked_event(detail, child=child, at=at, **changes)


def admission(child: ChildRecord, at: datetime, *, name: str = "1", **changes: Any) -> LinkedEvent:
    given = {k: changes.pop(k) for k in ("planned", "maternity", "presentation") if k in changes}
    detail = Admitted(
        admission_id=derive_id("admission", name), provider=HERE, place="Ward 3", **given
    )
    return a_linked_event(detail, child=child, at=at, **changes)


def risk(child: ChildRecord) -> LinkedEvent:
    detail = DisclosureRiskSet(risk_id=derive_id("risk", "1"), ground="domestic-abuse")
    return a_linked_event(detail, child=child, at=day(-1))


def risk_cleared(child: ChildRecord) -> LinkedEvent:
    detail = DisclosureRiskCleared(risk_id=derive_id("risk", "1"))
    return a_linked_event(detail, child=child, at=day(0))
