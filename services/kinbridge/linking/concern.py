"""Which children an event concerns, and how: itself, its mother, its carers, its siblings.

An authority's event about its own child opens or touches that child's record. Everything else
concerns only children whose case is open.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from kinbridge.linking.documents import ChildDocument
from kinbridge.linking.fold import child_of, documents_of
from kinbridge.linking.identifiers import is_followed, merged_into
from kinbridge.linking.identity import Match, Matches, match, matches_of_key, nearest
from kinbridge.linking.parties import OWN, Party
from kinbridge.linking.telling import Telling, ref_of
from kinbridge_schemas.base import Code
from kinbridge_schemas.events.knowledge import (
    CareRetrieved,
    HealthFactVerified,
    HealthResponseSupplied,
)
from kinbridge_schemas.events.maternity import BirthNotified
from kinbridge_schemas.events.persons import RelationshipEnded, RelationshipRecorded
from kinbridge_schemas.identifiers import ChildRef, SubjectKey
from kinbridge_schemas.vocabulary import Role

SIBLINGS_TOO: Final = frozenset({"ed_attended", "safeguarding_concern_raised"})
"""What health tells of a child that also concerns its brothers and sisters."""


ANSWERS: Final = (HealthResponseSupplied, HealthFactVerified, CareRetrieved)


@dataclass(frozen=True, slots=True)
class Target:
    """A child that an event concerns. `via` is the identifier by which it was found."""

    ref: ChildRef
    relation: Role
    via: SubjectKey | None = None
    held: SubjectKey | None = None


@dataclass(frozen=True, slots=True)
class Concerned:
    """Children with an open case; and if there are none, why it is not certain that there are."""

    targets: tuple[Target, ...] = ()
    doubt: Code | None = None


@dataclass(frozen=True, slots=True)
class Own:
    """An authority's own child in its own event: the document it is told on, and the subject."""

    ref: ChildRef
    party: Party


def expect_first(to: Telling) -> None:
    """Ask for what is read of any event: all there is to read where nothing is known of it."""
    keys = {key for party in to.parties for key in party.keys}
    if (into := merged_into(to)) is not None:
        keys.add(into)
    refs = {p.own_ref for p in to.parties if p.own_ref is not None}
    if to.event.authority is not None:
        refs |= {ref_of(key, to.pseudonymiser) for key in keys}
    to.registry.ask_keys(keys)
    to.registry.ask_children(refs)
    to.registry.ask_facts(refs, to.event.fact)


def own_children(to: Telling) -> tuple[tuple[Own, ...], Code | None]:
    """Give the authority's children that an event of its own is about.

    The second value is a doubt: a child without the authority's id who is not found either.
    What its people answer to an alert is no word of its record: it concerns an open case.
    """
    if to.event.authority is None or isinstance(to.event.detail, ANSWERS):
        return (), None
    found: dict[ChildRef, Own] = {}
    doubt: Code | None = None
    for party in _children_among(to):
        ref = _own_ref(to, party)
        if ref is None:
            doubt = "child-without-authority-id"
        else:
            found.setdefault(ref, Own(ref, party))
    return tuple(found.values()), doubt


def _children_among(to: Telling) -> Iterable[Party]:
    parties = to.parties
    if isinstance(to.event.detail, RelationshipRecorded | RelationshipEnded):
        # A relationship is told on one child's record: the other subject's is its own matter.
        return [p for p in parties if p.role in OWN][:1]
    if to.event.detail.kind in {"unborn_born", "person_merged"}:
        return [p for p in parties[:1] if p.role in OWN]
    return [p for p in parties if p.role in OWN]


def _own_ref(to: Telling, party: Party) -> ChildRef | None:
    if party.own_ref is not None:
        return party.own_ref
    if party.la_key is not None:
        return ref_of(party.la_key, to.pseudonymiser)
    found = match(party, to.event.authority, to.registry).certain
    return next((m.child for m in found if m.relation in OWN), None)


def concerned(to: Telling) -> Concerned:
    """Give the open children that an event concerns by who its subjects are."""
    found = [(p, match(p, to.event.authority, to.registry)) for p in to.parties]
    if (into := merged_into(to)) is not None and is_followed(to):
        found.append((to.parties[0], matches_of_key(into, to.event.authority, to.registry)))
    _expect(to, [matches for _, matches in found])
    near = nearest(m for party, matches in found for m in _fitting(to, party, matches))
    targets = [_target(m, to) for m in near.values() if _is_open(to, m.child)]
    if targets:
        return Concerned((*targets, *_siblings(to, targets)))
    doubtful = [d for _, matches in found for d in matches.doubtful if _is_open(to, d.child)]
    return Concerned(doubt=min((d.reason for d in doubtful), default=None))


def _expect(to: Telling, found: Iterable[Matches]) -> None:
    refs = {m.child for each in found for m in each.certain}
    refs |= {d.child for each in found for d in each.doubtful}
    # What our own sources name may be gone; what an identifier's document names is there.
    refs -= {p.own_ref for p in to.parties if p.own_ref is not None}
    to.registry.ask_facts(refs, to.event.fact)
    to.registry.expect_children(refs)


def _fitting(to: Telling, party: Party, matches: Matches) -> Iterable[Match]:
    """Leave out older children where a mother is named only as the mother of a newborn."""
    first = to.parties[0]
    about_baby = first.role in OWN and party is not first
    if not about_baby or isinstance(to.event.detail, BirthNotified):
        return matches.certain
    return [m for m in matches.certain if m.relation in OWN or _was_unborn(to, m.child)]


def _was_unborn(to: Telling, ref: ChildRef) -> bool:
    child = child_of(ref, to.registry)
    return child is not None and child.unborn_since is not None


def _is_open(to: Telling, ref: ChildRef) -> bool:
    child = head_of(to, ref)
    return child is not None and not child.ended and child.said is not None and child.said.open


def head_of(to: Telling, ref: ChildRef) -> ChildDocument | None:
    """Give the document that stands for a child."""
    return next(iter(documents_of(ref, to.registry)), None)


def _target(found: Match, to: Telling) -> Target:
    head = head_of(to, found.child)
    return Target(
        ref=head.child if head else found.child,
        relation=found.relation,
        via=found.via,
        held=found.held,
    )


def _siblings(to: Telling, targets: list[Target]) -> list[Target]:
    if to.event.detail.kind not in SIBLINGS_TOO:
        return []
    known, found = {t.ref for t in targets}, []
    for target in targets:
        head = to.registry.child(target.ref) if target.relation in OWN else None
        for ref in head.said.siblings if head and head.said else ():
            if ref not in known and _is_open(to, ref):
                known.add(ref)
                found.append(Target(ref, Role.SIBLING, target.via, target.held))
    return found
