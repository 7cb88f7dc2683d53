"""Contacts, referrals, assessments and help: how a child comes to the authority."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime

from kinbridge_schemas.base import Code, Id, ShortText, Value
from kinbridge_schemas.vocabulary import RoleCode, StaffRef, SupportTier


class ContactReceived(Value):
    """A contact reached the front door. `source_code` is of the CIN census referral sources."""

    kind: Literal["contact_received"] = "contact_received"
    contact_id: Id
    source_code: ShortText | None = None
    urgent: bool = False
    outcome: Code | None = None


class ReferralReceived(Value):
    """A contact became a referral (CIN census, CINreferralDate)."""

    kind: Literal["referral_received"] = "referral_received"
    referral_id: Id
    source_code: ShortText | None = None
    primary_need: ShortText | None = None


class ReferralDecided(Value):
    """What is done with a referral: due within one working day (Working Together)."""

    kind: Literal["referral_decided"] = "referral_decided"
    referral_id: Id
    decision: Code
    no_further_action: bool = False
    referrer_acknowledged_at: AwareDatetime | None = None


class FamilyHelpEpisodeStarted(Value):
    """Family Help began for the family."""

    kind: Literal["family_help_episode_started"] = "family_help_episode_started"
    episode_id: Id
    tier: SupportTier = SupportTier.FAMILY_HELP
    team: Code | None = None
    family_agreement: bool = False


class FamilyHelpEpisodeStepped(Value):
    """Support went up or down a tier."""

    kind: Literal["family_help_episode_stepped"] = "family_help_episode_stepped"
    episode_id: Id
    from_tier: SupportTier
    to_tier: SupportTier


class FamilyHelpEpisodeEnded(Value):
    """Family Help ended."""

    kind: Literal["family_help_episode_ended"] = "family_help_episode_ended"
    episode_id: Id
    reason: Code | None = None


class AssessmentStarted(Value):
    """An assessment began. `pre-birth` only where the source says so: most do not."""

    kind: Literal["assessment_started"] = "assessment_started"
    assessment_id: Id
    of_kind: Literal["child-and-family", "pre-birth", "early-help"] = "child-and-family"


class AssessmentAuthorised(Value):
    """A manager authorised an assessment: it is complete."""

    kind: Literal["assessment_authorised"] = "assessment_authorised"
    assessment_id: Id
    of_kind: Literal["child-and-family", "pre-birth", "early-help"] = "child-and-family"
    factors: tuple[ShortText, ...] = ()


class PreBirthAssessmentRequired(Value):
    """The authority asks for a pre-birth assessment of this unborn child."""

    kind: Literal["pre_birth_assessment_required"] = "pre_birth_assessment_required"
    assessment_id: Id


class PreBirthAssessmentWaived(Value):
    """The authority decided that no pre-birth assessment is needed."""

    kind: Literal["pre_birth_assessment_waived"] = "pre_birth_assessment_waived"
    assessment_id: Id
    reason: Code | None = None


class EpisodeClosed(Value):
    """The case closed. `reason` is a CIN census closure code, RC1 to RC9."""

    kind: Literal["episode_closed"] = "episode_closed"
    episode_id: Id
    reason: ShortText | None = None


class LeadPractitionerAllocated(Value):
    """Who holds the case, in which role, and how to reach their duty desk."""

    kind: Literal["lead_practitioner_allocated"] = "lead_practitioner_allocated"
    role: RoleCode
    worker: StaffRef
    team: Code | None = None
    duty_phone: ShortText | None = None
    until: AwareDatetime | None = None


class LeadPractitionerChanged(Value):
    """Another person holds the case in this role."""

    kind: Literal["lead_practitioner_changed"] = "lead_practitioner_changed"
    role: RoleCode
    worker: StaffRef
    team: Code | None = None
    duty_phone: ShortText | None = None
    until: AwareDatetime | None = None
