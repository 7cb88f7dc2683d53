"""How a child's record ends for good: adoption severs it, and a source may purge it.

What is left is that there was a record and how often it was said, under the old reference. No
identifier, name, relation or fact is left, so nothing can ever tie the old record to a new one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from kinbridge.linking.concern import own_children
from kinbridge.linking.documents import ChildDocument, Told, latest_account
from kinbridge.linking.fold import child_of
from kinbridge.linking.identity import match
from kinbridge.linking.parties import OWN
from kinbridge.linking.refresh import Reason
from kinbridge.linking.registry import Registry
from kinbridge.linking.telling import Telling
from kinbridge_schemas.base import Code
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.events.care import PdsChanged
from kinbridge_schemas.events.contact import EpisodeClosed
from kinbridge_schemas.events.persons import (
    AdoptionShieldStarted,
    LookedAfterEnded,
    LookedAfterPlacementChanged,
    LookedAfterStarted,
    Purged,
)
from kinbridge_schemas.identifiers import ChildRef, SubjectKey
from kinbridge_schemas.linked import ChildRecord
from kinbridge_schemas.retrieval import PDS
from kinbridge_schemas.vocabulary import Role

Ending = Literal["shielded", "purged"]

# CIN census closure reason; SSDA903 reasons for ceasing and placements (adopters).
_CLOSED_BY_ADOPTION: Final = frozenset({"RC1"})
_CEASED_BY_ADOPTION: Final = frozenset({"E11", "E12"})
_ADOPTIVE_PLACEMENTS: Final = frozenset({"A3", "A4", "A5", "A6"})


def end_meant(event: ChildEvent) -> Ending | None:
    """Say whether an event ends the record it is about, and how."""
    return None if event.act == "retract" else _ending(event)


def _ending(event: ChildEvent) -> Ending | None:
    match event.detail:
        case AdoptionShieldStarted():
            return "shielded"
        case EpisodeClosed(reason=code):
            return "shielded" if code in _CLOSED_BY_ADOPTION else None
        case LookedAfterEnded(reason=code):
            return "shielded" if code in _CEASED_BY_ADOPTION else None
        case (
            LookedAfterStarted(placement_type=code)
            | LookedAfterPlacementChanged(placement_type=code)
        ):
            return "shielded" if code in _ADOPTIVE_PLACEMENTS else None
        case PdsChanged(change="invalidated"):
            return "shielded"
        case Purged():
            return "purged"
        case _:
            return None


def ended_by(to: Telling) -> tuple[ChildRef, ...]:
    """Give the children whose records the event ends, with every record joined to them."""
    if to.event.authority is not None:
        refs = [own.ref for own in own_children(to)[0]]
    else:
        refs = _by_number(to)
    found: set[ChildRef] = set()
    for ref in refs:
        child = child_of(ref, to.registry)
        if child is not None:
            found |= {d.child for d in child.documents if not d.ended}
        elif to.event.authority is not None:
            # Not heard of yet, and ended too: older events may still be on their way.
            found.add(ref)
    return tuple(sorted(found))


def _by_number(to: Telling) -> list[ChildRef]:
    first = to.parties[0]
    if first.nhs_key is None or _was_merged(first.nhs_key, to):
        return []
    found = match(first, None, to.registry).certain
    return [m.child for m in found if m.relation in OWN and m.held == first.nhs_key]


def _was_merged(key: SubjectKey, to: Telling) -> bool:
    """Whether a number has a successor, which is followed: only one without was invalidated.

    PDS knows its own successors. What a trust merged does not speak against its word.
    """
    told = [m for m in to.registry.key(key).merges.values() if m.stands]
    return any(to.event.source != PDS or merge.source == PDS for merge in told)


@dataclass(frozen=True, slots=True)
class Gone:
    """Last records of the children that are gone, and what must be folded again without them."""

    last: Mapping[ChildRef, ChildRecord]
    reason: Reason


def end(refs: tuple[ChildRef, ...], how: Ending, to: Telling) -> Gone:
    """Take away all that these documents hold."""
    last: dict[ChildRef, ChildRecord] = {}
    keys: set[SubjectKey] = set()
    others: set[ChildRef] = set()
    for ref in refs:
        document = to.registry.child(ref)
        if document is None:
            to.registry.put_child(_bare(_unheard_of(ref, to), how, to))
            continue
        keys |= set(document.keys)
        others |= _leave_families(document, to.registry)
        for key in document.keys:
            to.registry.hold(key, ref, ())
            _forget_merges(key, to.registry)
        if how == "shielded":
            others |= _cut_merges(document, to.registry)
        to.registry.forget_facts(ref)
        bare = _bare(document, how, to)
        to.registry.put_child(bare)
        if document.said is not None:
            last[ref] = _last_record(document.said, bare, how)
    touched = frozenset(others - set(refs))
    if how == "shielded":
        return Gone(last, Reason(touched, severed=frozenset(keys)))
    return Gone(last, Reason(touched, keys=tuple(sorted(keys))))


def _unheard_of(ref: ChildRef, to: Telling) -> ChildDocument:
    return ChildDocument(child=ref, authority=to.event.authority or "", since=to.now)


def _bare(document: ChildDocument, how: Ending, to: Telling) -> ChildDocument:
    signs = _signs(document, to) if how == "shielded" else {}
    return ChildDocument(
        child=document.child,
        authority=document.authority,
        since=to.now,
        ended=how,
        ended_at=to.event.version.updated,
        signs=signs,
        revision=document.revision + 1,
    )


def _last_record(said: ChildRecord, bare: ChildDocument, how: Ending) -> ChildRecord:
    return ChildRecord(
        child=said.child,
        family=said.family,
        authority=said.authority,
        revision=bare.revision,
        open=False,
        opening=said.opening,
        unborn=said.unborn,
        restriction=said.restriction,
        shielded=how == "shielded",
    )


def _leave_families(document: ChildDocument, registry: Registry) -> set[ChildRef]:
    """Take the child out of what its brothers and sisters' records say. Gives whose."""
    child = child_of(document.child, registry)
    own = set(child.la_keys) if child else set()
    own |= {c.nhs_key for c in document.claims.values() if c.nhs_key}
    found: set[ChildRef] = set()
    for key in sorted(own):
        for holding in registry.key(key).holdings:
            other = registry.child(holding.child)
            if holding.relation is Role.SIBLING and other is not None:
                kept = {n: r for n, r in other.relations.items() if not own & set(r.keys)}
                registry.put_child(other.model_copy(update={"relations": kept}))
                found.add(other.child)
    return found


def forget_relative(refs: Iterable[ChildRef], to: Telling) -> None:
    """Take a person whom the authority purged off the records of its children."""
    keys = set(to.parties[0].keys)
    for ref in refs:
        document = to.registry.child(ref)
        if document is not None:
            kept = {n: r for n, r in document.relations.items() if not keys & set(r.keys)}
            to.registry.put_child(document.model_copy(update={"relations": kept}))


def _forget_merges(key: SubjectKey, registry: Registry) -> None:
    """Drop the ties between identifiers that no child's record names any more."""
    same = registry.same_person(key)
    if not any(registry.key(k).holdings for k in same):
        for each in same:
            registry.drop_key(each)


def _cut_merges(document: ChildDocument, registry: Registry) -> set[ChildRef]:
    """Cut what ties the child's own numbers to others' records. Gives whose these are.

    A trust may have merged the old number into the new one of an adopted child.
    """
    found: set[ChildRef] = set()
    for own in sorted({c.nhs_key for c in document.claims.values() if c.nhs_key}):
        for key in registry.same_person(own):
            known = registry.key(key)
            kept = {n: m for n, m in known.merges.items() if own not in (key, m.other)}
            if len(kept) == len(known.merges):
                continue
            found |= {h.child for h in known.holdings}
            bare = known.model_copy(update={"merges": kept})
            registry.put_key(key, bare) if kept or known.holdings else registry.drop_key(key)
    return found


def _signs(document: ChildDocument, to: Telling) -> Mapping[str, Told]:
    return latest_account(document.signs, to.event.fact, Told(**to.word))


def tell_sign(ref: ChildRef, to: Telling) -> None:
    """Tell a shielded record of one more sign of adoption, or that one was taken back.

    A placement for adoption may break down. When no sign stands any more, what the authority
    tells from then on begins anew: nothing of before is left.
    """
    document = to.registry.child(ref)
    if document is None or document.ended != "shielded" or _ending(to.event) != "shielded":
        return
    signs = _signs(document, to)
    if any(sign.stands for sign in signs.values()):
        to.registry.put_child(document.model_copy(update={"signs": signs}))
    else:
        to.registry.put_child(document.model_copy(update={"signs": {}, "ended": "purged"}))


def refused(document: ChildDocument | None, event: ChildEvent) -> Code | None:
    """Say why an ended record takes no event, if so. One that was purged may begin anew."""
    if document is None or not document.ended:
        return None
    if document.ended == "shielded":
        return "shielded"
    before = document.ended_at is not None and event.version.updated <= document.ended_at
    return "purged" if before else None
