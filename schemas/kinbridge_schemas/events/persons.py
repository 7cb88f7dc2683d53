"""Who people are to each other, where they live, and what must not reach whom."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime

from kinbridge_schemas.base import Code, Id, ShortText, Value
from kinbridge_schemas.identifiers import Postcode, PostcodeDistrict, SubjectKey
from kinbridge_schemas.vocabulary import Role


class PersonRegistered(Value):
    """A person became known to a source, with the identifiers on the event's subject."""

    kind: Literal["person_registered"] = "person_registered"


class RelationshipRecorded(Value):
    """Two subjects of the event are related: the second is `relation` to the first.

    Both expectant parents may be related to an unborn child.
    """

    kind: Literal["relationship_recorded"] = "relationship_recorded"
    relationship_id: Id
    relation: Role
    main_carer: bool = False


class RelationshipEnded(Value):
    """A recorded relationship no longer holds."""

    kind: Literal["relationship_ended"] = "relationship_ended"
    relationship_id: Id
    relation: Role


class UnbornRegistered(Value):
    """An unborn child has a record of its own; the mother is the event's second subject."""

    kind: Literal["unborn_registered"] = "unborn_registered"
    edd: AwareDatetime | None = None


class EddChanged(Value):
    """The authority's expected date of delivery. It gives way to maternity's `edd_revised`."""

    kind: Literal["edd_changed"] = "edd_changed"
    edd: AwareDatetime


class UnbornBorn(Value):
    """The authority recorded the birth: the unborn child's record becomes the born child's."""

    kind: Literal["unborn_born"] = "unborn_born"


class PregnancyEnded(Value):
    """A pregnancy ended without a living child. Rules stop; nothing is ever said of it."""

    kind: Literal["pregnancy_ended"] = "pregnancy_ended"


class AddressChanged(Value):
    """An address changed. Only the postcode is kept, and not for a restricted person.

    Health gives no more than the districts: the first part of a postcode.
    """

    kind: Literal["address_changed"] = "address_changed"
    postcode: Postcode | None = None
    previous_postcode: Postcode | None = None
    district: PostcodeDistrict | None = None
    previous_district: PostcodeDistrict | None = None


class RecordRestricted(Value):
    """A record became restricted: its location must not leave."""

    kind: Literal["record_restricted"] = "record_restricted"
    level: Literal["sensitive", "very-restricted", "locked"] = "sensitive"


class RecordUnrestricted(Value):
    """A restriction was lifted by the source that set it."""

    kind: Literal["record_unrestricted"] = "record_unrestricted"


class DisclosureRiskSet(Value):
    """What must not reach whom: a share waits for a named person."""

    kind: Literal["disclosure_risk_set"] = "disclosure_risk_set"
    risk_id: Id
    ground: Code


class DisclosureRiskCleared(Value):
    """A named person cleared a disclosure risk."""

    kind: Literal["disclosure_risk_cleared"] = "disclosure_risk_cleared"
    risk_id: Id


class FamilyAgreementRecorded(Value):
    """The family agreed to sharing, for a scope, as their worker recorded it."""

    kind: Literal["family_agreement_recorded"] = "family_agreement_recorded"
    agreement_id: Id
    scope: tuple[Code, ...] = ()
    given_by: Role = Role.MOTHER
    recorded_by: ShortText | None = None


class FamilyAgreementWithdrawn(Value):
    """The family withdrew its agreement: from then on nothing is shared on it."""

    kind: Literal["family_agreement_withdrawn"] = "family_agreement_withdrawn"
    agreement_id: Id


class StandingRequestRecorded(Value):
    """The authority asks a provider to tell it of named kinds of event for this child.

    The ground for telling without a question under Children Act 1989 s.47(9).
    """

    kind: Literal["standing_request_recorded"] = "standing_request_recorded"
    request_id: Id
    events: tuple[Code, ...]
    until: AwareDatetime | None = None


class StandingRequestEnded(Value):
    """A standing request ended."""

    kind: Literal["standing_request_ended"] = "standing_request_ended"
    request_id: Id


class PersonMerged(Value):
    """A source merged two records of one person. An ordinary merge may be followed."""

    kind: Literal["person_merged"] = "person_merged"
    into: SubjectKey


class Purged(Value):
    """The source asks that what it gave be removed."""

    kind: Literal["purged"] = "purged"
    scope: Code


class LookedAfterStarted(Value):
    """A child became looked after. `legal_status` is an SSDA903 code."""

    kind: Literal["looked_after_started"] = "looked_after_started"
    episode_id: Id
    legal_status: ShortText | None = None
    placement_type: ShortText | None = None


class LookedAfterPlacementChanged(Value):
    """A looked-after child's placement changed."""

    kind: Literal["looked_after_placement_changed"] = "looked_after_placement_changed"
    episode_id: Id
    placement_type: ShortText | None = None


class LookedAfterEnded(Value):
    """A child ceased to be looked after."""

    kind: Literal["looked_after_ended"] = "looked_after_ended"
    episode_id: Id
    reason: ShortText | None = None


class AdoptionShieldStarted(Value):
    """Adoption: the old stream stops, and nothing ever ties the old identity to a new one."""

    kind: Literal["adoption_shield_started"] = "adoption_shield_started"
    trigger: Code


class MissingStarted(Value):
    """A child went missing."""

    kind: Literal["missing_started"] = "missing_started"
    episode_id: Id


class MissingEnded(Value):
    """A missing child was found or came back."""

    kind: Literal["missing_ended"] = "missing_ended"
    episode_id: Id
