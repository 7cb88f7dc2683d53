"""What people answer to an alert."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field

from kinbridge_schemas.alerts import AlertId, family_of
from kinbridge_schemas.base import Code, Contract, Id, Value
from kinbridge_schemas.events.knowledge import VerifiedFact
from kinbridge_schemas.identifiers import AuthorityCode, ChildRef, FamilyRef
from kinbridge_schemas.vocabulary import InputStatus, Provider, RoleCode, StaffRef


class Acknowledge(Value):
    """I take this on."""

    answer: Literal["acknowledge"] = "acknowledge"


class Snooze(Value):
    """Not now: with a reason and an end. Long or urgent needs a second person."""

    answer: Literal["snooze"] = "snooze"
    reason: Literal["waiting-for-answer", "already-acting", "meeting-arranged"]
    until: AwareDatetime
    second_person: StaffRef | None = None


class Feedback(Value):
    """What the alert was worth to its reader."""

    answer: Literal["feedback"] = "feedback"
    outcome: Literal["useful", "already-known", "not-relevant", "wrong-person"]
    concern: Id | None = None


class Close(Value):
    """The alert is dealt with, with its outcome. A person closes it, never one item."""

    answer: Literal["close"] = "close"
    outcome: Literal["acted-on", "facts-established", "already-known", "not-relevant"]


class SupplyHealthInput(Value):
    """Health's answer to a request: there is something, nothing, or it may not be said."""

    answer: Literal["health-input"] = "health-input"
    child: ChildRef
    request_id: Id
    status: Literal[InputStatus.DATA, InputStatus.NO_DATA, InputStatus.NOT_PERMITTED]


class VerifyFact(Value):
    """A fact that was established and corrects others."""

    answer: Literal["verified-fact"] = "verified-fact"
    child: ChildRef
    fact: VerifiedFact
    corrects: Annotated[tuple[Id, ...], Field(min_length=1, max_length=50)]
    how: Code
    as_of: AwareDatetime
    provider: Provider = Provider()
    last_attended: AwareDatetime | None = None


Answer = Annotated[
    Acknowledge | Snooze | Feedback | Close | SupplyHealthInput | VerifyFact,
    Field(discriminator="answer"),
]


class Response(Contract):
    """One answer by one person, in their role, about one alert.

    `authority` is whose teams the sender's key answers for: an answer counts only for alerts
    and children of that authority.
    """

    contract: ClassVar[str] = "Response/v1"

    alert: AlertId
    authority: AuthorityCode
    by: StaffRef
    role: RoleCode
    at: AwareDatetime
    said: Answer

    @property
    def family_ref(self) -> FamilyRef:
        """The key of the topic responses: the family that the alert was opened for."""
        return family_of(self.alert)
