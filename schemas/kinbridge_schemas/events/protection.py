"""Strategy discussions, enquiries, conferences and plans."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from kinbridge_schemas.base import Code, Id, ShortText, Value
from kinbridge_schemas.vocabulary import Open, RoleCode, StaffRef


class StrategyDiscussionRequested(Value):
    """Somebody decided that a strategy discussion is needed."""

    kind: Literal["strategy_discussion_requested"] = "strategy_discussion_requested"
    meeting_id: Id
    decision_at: AwareDatetime
    immediate: bool = False


class StrategyDiscussionScheduled(Value):
    """A strategy discussion has a time."""

    kind: Literal["strategy_discussion_scheduled"] = "strategy_discussion_scheduled"
    meeting_id: Id
    start_at: AwareDatetime
    decision_at: AwareDatetime | None = None
    mode: Literal["in-person", "remote", "hybrid", "telephone"] = "remote"
    immediate: bool = False
    chair: StaffRef | None = None


class StrategyDiscussionRescheduled(Value):
    """The time of a strategy discussion changed."""

    kind: Literal["strategy_discussion_rescheduled"] = "strategy_discussion_rescheduled"
    meeting_id: Id
    start_at: AwareDatetime


class CancelReason(Open):
    """Why the authority cancelled a meeting. Always the authority's own decision."""

    FACTS_ESTABLISHED = "facts-established"
    DUPLICATE = "duplicate"
    NOT_NEEDED = "not-needed"
    NOT_QUORATE = "not-quorate"
    UNKNOWN = "unknown"


class StrategyDiscussionCancelled(Value):
    """The authority cancelled a strategy discussion, with who and why."""

    kind: Literal["strategy_discussion_cancelled"] = "strategy_discussion_cancelled"
    meeting_id: Id
    reason: CancelReason
    cancelled_by: StaffRef
    verified_fact_id: Id | None = None


class StrategyDiscussionHeld(Value):
    """A strategy discussion took place."""

    kind: Literal["strategy_discussion_held"] = "strategy_discussion_held"
    meeting_id: Id
    outcome: Literal["s47-single", "s47-joint", "no-s47", "further", "unknown"] = "unknown"


class MeetingKind(Open):
    """The other meetings of child protection, each with a name and clock of its own."""

    INITIAL_CONFERENCE = "initial-conference"
    CORE_GROUP = "core-group"
    REVIEW = "review"
    UNKNOWN = "unknown"


class MeetingRequested(Value):
    """A conference, core group or review is to be arranged."""

    kind: Literal["meeting_requested"] = "meeting_requested"
    meeting_id: Id
    meeting: MeetingKind
    decision_at: AwareDatetime


class MeetingScheduled(Value):
    """A conference, core group or review has a time. A later account moves it."""

    kind: Literal["meeting_scheduled"] = "meeting_scheduled"
    meeting_id: Id
    meeting: MeetingKind
    start_at: AwareDatetime


class MeetingCancelled(Value):
    """The authority cancelled a conference, core group or review, with who and why."""

    kind: Literal["meeting_cancelled"] = "meeting_cancelled"
    meeting_id: Id
    reason: CancelReason
    cancelled_by: StaffRef
    verified_fact_id: Id | None = None


class MeetingInvitationSent(Value):
    """An agency was invited to a meeting. `start_at` is the time that the invitation named."""

    kind: Literal["meeting_invitation_sent"] = "meeting_invitation_sent"
    meeting_id: Id
    agency: Code
    role: RoleCode
    channel: Code | None = None
    start_at: AwareDatetime | None = None


class MeetingInvitationResponded(Value):
    """An agency answered an invitation."""

    kind: Literal["meeting_invitation_responded"] = "meeting_invitation_responded"
    meeting_id: Id
    agency: Code
    role: RoleCode
    response: Literal["accept", "decline", "deputy", "written"]


class MeetingAttendanceRecorded(Value):
    """Who took part in a meeting."""

    kind: Literal["meeting_attendance_recorded"] = "meeting_attendance_recorded"
    meeting_id: Id
    agency: Code
    role: RoleCode
    participation: Literal["attended", "attended-remote", "written", "absent", "unknown"]


class S47Started(Value):
    """A section 47 enquiry began (Children Act 1989 s.47)."""

    kind: Literal["s47_started"] = "s47_started"
    s47_id: Id
    strategy_date: AwareDatetime | None = None
    joint: bool | None = None
    icpc_required: bool | None = None


class S47Ended(Value):
    """A section 47 enquiry ended."""

    kind: Literal["s47_ended"] = "s47_ended"
    s47_id: Id
    outcome: Code | None = None


class IcpcScheduled(Value):
    """An initial child protection conference has a date."""

    kind: Literal["icpc_scheduled"] = "icpc_scheduled"
    conference_id: Id
    date: AwareDatetime


class IcpcHeld(Value):
    """An initial child protection conference took place."""

    kind: Literal["icpc_held"] = "icpc_held"
    conference_id: Id
    plan_made: bool | None = None
    category: ShortText | None = None
    quorate: bool | None = None
    transfer_in: bool = False


class ReviewDue(Value):
    """A review conference is due by a date."""

    kind: Literal["review_due"] = "review_due"
    plan_id: Id
    due: AwareDatetime


class ReviewHeld(Value):
    """A review conference took place."""

    kind: Literal["review_held"] = "review_held"
    plan_id: Id
    quorate: bool | None = None


class CoreGroupDue(Value):
    """A core group is due by a date."""

    kind: Literal["core_group_due"] = "core_group_due"
    plan_id: Id
    due: AwareDatetime


class CoreGroupHeld(Value):
    """A core group met."""

    kind: Literal["core_group_held"] = "core_group_held"
    plan_id: Id


class CpPlanStarted(Value):
    """A child protection plan began. `category` is NEG, PHY, SAB, EMO or MUL where known."""

    kind: Literal["cp_plan_started"] = "cp_plan_started"
    plan_id: Id
    category: ShortText | None = None
    previous_plans: Annotated[int, Field(ge=0)] | None = None


class CpPlanCategoryChanged(Value):
    """The category of abuse of a plan changed."""

    kind: Literal["cp_plan_category_changed"] = "cp_plan_category_changed"
    plan_id: Id
    category: ShortText


class CpPlanEnded(Value):
    """A child protection plan ended."""

    kind: Literal["cp_plan_ended"] = "cp_plan_ended"
    plan_id: Id


class CpisStatus(Open):
    """What CP-IS knows of somebody: under which kind of care of an authority they are."""

    CHILD_PROTECTION_PLAN = "child-protection-plan"
    UNBORN_CHILD_PROTECTION_PLAN = "unborn-child-protection-plan"
    LOOKED_AFTER = "looked-after"
    UNKNOWN = "unknown"


class CpisStatusRecorded(Value):
    """Health's view, out of CP-IS, that some authority has a plan: never the plan itself.

    It opens no case and starts no plan, for it may be another authority's, or the reader's own
    seen from outside. Of an unborn child the event's subject is the mother. The code is the one
    that the source gives; the telephones are desks of the authority's team.
    """

    kind: Literal["cpis_status_recorded"] = "cpis_status_recorded"
    status: CpisStatus
    started: AwareDatetime | None = None
    ended: AwareDatetime | None = None
    authority_code: ShortText | None = None
    authority_name: ShortText | None = None
    office_hours: ShortText | None = None
    out_of_hours: ShortText | None = None


class CinPlanStarted(Value):
    """A child in need plan began (Children Act 1989 s.17)."""

    kind: Literal["cin_plan_started"] = "cin_plan_started"
    plan_id: Id


class CinPlanEnded(Value):
    """A child in need plan ended."""

    kind: Literal["cin_plan_ended"] = "cin_plan_ended"
    plan_id: Id


class PreProceedingsStarted(Value):
    """The authority sent a letter before proceedings (CIN census 2025-26)."""

    kind: Literal["pre_proceedings_started"] = "pre_proceedings_started"
    proceedings_id: Id


class FgdmOffered(Value):
    """Family group decision making was offered."""

    kind: Literal["fgdm_offered"] = "fgdm_offered"
    offer_id: Id


class CpMedicalRequested(Value):
    """A child protection medical was asked for."""

    kind: Literal["cp_medical_requested"] = "cp_medical_requested"
    medical_id: Id
    acute: bool = False


class CpMedicalBooked(Value):
    """A child protection medical has a time."""

    kind: Literal["cp_medical_booked"] = "cp_medical_booked"
    medical_id: Id
    at: AwareDatetime


class CpMedicalCompleted(Value):
    """A child protection medical was done."""

    kind: Literal["cp_medical_completed"] = "cp_medical_completed"
    medical_id: Id


class MedicalAttendanceRecorded(Value):
    """Who attended a child protection medical."""

    kind: Literal["medical_attendance_recorded"] = "medical_attendance_recorded"
    medical_id: Id
    agency: Code
    role: RoleCode


class HealthInformationRequested(Value):
    """Health was asked for information, by when, on what ground."""

    kind: Literal["health_information_requested"] = "health_information_requested"
    request_id: Id
    due_at: AwareDatetime
    questions: tuple[Code, ...] = ()
    basis: Code
