"""Questions that still wait and are not to be asked any more: they are called back. Pure.

A question may wait for a server that is away. Where the case closes, a risk in telling is
recorded or the record ends for good in the meantime, nobody is to learn of the child by it.
Calling back is a decision like the one to ask, and leaves its record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final, Literal

from kinbridge.partnership.care import Resource
from kinbridge.rules.finding import SILENT
from kinbridge.rules.picture import Picture
from kinbridge.rules.pregnancy import pregnancy_ended
from kinbridge.rules.situation import at_risk
from kinbridge.rules.view import View
from kinbridge_schemas.base import Code, Id, derive_id
from kinbridge_schemas.concerns import RuleCode, SharingDecision
from kinbridge_schemas.disclosure import ON_HOLD
from kinbridge_schemas.envelope import to_text
from kinbridge_schemas.events.knowledge import CareRetrieved
from kinbridge_schemas.retrieval import CareWanted, Retrieval
from kinbridge_schemas.vocabulary import ServiceArm

SEARCHED: Final[Mapping[Resource, Literal["appointments", "encounters"]]] = {
    "Appointment": "appointments",
    "Encounter": "encounters",
}
"""What a search for a kind of resource is called where its end is told."""

AT_OPENING: Final = "case-opened"


def asked_by(why: Code) -> tuple[RuleCode, ServiceArm]:
    """Give the rule and the service for which a question is asked."""
    return ("R23", "family-help") if why == AT_OPENING else ("R6", "macpt")


def still_waiting(questions: Mapping[Id, Retrieval], picture: Picture) -> dict[Id, Retrieval]:
    """Give the questions of which an end has not been told yet."""
    if not questions:
        return {}
    details = (accounts[-1].detail for accounts in picture.facts.values())
    told = {(d.retrieval, d.asked_for) for d in details if isinstance(d, CareRetrieved)}
    return {name: q for name, q in questions.items() if not _searches(name, q) <= told}


def _searches(name: Id, question: Retrieval) -> set[tuple[Id, str]]:
    kinds = question.wanted.kinds if isinstance(question.wanted, CareWanted) else ()
    return {(name, SEARCHED[kind]) for kind in kinds}


def no_longer(view: View) -> Code | None:
    """Give why nothing may be asked about a child now; None where something may."""
    if not view.record.open:
        return "case-closed"
    if pregnancy_ended(view):
        return SILENT
    return ON_HOLD if at_risk(view) else None


def called_back(
    questions: Mapping[Id, Retrieval], policy_version: str, reason: Code, at: datetime
) -> Iterator[Retrieval | SharingDecision]:
    """Give what calls questions back, and the record of each."""
    for name, question in sorted(questions.items()):
        when = to_text(at)
        own = derive_id("retrieval", "called-back", name, reason, when)
        yield question.model_copy(update={"id": own, "calls_back": name, "asked": at})
        if question.child is not None:
            rule, arm = asked_by(question.why)
            yield SharingDecision(
                id=derive_id("decision", name, "withdraw", reason, when),
                child=question.child,
                concern=name,
                rule=rule,
                arm=arm,
                roles=(),
                decision="withdraw",
                reason=reason,
                policy_version=policy_version,
                asked=question.destination,
                decided=at,
            )
