"""Attendances, appointments and services: a child's and a parent's care."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from kinbridge_schemas.base import Code, Id, ShortText, Value
from kinbridge_schemas.vocabulary import (
    AppointmentStatus,
    Open,
    Provider,
    Responsible,
    Service,
)


class PresentationGroup(Open):
    """Why somebody came, in three groups that set urgency and are never shown as such."""

    INJURY = "injury"
    SELF_HARM = "self-harm"
    OTHER = "other"
    UNKNOWN = "unknown"


class EdAttended(Value):
    """An emergency department or urgent treatment centre attendance."""

    kind: Literal["ed_attended"] = "ed_attended"
    attendance_id: Id
    service: Service = Service.EMERGENCY_DEPARTMENT
    arrived: AwareDatetime
    departed: AwareDatetime | None = None
    presentation: PresentationGroup = PresentationGroup.UNKNOWN
    left_before_seen: bool | None = None
    provider: Provider = Provider()
    place: ShortText | None = None


class Admitted(Value):
    """An admission to hospital. `planned` is None where the source does not say."""

    kind: Literal["admitted"] = "admitted"
    admission_id: Id
    planned: bool | None = None
    presentation: PresentationGroup = PresentationGroup.UNKNOWN
    maternity: bool = False
    provider: Provider = Provider()
    place: ShortText | None = None


class Discharged(Value):
    """A discharge from hospital."""

    kind: Literal["discharged"] = "discharged"
    admission_id: Id
    maternity: bool = False
    provider: Provider = Provider()


class AppointmentRecorded(Value):
    """An appointment that is not antenatal, and what became of it."""

    kind: Literal["appointment_recorded"] = "appointment_recorded"
    appointment_id: Id
    service: Service
    status: AppointmentStatus
    start: AwareDatetime
    replaces: Id | None = None
    provider: Provider = Provider()
    raw_status: ShortText
    responsible: Responsible = Responsible.UNKNOWN


class ChildNotBrought(Value):
    """A child was not brought to an appointment: by whom depends on who has its care."""

    kind: Literal["child_not_brought"] = "child_not_brought"
    appointment_id: Id
    service: Service
    reason: Code | None = None
    next_date: AwareDatetime | None = None
    provider: Provider = Provider()
    raw_status: ShortText
    responsible: Responsible = Responsible.CARER


class HvContact(Value):
    """A mandated health visiting contact: due, completed or missed."""

    kind: Literal["hv_contact"] = "hv_contact"
    contact: Literal["antenatal", "new-birth", "6-8-weeks", "1-year", "2-2.5-years"]
    status: Literal["due", "completed", "missed"]
    due: AwareDatetime | None = None


class ImmunisationOverdue(Value):
    """An immunisation is overdue or was not given.

    `reason` is one of `consent-not-given`, `not-brought`, `clinical-reason`: no more is said of
    a reason that is clinical. None where the source says none that is in the table.
    """

    kind: Literal["immunisation_overdue"] = "immunisation_overdue"
    reason: Code | None = None


class ScreeningStatus(Open):
    """Whether a newborn was screened. What a screen found is never here."""

    DONE = "done"
    NOT_DONE = "not-done"
    DECLINED = "declined"
    UNKNOWN = "unknown"


class NewbornScreeningRecorded(Value):
    """A newborn screen took place or did not. Never a result: that is clinical content.

    `not-done` covers what was begun and has to be done again; `unknown` is said where the parts
    of a screen went differently, or the source used a code that is not in the table.
    """

    kind: Literal["newborn_screening_recorded"] = "newborn_screening_recorded"
    screen: Literal["hearing", "nipe", "blood-spot"]
    status: ScreeningStatus = ScreeningStatus.UNKNOWN
    provider: Provider = Provider()


class HealthServiceRecorded(Value):
    """A health service is responsible for somebody's care, or is so no longer.

    `contact` is the telephone number of the organisation for this care; nobody is named.
    """

    kind: Literal["health_service_recorded"] = "health_service_recorded"
    service: Service
    status: Literal["active", "ended"] = "active"
    provider: Provider = Provider()
    contact: ShortText | None = None


class CamhsContact(Value):
    """A step in child and adolescent mental health services, as existence only."""

    kind: Literal["camhs_contact"] = "camhs_contact"
    step: Literal["referred", "accepted", "discharged", "crisis"]


class ParentServiceContact(Value):
    """That a service of a parent or carer has news. Never a diagnosis."""

    kind: Literal["parent_service"] = "parent_service"
    step: Literal[
        "mental-health-crisis",
        "mental-health-admission",
        "substance-treatment-started",
        "substance-treatment-disengaged",
        "substance-treatment-discharged",
    ]
    contact: ShortText | None = None


class GpRegistered(Value):
    """A registration with a general practice."""

    kind: Literal["gp_registered"] = "gp_registered"
    practice: Provider


class GpDeregistered(Value):
    """A general practice registration ended."""

    kind: Literal["gp_deregistered"] = "gp_deregistered"
    reason: Code | None = None


class PdsChanged(Value):
    """A change on the Personal Demographics Service that is no other event here.

    `formal` is of a death alone: whether it was registered, or only noted as believed.
    `record_version` is the service's own version of the record, where the news of it says that.
    """

    kind: Literal["pds_changed"] = "pds_changed"
    change: Literal[
        "address",
        "name",
        "death",
        "merged",
        "invalidated",
        "sensitive-on",
        "sensitive-off",
        "record",
    ]
    formal: bool | None = None
    record_version: Annotated[int, Field(ge=0)] | None = None


class CpisAccessNotice(Value):
    """An unscheduled care setting looked at a child's CP-IS record."""

    kind: Literal["cpis_access_notice"] = "cpis_access_notice"
    provider: Provider = Provider()


class LacHealthAssessment(Value):
    """A looked-after child's health assessment: due or done."""

    kind: Literal["lac_health_assessment"] = "lac_health_assessment"
    status: Literal["due", "done"]
    due: AwareDatetime | None = None


class SafeguardingConcernRaised(Value):
    """Health recorded a safeguarding concern. No text of it travels."""

    kind: Literal["safeguarding_concern_raised"] = "safeguarding_concern_raised"
    code: ShortText | None = None
    provider: Provider = Provider()
