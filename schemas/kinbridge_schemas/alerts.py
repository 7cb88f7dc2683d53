"""Alerts: what a team is told of one family, revision by revision."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field

from kinbridge_schemas.base import Code, Contract, Id, ShortText, Value
from kinbridge_schemas.concerns import Concern, Sentence, TeamAsked
from kinbridge_schemas.identifiers import AuthorityCode, ChildRef, FamilyRef
from kinbridge_schemas.linked import Restriction
from kinbridge_schemas.vocabulary import (
    RoleCode,
    ServiceArm,
    StaffRef,
    Urgency,
)

AlertId = Annotated[str, Field(pattern=r"^family-[a-z2-7]{32}\.(family-help|macpt)\.[0-9]{1,4}$")]
"""Family, team and the number of its opening. It is a name, and opens no access."""


def alert_id(family: FamilyRef, arm: ServiceArm, opening: int) -> AlertId:
    return f"{family}.{arm}.{opening}"


def family_of(alert: AlertId) -> FamilyRef:
    """The family that an alert was opened for; it may have moved since."""
    return alert.split(".", 1)[0]


class Reason(StrEnum):
    """Why a revision is said. It is audit, metric label and test name at once."""

    FIRST = "first"
    NEW_ITEM = "new_item"
    URGENCY_RAISED = "urgency_raised"
    CORRECTION = "correction"
    LINK_CHANGED = "link_changed"
    ESCALATED_NO_ACK = "escalated_no_ack"
    ACK_EXPIRED = "ack_expired"
    SNOOZE_ENDED = "snooze_ended"
    REMINDER = "reminder"
    CLOSED = "closed"
    REOPENED_AS_SUCCESSOR = "reopened_as_successor"


class Item(Value):
    """One concern in an alert. Items are appended and never taken out; they may be withdrawn."""

    concern: Concern
    added: AwareDatetime
    changed: AwareDatetime
    answered: tuple[Code, ...] = ()


class Acknowledgement(Value):
    """Who took the alert on, and until when that holds without an outcome."""

    by: StaffRef
    role: RoleCode
    at: AwareDatetime
    until: AwareDatetime


class EscalationStep(Value):
    """Who is told next if nobody acknowledges. Frozen into the alert when it opens."""

    role: RoleCode
    after_minutes: Annotated[int, Field(ge=0)]
    clock: Literal["working", "elapsed"] = "working"


class Told(Value):
    """One earlier revision: what was said, when and why."""

    revision: int
    reason: Reason
    at: AwareDatetime


class Suppressed(Value):
    """A named rule that would keep, or kept, an item from being said."""

    rule: Code
    version: Code
    mode: Literal["shadow", "active"]
    concern: Id


class AlertRevision(Contract):
    """An alert as it stands, whole, and what is new since the last revision.

    At most one alert is open for a family and arm. `new` and `corrected` are concern ids. `team`
    is that of its most urgent item, as the owner is: each item names its own.
    `next_step` is when it will be looked at again: an open alert always has one.
    """

    contract: ClassVar[str] = "AlertRevision/v1"

    alert: AlertId
    family: FamilyRef
    authority: AuthorityCode
    arm: ServiceArm
    team: TeamAsked | None = None
    opening: Annotated[int, Field(ge=1)]
    revision: Annotated[int, Field(ge=1)]
    reason: Reason
    state: Literal["open", "acknowledged", "snoozed", "closed"]
    urgency: Urgency
    owner: RoleCode
    cover: RoleCode
    ask_by: AwareDatetime | None = None
    items: Annotated[tuple[Item, ...], Field(min_length=1)]
    new: tuple[Id, ...] = ()
    corrected: tuple[Id, ...] = ()
    what_changed: Sentence
    told: tuple[Told, ...] = ()
    acknowledgement: Acknowledgement | None = None
    escalation: tuple[EscalationStep, ...] = ()
    escalated_to: tuple[RoleCode, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()
    predecessor: AlertId | None = None
    next_step: AwareDatetime | None = None
    settled_at: AwareDatetime
    as_of: AwareDatetime

    @property
    def family_ref(self) -> FamilyRef:
        return self.family


class TeamAlert(Contract):
    """A revision as the readers of one team's topic may see it.

    For a restricted child `content` is absent, and so is `team`, the code of the team that it is
    for: the topic carries the id and urgency, and the rest is behind access by case.
    """

    contract: ClassVar[str] = "TeamAlert/v1"

    alert: AlertId
    family: FamilyRef
    authority: AuthorityCode
    arm: ServiceArm
    team: Code | None = None
    revision: Annotated[int, Field(ge=1)]
    reason: Reason
    state: Literal["open", "acknowledged", "snoozed", "closed"]
    urgency: Urgency
    restricted: bool
    content: AlertRevision | None

    @property
    def family_ref(self) -> FamilyRef:
        return self.family


class RestrictionSeen(Value):
    """The highest registry revision seen of a child, and the restriction it says."""

    child: ChildRef
    revision: int
    restriction: Restriction


class Dispatch(Contract):
    """One revision for one subscription.

    Thin for a webhook: what it says is fetched under access control. For a FHIR server `shown`
    is the revision as the readers of the team's topic may see it. `team` is the code that the
    topic shows.
    """

    contract: ClassVar[str] = "Dispatch/v1"

    subscription: Code
    alert: AlertId
    authority: AuthorityCode
    arm: ServiceArm
    team: Code | None = None
    revision: Annotated[int, Field(ge=1)]
    reason: Reason
    urgency: Urgency
    state: Literal["open", "acknowledged", "snoozed", "closed"]
    said: AwareDatetime
    shown: TeamAlert | None = None


class Attempt(Contract):
    """How one attempt to reach a destination ended, as its agent saw it."""

    contract: ClassVar[str] = "Attempt/v1"

    subscription: Code
    dispatch: Id
    number: Annotated[int, Field(ge=1)]
    outcome: Literal["delivered", "try-later", "refused", "gone"]
    reason: Code
    status: Annotated[int, Field(ge=0, le=599)] = 0
    after_seconds: Annotated[int, Field(ge=0)] | None = None
    attempted: AwareDatetime


class Delivery(Contract):
    """The end of one dispatch in the delivery log."""

    contract: ClassVar[str] = "Delivery/v1"

    subscription: Code
    dispatch: Id
    alert: AlertId
    revision: int
    sequence: Annotated[int, Field(ge=1)] | None
    """Contiguous for each subscription; none for a dispatch that was superseded unsent."""
    end: Literal["delivered", "superseded", "refused", "gave-up"]
    reason: Code
    attempts: Annotated[int, Field(ge=0)]
    receipt: ShortText | None = None
    raises: bool = False
    """Whether operations must look: a destination refused it, is gone, or was given up."""
    ended: AwareDatetime
