"""What a rule found about one child, in the fields that may be shown and no others."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from kinbridge_schemas.base import Code, Contract, Id, ShortText, Value
from kinbridge_schemas.basis import LawfulBasis
from kinbridge_schemas.events.protection import CpisStatus
from kinbridge_schemas.identifiers import (
    AuthorityCode,
    ChildRef,
    FamilyRef,
    LaChildId,
    NhsNumber,
    PersonName,
)
from kinbridge_schemas.linked import Restriction
from kinbridge_schemas.vocabulary import (
    DisclosureTier,
    InputStatus,
    Occurred,
    RoleCode,
    Service,
    ServiceArm,
    StaffRef,
    SupportTier,
    TeamFound,
    Urgency,
)

RuleCode = Annotated[str, StringConstraints(pattern=r"^R\d{1,2}$")]
Sentence = Annotated[str, StringConstraints(max_length=600)]
"""Plain words of our own making, from codes and dates. Never text of a clinical source."""


class Whom(Value):
    """Whom an item concerns. Identifiers only as far as the reader already holds them."""

    child: ChildRef
    label: Sentence
    la_child_id: LaChildId | None = None
    nhs_number: NhsNumber | None = None
    name: PersonName | None = None
    matched_by: Code
    unborn: bool = False
    edd: AwareDatetime | None = None
    edd_source: Literal["maternity", "authority", "none"] = "none"
    gestation_days: Annotated[int, Field(ge=0, le=330)] | None = None
    born: AwareDatetime | None = None
    restriction: Restriction = "none"


class Situation(Value):
    """How the child stands with the authority, from the authority's own record.

    `tier_title` is what the partnership calls the tier of support.
    """

    tier: SupportTier = SupportTier.UNIVERSAL
    tier_title: ShortText | None = None
    protection_plan: bool = False
    s47_open: bool = False
    looked_after: bool = False
    pre_birth_assessment: Literal["none", "required", "started", "authorised", "waived"] = "none"
    next_meeting: AwareDatetime | None = None
    next_meeting_kind: Code | None = None
    meeting_cancelled: bool = False


class CpisPlan(Value):
    """A plan that CP-IS shows to health: of this authority or another, and no word of either's.

    The authority is as CP-IS names it. For a restricted child neither it nor a telephone is here.
    """

    status: CpisStatus
    since: AwareDatetime | None = None
    authority: ShortText | None = None
    office_hours: ShortText | None = None
    out_of_hours: ShortText | None = None


class ShownFact(Value):
    """One fact as it may be shown. `outcome` is a code of ours.

    `place` and `provider` are absent where the child is restricted or the tier is EXISTENCE.
    """

    fact: Id
    occurred: Occurred
    service: Service
    outcome: Code
    provider: ShortText | None = None
    place: ShortText | None = None
    source: Code
    withdrawn: bool = False


class Check(Value):
    """What was looked for before this was said, and what was found. Silence is not a finding."""

    what: Code
    answer: InputStatus
    as_of: AwareDatetime | None = None


class Contact(Value):
    """How to reach a desk, not a person at home."""

    role: RoleCode
    worker: StaffRef | None = None
    team: Code | None = None
    phone: ShortText | None = None


class Asked(Value):
    """What is asked, of which role, by when, with who stands in."""

    what: Code
    sentence: Sentence
    owner: RoleCode
    cover: RoleCode
    copies: tuple[RoleCode, ...] = ()
    by: AwareDatetime | None = None
    request_id: Id | None = None


class TeamAsked(Value):
    """The team of the partnership that an item is for, by its policy, and why that one."""

    code: Code
    title: ShortText
    found: TeamFound


class Concern(Value):
    """One thing a rule found about one child, for one team.

    The id comes from rule, child and what the rule is about (a pregnancy, an attendance, a
    request), so that finding it twice gives one concern. `withdrawn` carries why it no longer
    applies; a pregnancy that ended is never said, so its reason reads `no-longer-applies`.
    `why` says plainly which rule and threshold brought it. Of two accounts of one concern the
    later `as_of` holds, of two of one moment the one that comes later. `record_revision` is the
    revision of the child's record it was found under: family and restriction count only from
    the highest. `team` is absent of a record that is closed for good.
    """

    concern: Id
    rule: RuleCode
    rule_version: Code
    about: Id
    child: ChildRef
    family: FamilyRef
    authority: AuthorityCode
    arm: ServiceArm
    team: TeamAsked | None = None
    status: Literal["active", "withdrawn", "ended"]
    withdrawn: Code | None = None
    urgency: Urgency
    never_suppressed: bool = False
    tier: DisclosureTier
    basis: LawfulBasis
    whom: Whom
    situation: Situation
    facts: tuple[ShownFact, ...] = ()
    corrects: tuple[Id, ...] = ()
    last_seen: AwareDatetime | None = None
    next_appointment: AwareDatetime | None = None
    cpis: CpisPlan | None = None
    checks: tuple[Check, ...] = ()
    why: Sentence
    threshold: Sentence
    asked: Asked
    contacts: tuple[Contact, ...] = ()
    handling: tuple[Code, ...] = ()
    stays_open: tuple[Code, ...] = ()
    record_revision: Annotated[int, Field(ge=0)] = 0
    as_of: AwareDatetime


class AlertProposed(Contract):
    """A concern, new or changed, that may be told to one team. The id names this account of it."""

    contract: ClassVar[str] = "AlertProposed/v1"

    concern: Concern
    supersedes_family: FamilyRef | None = None
    """Set when the child's family reference changed: open items move with it."""

    @property
    def family_ref(self) -> FamilyRef:
        return self.concern.family


class SharingDecision(Contract):
    """That something was shared, held or not shared, with whom, and why. No content.

    `asked` names a provider's server where it is a question that was decided about: asking
    tells a provider that the child is known, so it is decided like any other share.

    Source: HM Government, Information sharing advice (2024), golden rule 7: record the reasons
    whether or not information is shared.
    """

    contract: ClassVar[str] = "SharingDecision/v1"

    child: ChildRef
    concern: Id
    rule: RuleCode
    arm: ServiceArm
    roles: tuple[RoleCode, ...]
    decision: Literal["share", "hold", "do-not-share", "withdraw"]
    reason: Code
    tier: DisclosureTier | None = None
    basis: ShortText | None = None
    policy_version: ShortText
    facts: tuple[Id, ...] = ()
    asked: Code | None = None
    decided: AwareDatetime

    @property
    def child_ref(self) -> ChildRef:
        """The key of the topic sharing-decisions."""
        return self.child
