"""What may leave of a concern: a closed list of fields for each tier, and less if restricted.

EXISTENCE says that health has something and whom to speak to, and no more: no fact, date or
place of care, nothing by which a reader could tell what it is or why it is urgent. CONTENT is
the whole concern. For a restricted child no place, provider or number of a place leaves, in
either tier. Used when a concern is made, and again when it is sent.
"""

from __future__ import annotations

from typing import Final

from kinbridge_schemas.concerns import Asked, Concern, Contact, ShownFact, Whom
from kinbridge_schemas.vocabulary import DisclosureTier

HIDDEN_RULE: Final = "R0"
"""Stands for a rule that the reader may not know."""

_ASKS: Final = frozenset({"R23", HIDDEN_RULE})
"""R23 speaks only of the authority's own record, so its words may stand at EXISTENCE."""

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
        ON_HOLD,
    }
)
_CHECKS: Final = frozenset({"health-information"})
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
        status=concern.status,
        withdrawn=_reason(concern),
        urgency=concern.urgency,
        tier=DisclosureTier.EXISTENCE,
        basis=concern.basis,
        whom=_whom(concern.whom),
        situation=concern.situation,
        corrects=concern.corrects,
        checks=tuple(c for c in concern.checks if c.what in _CHECKS),
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
    return concern.rule == "R23"


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
        }
    )


def _placeless(fact: ShownFact) -> ShownFact:
    # A source is named by who runs it: of a hospital's that is the place.
    ours = fact.source == "responses" or fact.source[:3].isdecimal()
    source = fact.source if ours else "health"
    return fact.model_copy(update={"place": None, "provider": None, "source": source})


def _numberless(contact: Contact) -> Contact:
    # The desk of a team of the partnership is no place of care; any other number may be.
    return contact if contact.team else contact.model_copy(update={"phone": None})
