"""What one source says of one child at one time: what every snapshot source is turned into.

It holds what the shared events carry and nothing else. A day that the source did not give is
None, and a day that could not be read was left out by its reader with a warning. Ids are the
source's own, or made by its reader of what does not change (the day on which a plan began).
Nothing in it is ordered: readers of one source may give its objects in any order.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from kinbridge_schemas.vocabulary import SupportTier

RelationWord = Literal["mother", "father", "parent", "carer", "sibling", "other"]
Restriction = Literal["none", "sensitive", "very-restricted", "locked"]
AssessmentKind = Literal["child-and-family", "pre-birth", "early-help"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """Who the child is. `due` without `born` is an unborn child.

    `restriction` is None where the source does not speak of it, and `none` where it says that
    the record is open.
    """

    first_name: str | None = None
    surname: str | None = None
    born: date | None = None
    due: date | None = None
    postcode: str | None = None
    nhs_number: str | None = None
    restriction: Restriction | None = None
    pregnancy_ended: date | None = None

    @property
    def is_unborn(self) -> bool:
        return self.due is not None and self.born is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """Somebody who is `role` to the child, by the id that the same case system gives them."""

    person: str
    role: RelationWord
    main_carer: bool = False
    name: str | None = None
    nhs_number: str | None = None
    born: date | None = None
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A contact at the front door, with its source and its outcome as codes."""

    id: str
    on: date | None = None
    source_code: str | None = None
    outcome: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """An episode of early help or Family Help. `reason` is a code of its end."""

    id: str
    start: date | None = None
    end: date | None = None
    tier: SupportTier = SupportTier.TARGETED_EARLY_HELP
    team: str | None = None
    agreed: bool = False
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Who holds the case. `worker` is an opaque reference, never a name."""

    worker: str
    start: date
    end: date | None = None
    role: str = "allocated_social_worker"
    team: str | None = None
    duty_phone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    id: str
    start: date | None = None
    authorised: date | None = None
    factors: tuple[str, ...] = ()
    of_kind: AssessmentKind = "child-and-family"


@dataclass(frozen=True, slots=True, kw_only=True)
class CinPlan:
    id: str
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CpPlan:
    """A child protection plan. Categories are NEG, PHY, SAB, EMO or MUL."""

    id: str
    start: date | None = None
    end: date | None = None
    category: str | None = None
    latest_category: str | None = None
    previous_plans: int | None = None
    reviews: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Enquiry:
    """A section 47 enquiry. `start` is the day of the strategy discussion that began it.

    `plan_made` is what its conference decided, where the source says so.
    """

    id: str
    start: date | None = None
    conference_needed: bool | None = None
    conference: date | None = None
    plan_made: bool | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conference:
    """An initial child protection conference that no enquiry here led to: a transfer in."""

    id: str
    on: date
    transfer_in: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Proceedings:
    """Before care proceedings: the letter to the parents, and the offer of a family meeting."""

    id: str
    letter: date | None = None
    family_meeting_offered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """One step of a period of care, by the codes of the SSDA903 return.

    `episode` is the social care episode that it lies in, where the source has such.
    """

    id: str
    start: date
    start_reason: str | None = None
    kind: str | None = None
    legal_status: str | None = None
    end: date | None = None
    end_reason: str | None = None
    episode: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """A sign of adoption that no placement and no closure carries."""

    id: str
    on: date
    sign: Literal["placed-for-adoption", "adoption-order"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    id: str
    start: date
    end: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """From a referral to its closure (CIN census, CINdetails).

    `no_further_action` is None where the source does not say. `adoption_placed` is the day on
    which the child was placed for adoption.
    """

    id: str
    referred: date | None = None
    source_code: str | None = None
    primary_need: str | None = None
    no_further_action: bool | None = None
    closed: date | None = None
    closure_reason: str | None = None
    workers: tuple[Worker, ...] = ()
    assessments: tuple[Assessment, ...] = ()
    cin_plans: tuple[CinPlan, ...] = ()
    enquiries: tuple[Enquiry, ...] = ()
    conferences: tuple[Conference, ...] = ()
    cp_plans: tuple[CpPlan, ...] = ()
    proceedings: tuple[Proceedings, ...] = ()
    adoption_placed: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Purge:
    """An object that the source asks to be removed. Kinds are the words of `claims`."""

    kind: Literal[
        "details",
        "episode",
        "assessment",
        "cin-plan",
        "s47",
        "cp-plan",
        "placement",
        "adoption",
        "contact",
        "help",
        "missing",
        "relation",
    ]
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildSnapshot:
    """All that a source says of one child at one time.

    `feed` keeps apart two feeds of one case system whose ids are not of one kind; ids of a
    feed are compared with its own only. `complete_since` says that every object which was so
    on or after that day stands here, so that one which no longer does was deleted; None says
    that what is left out says nothing. `as_of` is the day that it speaks of: nothing later is
    deleted by it, and an earlier account changes nothing of a later one. `purged` removes
    the child and all that was said.
    What the source ties to no episode (`assessments` to `workers`) stands beside the episodes.
    """

    child: str
    feed: str = ""
    complete_since: date | None = None
    as_of: date | None = None
    details: Details | None = None
    relations: tuple[Relation, ...] = ()
    contacts: tuple[Contact, ...] = ()
    help: tuple[Help, ...] = ()
    episodes: tuple[Episode, ...] = ()
    assessments: tuple[Assessment, ...] = ()
    cin_plans: tuple[CinPlan, ...] = ()
    enquiries: tuple[Enquiry, ...] = ()
    conferences: tuple[Conference, ...] = ()
    cp_plans: tuple[CpPlan, ...] = ()
    workers: tuple[Worker, ...] = ()
    placements: tuple[Placement, ...] = ()
    adoptions: tuple[Adoption, ...] = ()
    missing: tuple[Missing, ...] = ()
    purges: tuple[Purge, ...] = ()
    purged: bool = False
