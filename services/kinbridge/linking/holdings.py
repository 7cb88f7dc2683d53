"""Which identifiers a child's record names, and which of them may be relied on.

A number that two children of one authority are said to have, or that is said to be both a
child's and its mother's, is relied on for neither until the authority puts it right.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from kinbridge.linking.documents import Birth, Claim, Holding, LinkState
from kinbridge.linking.fold import Child, Relative
from kinbridge.linking.parties import OWN, days_agree
from kinbridge.linking.registry import Registry
from kinbridge_schemas.base import Code
from kinbridge_schemas.identifiers import SubjectKey
from kinbridge_schemas.vocabulary import Role

_STRENGTH: Final[Mapping[LinkState, int]] = {
    "link_asserted": 3,
    "link_proposed": 2,
    "link_superseded": 1,
    "link_rejected": 0,
}


def holdings_of(child: Child) -> dict[SubjectKey, tuple[Holding, ...]]:
    """Give what each identifier's document should say of this child."""
    best: dict[tuple[SubjectKey, Role], Holding] = {}
    for key, holding in _all_holdings(child):
        at = (key, holding.relation)
        if at not in best or _rank(holding) > _rank(best[at]):
            best[at] = holding
    grouped: dict[SubjectKey, tuple[Holding, ...]] = {}
    for (key, _), holding in best.items():
        grouped[key] = (*grouped.get(key, ()), holding)
    return grouped


def _rank(holding: Holding) -> tuple[int, bool, str]:
    return (_STRENGTH[holding.says], holding.gathers, holding.event)


def _all_holdings(child: Child) -> Iterable[tuple[SubjectKey, Holding]]:
    for document in child.documents:
        if document.la_key is not None:
            yield document.la_key, _known_by_authority(child, document.child)
    for claim in child.claims:
        if claim.nhs_key is not None:
            yield claim.nhs_key, _own_number(child, claim)
    for relative in child.relatives:
        for key in relative.keys:
            yield key, _of_relative(child, relative)
    for birth in child.births:
        if birth.baby_key is not None:
            yield birth.baby_key, _proposed(child, birth)


def _known_by_authority(child: Child, event: str) -> Holding:
    return Holding(
        child=child.ref,
        authority=child.head.authority,
        relation=Role.CHILD,
        says="link_asserted",
        name=child.name,
        born=child.born,
        event=event,
        at=child.head.since,
        reasons=("la-child-id-exact",),
    )


def _own_number(child: Child, claim: Claim) -> Holding:
    in_force = child.number is not None and child.number.nhs_key == claim.nhs_key
    says: LinkState = "link_asserted" if in_force else "link_superseded"
    return Holding(
        child=child.ref,
        authority=child.head.authority,
        relation=Role.CHILD,
        says=says if claim.stands else "link_rejected",
        name=child.name,
        born=child.born,
        event=claim.event,
        at=claim.observed,
        by=claim.by,
        reasons=("nhs-number-told-by-authority",),
    )


def _of_relative(child: Child, relative: Relative) -> Holding:
    told = relative.says
    says: LinkState = "link_superseded" if relative.over else "link_asserted"
    return Holding(
        child=child.ref,
        authority=child.head.authority,
        relation=relative.relation,
        says="link_rejected" if relative.rejected else says,
        gathers=relative.gathers,
        name=told.name,
        born=told.born,
        event=told.event,
        at=told.observed,
        by=told.by,
        reasons=("relationship-told-by-authority",),
    )


def _proposed(child: Child, birth: Birth) -> Holding:
    return Holding(
        child=child.ref,
        authority=child.head.authority,
        relation=Role.CHILD,
        says="link_proposed",
        born=birth.born,
        event=birth.event,
        at=birth.observed,
        reasons=("birth-notified-for-mother",),
    )


def shared(key: SubjectKey, child: Child, registry: Registry) -> Code | None:
    """Say why a number that is said to be the child's own may not be relied on, if so."""
    for _, holding in asserted(key, registry):
        mine = holding.child == child.ref
        if mine and holding.relation not in OWN:
            return "number-of-two-persons"
        if not mine and holding.relation in OWN and holding.authority == child.head.authority:
            return "number-shared"
        if not mine and not days_agree(holding.born, child.born):
            return "birth-dates-disagree"
    return None


def asserted(key: SubjectKey, registry: Registry) -> tuple[tuple[SubjectKey, Holding], ...]:
    """Give whose an identifier is, with those that are the same person's by a merge."""
    keys = registry.same_person(key)
    return tuple(
        (k, h) for k in keys for h in registry.key(k).holdings if h.says == "link_asserted"
    )


def usable_keys(child: Child, registry: Registry) -> tuple[SubjectKey, ...]:
    """Give the keys by which events reach this child, itself or through somebody related."""
    number = child.number.nhs_key if child.number else None
    keys = {k for r in child.standing_relatives for k in r.keys}
    if number is not None and shared(number, child, registry) is None:
        keys.add(number)
    return tuple(sorted(k for key in keys for k in registry.same_person(key)))
