"""The terms of each rule in a partnership file: thresholds, recipients, grounds.

Which rule needs which ground is decided here, in `NEEDED`; what a ground says is the file's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from kinbridge_schemas.base import Code, Value
from kinbridge_schemas.vocabulary import DisclosureTier, RoleCode, ServiceArm, Urgency

Standing = Literal[
    "unborn",
    "looked-after",
    "s47-standing-request",
    "protection",
    "child-in-need",
    "family-help",
]
"""How a child stands when something is shared: it decides the ground."""

BasisCode = Annotated[str, Field(pattern=r"^[A-Z0-9]{2,6}$")]
Weeks = Annotated[int, Field(ge=4, le=42)]
Count = Annotated[int, Field(ge=1, le=20)]
Days = Annotated[int, Field(ge=1, le=400)]


class Recipient(Value):
    """Which team an alert of a rule goes to: one accountable role, and who has a copy.

    `tier` holds while there is a plan, an open s47 or the child is looked after;
    `tier_otherwise` for everybody else. `situation` narrows it to looked-after children:
    where a rule has such recipients they replace the others for those children.
    """

    arm: ServiceArm
    owner: RoleCode
    copies: tuple[RoleCode, ...] = ()
    tier: DisclosureTier
    tier_otherwise: DisclosureTier = DisclosureTier.EXISTENCE
    situation: Literal["any", "looked-after"] = "any"


class RuleTerms(Value):
    """What every rule states: its version, who hears, and on what ground in which standing."""

    version: Code
    enabled: bool
    recipients: Annotated[tuple[Recipient, ...], Field(min_length=1)]
    basis: Mapping[Standing, BasisCode]

    @model_validator(mode="after")
    def _one_recipient_for_each_team(self) -> RuleTerms:
        pairs = [(r.arm, r.situation) for r in self.recipients]
        if len(set(pairs)) != len(pairs):
            raise ValueError("two recipients for one arm and situation")
        return self


class MissedAntenatal(RuleTerms):
    """R1. `hold` waits until the clinic closes; `clinic_closes` where the source says no time."""

    plan_misses: Count = 1
    weeks_at_one_miss: Weeks = 28
    misses: Count = 2
    window_days: Days = 28
    hold: Literal["clinic_end", "none"]
    urgency: Urgency = Urgency.U2
    urgent: Urgency = Urgency.U1
    urgent_weeks: Weeks = 36


class PreBirthAssessment(RuleTerms):
    """R2. One alert for an assessment, at the latest of `weeks` that has passed."""

    weeks: Annotated[tuple[Weeks, ...], Field(min_length=1)]
    urgency: Urgency = Urgency.U3
    urgent: Urgency = Urgency.U2
    urgent_weeks: Weeks = 36

    @model_validator(mode="after")
    def _weeks_rise(self) -> PreBirthAssessment:
        if list(self.weeks) != sorted(set(self.weeks)):
            raise ValueError("weeks must rise")
        return self


class Birth(RuleTerms):
    """R3. Calendar days from the birth to the review or core group; more if mother is unfit."""

    urgency: Urgency = Urgency.U1
    review_days: Days = 10
    review_days_unfit: Days = 20


Minutes = Annotated[int, Field(ge=1, le=20_160)]


class StrategyDiscussion(RuleTerms):
    """R4. Urgent with less than `urgent_hours` between hearing of the time and the time."""

    urgency: Urgency = Urgency.U2
    urgent: Urgency = Urgency.U1
    urgent_hours: Annotated[int, Field(ge=1, le=72)] = 4


class HealthNotInvited(RuleTerms):
    """R5. Looked at so many minutes before the start, urgent from `urgent_minutes` on.

    `grace_minutes` after a time became known there has been time to invite.
    """

    before_minutes: Annotated[tuple[Minutes, ...], Field(min_length=1)] = (1_440, 120, 30)
    urgency: Urgency = Urgency.U2
    urgent: Urgency = Urgency.U1
    urgent_minutes: Minutes = 120
    grace_minutes: Annotated[int, Field(ge=0, le=240)] = 15


class UnscheduledCare(RuleTerms):
    """R7. Whether planned admissions count, and below which age every arrival is urgent."""

    urgency: Urgency = Urgency.U2
    urgent: Urgency = Urgency.U1
    planned_admissions: bool
    infant_months: Annotated[int, Field(ge=0, le=36)] = 12


class Asking(Value):
    """R23 at one stage: whom to ask, and within how many working days."""

    owner: RoleCode
    due_working_days: Annotated[int, Field(ge=1, le=20)]


class EarliestStage(RuleTerms):
    """R23. `fresh_days`: how long an answer counts as the team's picture of a child's health.

    Harm is a recorded concern where the contact is urgent (if so configured) or the primary
    need is one of `harm_needs` (CIN census codes); then the ground is that of protection.
    """

    contact: Asking
    referral: Asking
    assessment: Asking
    help: Asking
    urgency: Urgency = Urgency.U3
    urgent: Urgency = Urgency.U2
    overdue: Urgency = Urgency.U2
    fresh_days: Days = 90
    urgent_contact_is_harm: bool
    harm_needs: tuple[str, ...] = ()


class Corrections(Value):
    """R13. Everybody who had an alarm hears that it no longer applies, on the same ground."""

    version: Code
    enabled: Literal[True]


class Rules(Value):
    """The rules in force. A new rule is a field here and a file under `rules/`."""

    r1: MissedAntenatal
    r2: PreBirthAssessment
    r3: Birth
    r4: StrategyDiscussion
    r5: HealthNotInvited
    r7: UnscheduledCare
    r13: Corrections
    r23: EarliestStage

    def sharing(self) -> Mapping[str, RuleTerms]:
        """The rules that share something of their own, by their field."""
        names = ("r1", "r2", "r3", "r4", "r5", "r7", "r23")
        return {name: getattr(self, name) for name in names}


NEEDED: Final[Mapping[str, frozenset[Standing]]] = {
    "r1": frozenset({"unborn"}),
    "r2": frozenset({"unborn"}),
    "r3": frozenset({"protection", "child-in-need"}),
    "r4": frozenset({"unborn", "protection"}),
    "r5": frozenset({"unborn", "protection"}),
    "r7": frozenset({"unborn", "looked-after", "s47-standing-request", "protection"}),
    "r23": frozenset({"unborn", "looked-after", "protection", "child-in-need", "family-help"}),
}
"""In which standings each rule can fire: it needs a ground for each, or it does not start."""
