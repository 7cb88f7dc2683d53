"""Whom a subject of an event matches, exactly: by authority's id, or by NHS number.

An NHS number counts only if the dates of birth agree where both are given. What agrees in part
is never linked: it waits for a person, and the doubt says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from kinbridge.linking.documents import Holding
from kinbridge.linking.holdings import asserted
from kinbridge.linking.parties import OWN, Party, days_agree, names_agree
from kinbridge.linking.registry import Registry
from kinbridge_schemas.base import Code
from kinbridge_schemas.identifiers import AuthorityCode, ChildRef, SubjectKey
from kinbridge_schemas.vocabulary import Role

NEAREST: Final[Mapping[Role, int]] = {
    role: n
    for n, role in enumerate(
        (Role.CHILD, Role.UNBORN, Role.MOTHER, Role.FATHER, Role.PARENT, Role.CARER, Role.SIBLING)
    )
}
"""Which relation an event has to a child that it concerns in several ways."""

CROWD: Final = 30
"""An identifier that more children than this are tied to is a stand-in, not a person's."""


@dataclass(frozen=True, slots=True)
class Match:
    """A child that a subject matches, by which key of its own, and which one the record holds.

    The two differ after a merge. Both are None for a child known by its authority's id.
    """

    child: ChildRef
    relation: Role
    via: SubjectKey | None = None
    held: SubjectKey | None = None


@dataclass(frozen=True, slots=True)
class Doubt:
    """A child that a subject may be about, and why it is not linked."""

    child: ChildRef
    reason: Code


@dataclass(frozen=True, slots=True)
class Matches:
    certain: tuple[Match, ...] = ()
    doubtful: tuple[Doubt, ...] = ()


def match(party: Party, authority: AuthorityCode | None, registry: Registry) -> Matches:
    """Give the children that a subject is, or is related to.

    An authority's event stays within the authority; health's concerns every authority.
    """
    if party.own_ref is not None:
        return _by_reference(party.own_ref, authority, registry)
    by_id = _by_authority_id(party, registry)
    if party.nhs_key is None:
        return Matches(by_id)
    by_number = _by_number(party, party.nhs_key, authority, registry)
    return Matches((*by_id, *by_number.certain), by_number.doubtful)


def matches_of_key(
    key: SubjectKey, authority: AuthorityCode | None, registry: Registry
) -> Matches:
    """Give the children that an identifier alone tells of, as for a merge's other side."""
    found = [(k, h) for k, h in asserted(key, registry) if authority in {None, h.authority}]
    if _clash([h for _, h in found]) is not None:
        return Matches()
    return Matches(tuple(Match(h.child, h.relation, via=key, held=k) for k, h in found))


def _by_reference(ref: ChildRef, authority: AuthorityCode | None, registry: Registry) -> Matches:
    child = registry.child(ref)
    if child is None or authority not in {None, child.authority}:
        return Matches()
    return Matches((Match(ref, Role.CHILD),))


def _by_authority_id(party: Party, registry: Registry) -> tuple[Match, ...]:
    key = party.la_key
    if key is None:
        return ()
    found = asserted(key, registry)
    if len(found) > CROWD:
        return ()
    return tuple(
        Match(h.child, h.relation)
        if h.relation in OWN
        else Match(h.child, h.relation, via=key, held=held)
        for held, h in found
    )


def _by_number(
    party: Party, key: SubjectKey, authority: AuthorityCode | None, registry: Registry
) -> Matches:
    found = [(k, h) for k, h in asserted(key, registry) if authority in {None, h.authority}]
    doubts = _proposals(key, authority, registry)
    agreeing = [(k, h) for k, h in found if days_agree(h.born, party.subject.born)]
    doubts += [
        Doubt(h.child, _disagreement(h, party))
        for _, h in found
        if not days_agree(h.born, party.subject.born)
    ]
    if (reason := _clash([h for _, h in agreeing])) is not None:
        return Matches((), (*doubts, *(Doubt(h.child, reason) for _, h in agreeing)))
    certain = tuple(Match(h.child, h.relation, via=key, held=k) for k, h in agreeing)
    return Matches(certain, tuple(doubts))


def _proposals(
    key: SubjectKey, authority: AuthorityCode | None, registry: Registry
) -> list[Doubt]:
    return [
        Doubt(h.child, "number-proposed")
        for k in registry.same_person(key)
        for h in registry.key(k).holdings
        if h.says == "link_proposed" and authority in {None, h.authority}
    ]


def _disagreement(holding: Holding, party: Party) -> Code:
    if names_agree(holding.name, party.subject.name):
        return "birth-date-disagrees"
    return "birth-date-and-name-disagree"


def _clash(found: list[Holding]) -> Code | None:
    """Say why those who are said to have one number cannot all be one person, if so."""
    if len(found) > CROWD:
        return "number-of-many"
    own = [h for h in found if h.relation in OWN]
    related = {h.child for h in found if h.relation not in OWN}
    if len({(h.authority, h.child) for h in own}) > len({h.authority for h in own}):
        return "number-shared"
    if any(h.child in related for h in own):
        return "number-of-two-persons"
    dated = [h for h in found if h.born is not None]
    if any(not days_agree(dated[0].born, h.born) for h in dated[1:]):
        return "birth-dates-disagree"
    return None


def nearest(matches: Iterable[Match]) -> dict[ChildRef, Match]:
    """Give one match for each child: that of the nearest relation."""
    found: dict[ChildRef, Match] = {}
    for each in matches:
        known = found.get(each.child)
        if known is None or _distance(each) < _distance(known):
            found[each.child] = each
    return found


def _distance(found: Match) -> tuple[int, str]:
    return (NEAREST.get(found.relation, len(NEAREST)), found.via or "")
