"""What may leave of a concern: a closed list of fields for each tier, and less if restricted.

EXISTENCE says that health has something and whom to speak to, and no more: no fact, date or
place of care, nothing by which a reader could tell what it is or why it is urgent. CONTENT is
the whole concern. For a restricted child no place, provider or number of a place leaves, in
either tier. Used when a concern is made, and again when it is sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from kinbridge_schemas.concerns import (
    Asked,
    Check,
    Concern,
    Contact,
    CpisPlan,
    ShownFact,
    Whom,
)
from kinbridge_schemas.vocabulary import DisclosureTier, InputStatus

HIDDEN_RULE: Final = "R0"
"""Stands for a rule that the reader may not know."""

OWN_WORDS: Final = frozenset({"R4", "R5", "R23"})
"""These speak only of the authority's own record, so their words may stand at EXISTENCE."""

_ASKS: Final = OWN_WORDS | {HIDDEN_RULE}

ON_HOLD: Final = "disclosure-risk"
"""How to handle what may reach nobody new until a named person has looked at the risk."""

_OPEN_CODES: Final = frozenset(
    {
        "child-protection-plan",
        "section-47-enquiry",
        "pre-birth-assessment",
        "child-in-need-plan",
        "looked-after",
        "family-help",
        "strategy-discussion",
    }
)
_HANDLING: Final = frozenset(
    {
        "restricted-record",
        "speak-to-lead-practitioner-first",
        "family-agreed-to-sharing",
        "family-not-asked",
        "short-notice",
        ON_HOLD,
    }
)
_CHECKS: Final = frozenset({"health-information", "health-invited", "health-answered"})
_AT: Final = "-at-"
_PROVIDERS: Final = "providers"
_SEARCHED: Final = ("appointments", "encounters")
_CAUTION: Final = (
    InputStatus.NO_DATA,
    InputStatus.DATA,
    InputStatus.STALE,
    InputStatus.NOT_PERMITTED,
    InputStatus.UNKNOWN,
    InputStatus.NO_RESPONSE,
)
"""Of several answers that may not be told apart, which is shown: the one that knows least."""
_WHAT: Final = "speak-to-health"
_WHY: Final = {
    "active": "Health has information about this child. Please speak to the role named.",
    "withdrawn": "An earlier alert no longer applies. Please speak to the role named.",
    "ended": "What was asked is at its end.",
}


def disclose(concern: Concern, tier: DisclosureTier, restricted: bool) -> Concern:  # noqa: FBT001 - the third word of "disclose, at this tier, restricted"
    """Give the concern as a reader of this tier may see it. Doing it twice changes nothing.

    The tier is never widened: a concern made at EXISTENCE stays so.
    """
    if DisclosureTier.EXISTENCE in (tier, concern.tier):
        concern = _existence(concern)
    return without_places(concern) if restricted else concern


def _existence(concern: Concern) -> Concern:
    return Concern(
        concern=concern.concern,
        rule=concern.rule if concern.rule in _ASKS else HIDDEN_RULE,
        rule_version=concern.rule_version if concern.rule in _ASKS else "hidden",
        about=concern.concern,
        child=concern.child,
        family=concern.family,
        authority=concern.authority,
        arm=concern.arm,
        team=concern.team,
        status=concern.status,
        withdrawn=_reason(concern),
        urgency=concern.urgency,
        tier=DisclosureTier.EXISTENCE,
        basis=concern.basis,
        whom=_whom(concern.whom),
        situation=concern.situation,
        corrects=concern.corrects,
        checks=tuple(
            c
            for c in nameless(concern.checks)
            if c.what in _CHECKS or (is_care_check(c) and "-of-carer" not in c.what)
        ),
        why=concern.why if _own_words(concern) else _WHY[concern.status],
        threshold=concern.threshold if _own_words(concern) else "Set by the partnership.",
        asked=_asked(concern),
        contacts=concern.contacts,
        handling=tuple(code for code in concern.handling if code in _HANDLING),
        stays_open=tuple(code for code in concern.stays_open if code in _OPEN_CODES),
        record_revision=concern.record_revision,
        as_of=concern.as_of,
    )


def _own_words(concern: Concern) -> bool:
    return concern.rule in OWN_WORDS


def _reason(concern: Concern) -> str | None:
    if concern.withdrawn is None or _own_words(concern):
        return concern.withdrawn
    return "no-longer-applies"


def _whom(whom: Whom) -> Whom:
    # That a baby is newborn may be what health has to tell.
    label = "Unborn baby" if whom.unborn else "Child"
    none = {"edd": None, "edd_source": "none", "gestation_days": None, "born": None}
    return whom.model_copy(update={**none, "label": label})


def _asked(concern: Concern) -> Asked:
    asked = concern.asked
    if _own_words(concern):
        return asked
    return asked.model_copy(update={"what": _WHAT, "sentence": _WHY[concern.status]})


def without_places(concern: Concern) -> Concern:
    """Give the concern without what says where care was given, or by whom."""
    return concern.model_copy(
        update={
            "facts": tuple(_placeless(fact) for fact in concern.facts),
            "contacts": tuple(_numberless(contact) for contact in concern.contacts),
            "checks": nameless(concern.checks),
            "cpis": _authorityless(concern.cpis),
        }
    )


def care_check(
    asked_for: str, whose: str, server: str, answer: InputStatus, as_of: datetime
) -> Check:
    """Give the line that says what became of asking a provider for care."""
    return Check(what=f"{asked_for}{whose}{_AT}{server}", answer=answer, as_of=as_of)


def is_care_check(check: Check) -> bool:
    return check.what.startswith(_SEARCHED) and _AT in check.what


def least_certain(checks: Sequence[Check]) -> Check:
    """Give of checks of one thing the one that knows least, the earliest of them."""
    return max(checks, key=lambda c: (_CAUTION.index(c.answer), c.as_of is None, _ago(c)))


def _ago(check: Check) -> float:
    return -check.as_of.timestamp() if check.as_of else 0


def nameless(checks: Sequence[Check]) -> tuple[Check, ...]:
    """Give checks without the names of the providers that were asked."""
    found: dict[str, list[Check]] = {}
    for check in checks:
        if is_care_check(check):
            what = f"{check.what.partition(_AT)[0]}{_AT}{_PROVIDERS}"
            found.setdefault(what, []).append(check.model_copy(update={"what": what}))
    others = (check for check in checks if not is_care_check(check))
    return (*others, *(least_certain(same) for same in found.values()))


def _placeless(fact: ShownFact) -> ShownFact:
    # A source is named by who runs it: of a hospital's that is the place.
    ours = fact.source == "responses" or fact.source[:3].isdecimal()
    source = fact.source if ours else "health"
    return fact.model_copy(update={"place": None, "provider": None, "source": source})


def _authorityless(plan: CpisPlan | None) -> CpisPlan | None:
    # Where a family that moved away is on a plan is where it lives.
    none = {"authority": None, "office_hours": None, "out_of_hours": None}
    return plan.model_copy(update=none) if plan is not None else None


def _numberless(contact: Contact) -> Contact:
    # The desk of a team of the partnership is no place of care; any other number may be.
    return contact if contact.team else contact.model_copy(update={"phone": None})
