"""One event: what happened, to whom, when it was so, when it was seen, and whose word it is."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field

from kinbridge_schemas.base import Contract, Id, Value, derive_id
from kinbridge_schemas.envelope import to_text
from kinbridge_schemas.events.care import (
    Admitted,
    AppointmentRecorded,
    CamhsContact,
    ChildNotBrought,
    CpisAccessNotice,
    Discharged,
    EdAttended,
    GpDeregistered,
    GpRegistered,
    HealthServiceRecorded,
    HvContact,
    ImmunisationOverdue,
    LacHealthAssessment,
    NewbornScreeningRecorded,
    ParentServiceContact,
    PdsChanged,
    SafeguardingConcernRaised,
)
from kinbridge_schemas.events.contact import (
    AssessmentAuthorised,
    AssessmentStarted,
    ContactReceived,
    EpisodeClosed,
    FamilyHelpEpisodeEnded,
    FamilyHelpEpisodeStarted,
    FamilyHelpEpisodeStepped,
    LeadPractitionerAllocated,
    LeadPractitionerChanged,
    PreBirthAssessmentRequired,
    PreBirthAssessmentWaived,
    ReferralDecided,
    ReferralReceived,
)
from kinbridge_schemas.events.knowledge import (
    CareRetrieved,
    ConsultationNote,
    HealthFactVerified,
    HealthResponseSupplied,
)
from kinbridge_schemas.events.maternity import (
    AntenatalAppointment,
    BirthNotified,
    EddRevised,
    MaternalDischarged,
    MaternityBooked,
    MaternityCareTransferred,
    NeonatalAdmitted,
    NeonatalDischarged,
)
from kinbridge_schemas.events.persons import (
    AddressChanged,
    AdoptionShieldStarted,
    DisclosureRiskCleared,
    DisclosureRiskSet,
    EddChanged,
    FamilyAgreementRecorded,
    FamilyAgreementWithdrawn,
    LookedAfterEnded,
    LookedAfterPlacementChanged,
    LookedAfterStarted,
    MissingEnded,
    MissingStarted,
    PersonMerged,
    PersonRegistered,
    PregnancyEnded,
    Purged,
    RecordRestricted,
    RecordUnrestricted,
    RelationshipEnded,
    RelationshipRecorded,
    StandingRequestEnded,
    StandingRequestRecorded,
    UnbornBorn,
    UnbornRegistered,
)
from kinbridge_schemas.events.protection import (
    CinPlanEnded,
    CinPlanStarted,
    CoreGroupDue,
    CoreGroupHeld,
    CpisStatusRecorded,
    CpMedicalBooked,
    CpMedicalCompleted,
    CpMedicalRequested,
    CpPlanCategoryChanged,
    CpPlanEnded,
    CpPlanStarted,
    FgdmOffered,
    HealthInformationRequested,
    IcpcHeld,
    IcpcScheduled,
    MedicalAttendanceRecorded,
    MeetingAttendanceRecorded,
    MeetingCancelled,
    MeetingInvitationResponded,
    MeetingInvitationSent,
    MeetingRequested,
    MeetingScheduled,
    PreProceedingsStarted,
    ReviewDue,
    ReviewHeld,
    S47Ended,
    S47Started,
    StrategyDiscussionCancelled,
    StrategyDiscussionHeld,
    StrategyDiscussionRequested,
    StrategyDiscussionRescheduled,
    StrategyDiscussionScheduled,
)
from kinbridge_schemas.identifiers import (
    AuthorityCode,
    ChildRef,
    LaChildId,
    NhsNumber,
    PersonName,
    SubjectKey,
)
from kinbridge_schemas.vocabulary import Occurred, Role, Version

Detail = Annotated[
    ContactReceived
    | ReferralReceived
    | ReferralDecided
    | FamilyHelpEpisodeStarted
    | FamilyHelpEpisodeStepped
    | FamilyHelpEpisodeEnded
    | AssessmentStarted
    | AssessmentAuthorised
    | PreBirthAssessmentRequired
    | PreBirthAssessmentWaived
    | EpisodeClosed
    | LeadPractitionerAllocated
    | LeadPractitionerChanged
    | StrategyDiscussionRequested
    | StrategyDiscussionScheduled
    | StrategyDiscussionRescheduled
    | StrategyDiscussionCancelled
    | StrategyDiscussionHeld
    | MeetingRequested
    | MeetingScheduled
    | MeetingCancelled
    | MeetingInvitationSent
    | MeetingInvitationResponded
    | MeetingAttendanceRecorded
    | S47Started
    | S47Ended
    | IcpcScheduled
    | IcpcHeld
    | ReviewDue
    | ReviewHeld
    | CoreGroupDue
    | CoreGroupHeld
    | CpPlanStarted
    | CpPlanCategoryChanged
    | CpPlanEnded
    | CpisStatusRecorded
    | CinPlanStarted
    | CinPlanEnded
    | PreProceedingsStarted
    | FgdmOffered
    | CpMedicalRequested
    | CpMedicalBooked
    | CpMedicalCompleted
    | MedicalAttendanceRecorded
    | HealthInformationRequested
    | PersonRegistered
    | RelationshipRecorded
    | RelationshipEnded
    | UnbornRegistered
    | EddChanged
    | UnbornBorn
    | PregnancyEnded
    | AddressChanged
    | RecordRestricted
    | RecordUnrestricted
    | DisclosureRiskSet
    | DisclosureRiskCleared
    | FamilyAgreementRecorded
    | FamilyAgreementWithdrawn
    | StandingRequestRecorded
    | StandingRequestEnded
    | PersonMerged
    | Purged
    | LookedAfterStarted
    | LookedAfterPlacementChanged
    | LookedAfterEnded
    | AdoptionShieldStarted
    | MissingStarted
    | MissingEnded
    | MaternityBooked
    | AntenatalAppointment
    | MaternityCareTransferred
    | EddRevised
    | BirthNotified
    | NeonatalAdmitted
    | NeonatalDischarged
    | MaternalDischarged
    | EdAttended
    | Admitted
    | Discharged
    | AppointmentRecorded
    | ChildNotBrought
    | HvContact
    | ImmunisationOverdue
    | NewbornScreeningRecorded
    | HealthServiceRecorded
    | CamhsContact
    | ParentServiceContact
    | GpRegistered
    | GpDeregistered
    | PdsChanged
    | CpisAccessNotice
    | LacHealthAssessment
    | SafeguardingConcernRaised
    | HealthResponseSupplied
    | HealthFactVerified
    | ConsultationNote
    | CareRetrieved,
    Field(discriminator="kind"),
]


class Subject(Value):
    """Somebody an event is about, by what its source calls them.

    `key` is the keyed pseudonym of the first identifier that is there. `child` is given only
    by our own sources, which know the child already. Demographics are for linking alone.
    """

    role: Role
    key: SubjectKey
    nhs_number: NhsNumber | None = None
    la_child_id: LaChildId | None = None
    child: ChildRef | None = None
    name: PersonName | None = None
    born: AwareDatetime | None = None


class ChildEvent(Contract):
    """One account of one fact, by one source.

    `fact` names the fact: later accounts of it have a later `version`, and a `retract` says that
    it never was so. `occurred` is when it was so and `observed` when the source recorded it; the
    two are never mixed. `subjects[0]` is whom the event is about. `authority` is set where the
    source is an authority's.
    """

    contract: ClassVar[str] = "ChildEvent/v1"

    fact: Id
    version: Version
    act: Literal["assert", "retract"] = "assert"
    occurred: Occurred
    observed: AwareDatetime
    source: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9:._-]{0,80}$")]
    authority: AuthorityCode | None = None
    subjects: Annotated[tuple[Subject, ...], Field(min_length=1, max_length=20)]
    detail: Detail

    @property
    def subject(self) -> SubjectKey:
        """The key of the topic child-events."""
        return self.subjects[0].key


def event_id(fact: str, version: Version, act: str, content: str = "") -> str:
    """The id of an account of a fact: the same account always has the same id.

    `content` is a keyed hash of what is told, from a source that may tell two different things
    under one version: then neither is taken for a repeat of the other.
    """
    more = [to_text(version.sent)] if version.sent else []
    more += [content] if content else []
    return derive_id("event", fact, str(version.number), to_text(version.updated), act, *more)
