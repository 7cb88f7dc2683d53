"""Words shared by many contracts. Every list is open: a reader takes an unknown word as UNKNOWN.

Producers are closed: they write only what stands here. `Open` makes the reading tolerant, as
the compatibility promise needs (a new word never breaks an old reader).
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import AwareDatetime, Field, StringConstraints

from kinbridge_schemas.base import ShortText, Value


class Open(StrEnum):
    """An enumeration whose reader gives UNKNOWN for a word it does not know."""

    @classmethod
    def _missing_(cls, _value: object) -> Self:
        return cls("unknown")


class Role(Open):
    """Who a subject of an event is, seen from the child."""

    CHILD = "child"
    UNBORN = "unborn"
    MOTHER = "mother"
    FATHER = "father"
    PARENT = "parent"
    CARER = "carer"
    SIBLING = "sibling"
    OTHER = "other"
    UNKNOWN = "unknown"


class Precision(Open):
    """How much of a date the source gave."""

    INSTANT = "instant"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"
    UNKNOWN = "unknown"


class Occurred(Value):
    """When something was so, as its source says, with the precision that it gave.

    `at` is the start of the day, month or year in Europe/London where there is no time.
    """

    at: AwareDatetime
    precision: Precision = Precision.INSTANT


_NEVER: Final = datetime.min.replace(tzinfo=UTC)


class Version(Value):
    """Which of two accounts of one fact is the later: by number, by update, by sending.

    `number` is the source's own version (0 where it has none), `updated` its last update, and
    `sent` when the message that told it was sent: it only decides between equal updates.
    """

    number: Annotated[int, Field(ge=0)] = 0
    updated: AwareDatetime
    sent: AwareDatetime | None = None

    @property
    def order(self) -> tuple[int, datetime, datetime]:
        return (self.number, self.updated, self.sent or _NEVER)

    def later_than(self, other: Version) -> bool:
        return self.order > other.order


OdsCode = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{3,12}$")]
"""Organisation Data Service code of an NHS organisation or site."""


class Provider(Value):
    """An organisation that gives care. A name is shown only where the reader's tier allows."""

    ods: OdsCode | None = None
    name: ShortText | None = None


class Service(Open):
    """The kind of service that care belongs to."""

    MATERNITY = "maternity"
    EMERGENCY_DEPARTMENT = "emergency-department"
    URGENT_TREATMENT = "urgent-treatment"
    INPATIENT = "inpatient"
    OUTPATIENT = "outpatient"
    HEALTH_VISITING = "health-visiting"
    SCHOOL_NURSING = "school-nursing"
    CAMHS = "camhs"
    ADULT_MENTAL_HEALTH = "adult-mental-health"
    SUBSTANCE_USE = "substance-use"
    GENERAL_PRACTICE = "general-practice"
    COMMUNITY_PAEDIATRICS = "community-paediatrics"
    LOOKED_AFTER_HEALTH = "looked-after-health"
    UNKNOWN = "unknown"


class AppointmentStatus(Open):
    """What became of an appointment.

    A miss is `did-not-attend` or `was-not-brought` and nothing else: not a cancellation by
    whomever, not an appointment moved to another time or to another provider, not somebody who
    came too late to be seen.
    """

    BOOKED = "booked"
    ATTENDED = "attended"
    DID_NOT_ATTEND = "did-not-attend"
    WAS_NOT_BROUGHT = "was-not-brought"
    CANCELLED_BY_PATIENT = "cancelled-by-patient"
    CANCELLED_BY_PROVIDER = "cancelled-by-provider"
    RESCHEDULED = "rescheduled"
    TRANSFERRED = "transferred"
    CAME_TOO_LATE = "came-too-late"
    UNKNOWN = "unknown"


class Responsible(Open):
    """Who was responsible for coming to an appointment: the patient, or a carer for a child.

    Judged by age on the day and by whose own errand it was, apart from the source's own code.
    """

    SELF = "self"
    CARER = "carer"
    UNKNOWN = "unknown"


class InputStatus(Open):
    """What a question to health was answered with. Silence is a value of its own."""

    DATA = "data"
    NO_DATA = "no-data"
    NO_RESPONSE = "no-response"
    NOT_PERMITTED = "not-permitted"
    STALE = "stale"
    UNKNOWN = "unknown"


class SupportTier(Open):
    """Tiers of support, lowest first (Families Matter)."""

    UNIVERSAL = "universal"
    TARGETED_EARLY_HELP = "targeted-early-help"
    FAMILY_HELP = "family-help"
    CHILD_PROTECTION = "child-protection"
    LOOKED_AFTER = "looked-after"
    UNKNOWN = "unknown"


class DisclosureTier(StrEnum):
    """How much may leave: that something exists, or the listed fields of it."""

    EXISTENCE = "existence"
    CONTENT = "content"


class Urgency(StrEnum):
    """How soon it must be acknowledged: U1 within the hour, U4 in the next digest."""

    U1 = "U1"
    U2 = "U2"
    U3 = "U3"
    U4 = "U4"

    def more_urgent_than(self, other: Urgency) -> bool:
        return self.value < other.value


StaffRef = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
"""A member of staff, by the opaque reference their own organisation uses. Not a name."""

RoleCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,60}$")]
"""A role of the partnership's policy, as `macpt_health_lead`."""

ServiceArm = Literal["family-help", "macpt"]
"""Which kind of team an alert is for; each has its own topic in each authority."""


class TeamFound(Open):
    """Why a team of the partnership is the one that an item is for.

    Only `allocated` is the authority's word; the others fell to the arm's default team.
    """

    ALLOCATED = "allocated"
    NO_TEAM_RECORDED = "no-team-recorded"
    TEAM_NOT_KNOWN = "team-not-known"
    TEAM_OF_ANOTHER_ARM = "team-of-another-arm"
    UNKNOWN = "unknown"
