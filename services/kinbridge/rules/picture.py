"""A child's picture: what is known of it, folded from its linked events in any order. Pure.

Each fact holds the accounts of it that may still count. Between two clock records ("steps")
all of them are kept, so that no order of arrival hides another; a step keeps the latest only.
The child's record is the one of the highest registry revision.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from pydantic import AwareDatetime, Field

from kinbridge_schemas.base import Id, Value
from kinbridge_schemas.events import Detail
from kinbridge_schemas.linked import ChildRecord, EventLinked, EventUnlinked, LinkedEvent
from kinbridge_schemas.vocabulary import Occurred, Role, Version

BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)

_LASTING: Final = frozenset(
    {
        "cp_plan_started",
        "s47_started",
        "looked_after_started",
        "cin_plan_started",
        "family_help_episode_started",
        "family_help_episode_stepped",
        "pre_birth_assessment_required",
        "assessment_started",
        "family_agreement_recorded",
        "standing_request_recorded",
        "disclosure_risk_set",
        "lead_practitioner_allocated",
        "lead_practitioner_changed",
        "unborn_registered",
        "cpis_status_recorded",
    }
)
"""Kinds that hold until something ends them: age alone does not make them past."""

_ENDING: Final = frozenset(
    {
        "cp_plan_ended",
        "s47_ended",
        "looked_after_ended",
        "cin_plan_ended",
        "family_help_episode_ended",
        "pre_birth_assessment_waived",
        "assessment_authorised",
        "family_agreement_withdrawn",
        "standing_request_ended",
        "disclosure_risk_cleared",
        "pregnancy_ended",
        "unborn_born",
        "birth_notified",
        "health_fact_verified",
    }
)
"""What ends a lasting thing, or a pregnancy, lasts as long: forgotten, it would begin again."""

_PASSING: Final = frozenset(
    {
        "contact_received",
        "referral_received",
        "referral_decided",
        "strategy_discussion_requested",
        "strategy_discussion_scheduled",
        "strategy_discussion_rescheduled",
        "strategy_discussion_cancelled",
        "strategy_discussion_held",
        "meeting_scheduled",
        "meeting_cancelled",
        "meeting_invitation_sent",
        "meeting_invitation_responded",
        "icpc_scheduled",
        "icpc_held",
        "review_due",
        "review_held",
        "core_group_due",
        "core_group_held",
        "edd_changed",
        "edd_revised",
        "maternity_booked",
        "antenatal_appointment",
        "maternity_care_transferred",
        "ed_attended",
        "admitted",
        "discharged",
        "appointment_recorded",
        "child_not_brought",
        "hv_contact",
        "health_response_supplied",
        "care_retrieved",
    }
)
_SHOWN: Final = frozenset(
    {
        *("appointment_recorded", "child_not_brought", "hv_contact"),
        *("care_retrieved", "cpis_status_recorded"),
    }
)
"""When somebody was seen and will be, who was asked for it, and what CP-IS knows: no rule is
about it, and nobody is told because of it. That a child was not brought may be the later word
on an appointment that was told as kept."""

KEPT: Final = _LASTING | _ENDING | _PASSING
"""The kinds that some rule or some line of an alert reads. No other kind is kept."""


class Account(Value):
    """One account of a fact by its source. `fresh`: it came after the last step.

    `recorded` is when the line first received it in this opening of the case.
    """

    fact: Id
    event: Id
    version: Version
    act: Literal["assert", "retract"]
    relation: Role
    occurred: Occurred
    observed: AwareDatetime
    recorded: AwareDatetime
    opening: int
    revision: int
    source: str
    fresh: bool = True
    detail: Detail

    @property
    def order(self) -> tuple[int, datetime, datetime, bool, str]:
        return (*self.version.order, self.act == "retract", self.event)


class Unlinked(Value):
    """The link of an event taken back, at a revision of the registry."""

    revision: int
    recorded: AwareDatetime
    fresh: bool = True


class Picture(Value):
    """All that is known of one child. `recorded` is the latest time of receipt in it."""

    record: ChildRecord | None = None
    facts: dict[Id, tuple[Account, ...]] = Field(default_factory=dict)
    unlinked: dict[Id, Unlinked] = Field(default_factory=dict)
    recorded: AwareDatetime = BEGINNING

    def stands(self, account: Account) -> bool:
        """Whether an account says that its fact is so, and about this child."""
        taken = self.unlinked.get(account.event)
        return account.act == "assert" and (taken is None or taken.revision < account.revision)

    def fate(self, fact: Id) -> Literal["stands", "retracted", "unlinked", "unknown"]:
        """What became of a fact by its latest account."""
        accounts = self.facts.get(fact)
        if not accounts:
            return "unknown"
        if self.stands(accounts[-1]):
            return "stands"
        return "retracted" if accounts[-1].act == "retract" else "unlinked"


def matters(picture: Picture, linked: LinkedEvent) -> bool:
    """Whether an event can change the picture at all."""
    if picture.record is None or linked.child.revision > picture.record.revision:
        return True
    happened = linked.happened
    if isinstance(happened, EventLinked):
        return happened.detail.kind in KEPT
    return isinstance(happened, EventUnlinked)


def only_shown(picture: Picture, linked: LinkedEvent) -> bool:
    """Whether an event is shown on what is said, and brings nothing to be said."""
    happened, record = linked.happened, picture.record
    if record is None or record.shielded or linked.child.revision > record.revision:
        return False
    if not isinstance(happened, EventLinked):
        return False
    # What was of another kind before may have been a reason to tell somebody.
    known = (account.detail.kind for account in picture.facts.get(happened.fact, ()))
    return {happened.detail.kind, *known} <= _SHOWN


def fold(picture: Picture, linked: LinkedEvent, recorded: datetime) -> Picture:
    """Take one event in. The order of events and repeats of them make no difference."""
    update: dict[str, Any] = {"recorded": max(picture.recorded, recorded)}
    if picture.record is None or linked.child.revision > picture.record.revision:
        update["record"] = linked.child
    happened = linked.happened
    if isinstance(happened, EventLinked) and happened.detail.kind in KEPT:
        account = _account(happened, linked.child, recorded)
        known = picture.facts.get(happened.fact, ())
        update["facts"] = picture.facts | {happened.fact: _joined(known, account)}
    elif isinstance(happened, EventUnlinked):
        taken = Unlinked(revision=linked.child.revision, recorded=recorded)
        known_taken = picture.unlinked.get(happened.event)
        if known_taken is None or known_taken.revision < taken.revision:
            update["unlinked"] = picture.unlinked | {happened.event: taken}
    return picture.model_copy(update=update)


def _account(happened: EventLinked, child: ChildRecord, recorded: datetime) -> Account:
    return Account(
        fact=happened.fact,
        event=happened.event,
        version=happened.version,
        act=happened.act,
        relation=happened.relation,
        occurred=happened.occurred,
        observed=happened.observed,
        recorded=recorded,
        opening=child.opening,
        revision=child.revision,
        source=happened.source.replace(":", "."),
        detail=happened.detail,
    )


def _joined(known: tuple[Account, ...], account: Account) -> tuple[Account, ...]:
    # What was superseded before the last step cannot count again, in whatever order it comes.
    if known and not known[0].fresh and account.order < known[0].order:
        return known
    same = next((a for a in known if a.event == account.event), None)
    if same is not None:
        account = _merged(same, account)
    return tuple(sorted((*(a for a in known if a is not same), account), key=lambda a: a.order))


def _merged(known: Account, again: Account) -> Account:
    if again.opening > known.opening:
        return again
    recorded = min(known.recorded, again.recorded)
    if again.opening < known.opening:
        recorded = known.recorded
    revision = max(known.revision, again.revision)
    return known.model_copy(update={"recorded": recorded, "revision": revision})


def step(picture: Picture, clock: datetime, keep: timedelta) -> Picture:
    """What remains when the clock has moved: the latest accounts, and nothing long past."""
    since = clock - keep
    facts = {
        fact: (_settled(accounts[-1]),)
        for fact, accounts in picture.facts.items()
        if accounts[-1].recorded >= since or accounts[-1].detail.kind in _LASTING | _ENDING
    }
    kept = {told.event for (told,) in facts.values()}
    unlinked = {
        event: taken.model_copy(update={"fresh": False}) if taken.fresh else taken
        for event, taken in picture.unlinked.items()
        if taken.recorded >= since or event in kept
    }
    return picture.model_copy(update={"facts": facts, "unlinked": unlinked})


def _settled(account: Account) -> Account:
    return account.model_copy(update={"fresh": False}) if account.fresh else account
