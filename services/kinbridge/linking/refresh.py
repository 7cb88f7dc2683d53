"""Bring what is said of children up to what the registry now holds.

After an event was told, every child whose record may have changed by it is folded again. A
record that differs from what was last said gets the next revision, and is said.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from kinbridge.linking.documents import ChildDocument, SeenFact
from kinbridge.linking.family import Families
from kinbridge.linking.fold import Child, child_of, documents_of
from kinbridge.linking.holdings import holdings_of, usable_keys
from kinbridge.linking.identity import CROWD
from kinbridge.linking.record import record_of
from kinbridge.linking.registry import Registry
from kinbridge_schemas.base import Id
from kinbridge_schemas.identifiers import ChildRef, Pseudonymiser, SubjectKey
from kinbridge_schemas.linked import ChildRecord

FAMILIES_KEPT: Final = 10
"""How many earlier families of a child are named to those who follow its alerts."""


@dataclass(frozen=True, slots=True)
class Unlinked:
    """A fact that had reached a child by an identifier that was not its own after all."""

    fact: Id
    seen: SeenFact


@dataclass(slots=True)
class Refreshed:
    """Records that changed, in their new revision; facts to take back; cases just opened."""

    records: dict[ChildRef, ChildRecord] = field(default_factory=dict)
    unlinked: dict[ChildRef, tuple[Unlinked, ...]] = field(default_factory=dict)
    opened: list[ChildRef] = field(default_factory=list)


def documents_with(refs: Iterable[ChildRef], registry: Registry) -> frozenset[ChildRef]:
    """Give the documents of these children and of all that are joined to them."""
    found: set[ChildRef] = set()
    for ref in refs:
        found |= {ref, *(d.child for d in documents_of(ref, registry))}
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Reason:
    """What made a refresh necessary: documents that were told something, and identifiers.

    `severed` are identifiers of a child that is gone: what came by them is not taken back, and
    how it came is forgotten.
    """

    touched: frozenset[ChildRef]
    keys: tuple[SubjectKey, ...] = ()
    severed: frozenset[SubjectKey] = frozenset()


def refresh(why: Reason, registry: Registry, pseudonymiser: Pseudonymiser) -> Refreshed:
    """Fold again the touched documents' children and everybody whom that may change."""
    done = Refreshed()
    affected = _rewrite_holdings(why.touched, registry)
    affected |= _named_by((*why.keys, *sorted(why.severed)), registry)
    families = Families(registry, pseudonymiser)
    _expect(affected, registry)
    for ref in sorted(_with_families(affected, registry, families)):
        document = registry.child(ref)
        if document is None or document.ended:
            continue
        child = child_of(ref, registry)
        if child is not None and child.ref == ref:
            document = _settle_usable(document, child, why, registry, done)
            _say(document, record_of(child, registry, families), registry, done)
        elif document.said is not None and document.said.open:
            gone = document.said.model_copy(update={"open": False, "siblings": ()})
            _keep(document.model_copy(update={"usable": ()}), gone, registry, done)
    return done


def _expect(refs: Iterable[ChildRef], registry: Registry) -> None:
    """Have what will be read of children's documents read together."""
    registry.expect_children(refs)
    documents = [d for d in (registry.child(ref) for ref in refs) if d is not None]
    said = [d.said.siblings for d in documents if d.said is not None]
    registry.ask_children(ref for siblings in said for ref in siblings)
    registry.expect_keys(key for d in documents for key in d.keys)
    registry.expect_children(ref for siblings in said for ref in siblings)


def _rewrite_holdings(refs: Iterable[ChildRef], registry: Registry) -> set[ChildRef]:
    affected: set[ChildRef] = set()
    _expect(refs, registry)
    for ref in sorted(refs):
        document, child = registry.child(ref), child_of(ref, registry)
        if document is None or child is None or document.ended:
            continue
        wanted = holdings_of(child) if child.ref == ref else {}
        both = sorted({*document.keys, *wanted})
        affected |= {ref} | _named_by(both, registry)
        for key in both:
            registry.hold(key, ref, wanted.get(key, ()))
        affected |= _named_by(both, registry)
        names = tuple(sorted(wanted))
        if names != document.keys:
            registry.put_child(document.model_copy(update={"keys": names}), told=False)
    return affected


def _named_by(keys: Iterable[SubjectKey], registry: Registry) -> set[ChildRef]:
    found: set[ChildRef] = set()
    for key in keys:
        for same in registry.same_person(key):
            children = {h.child for h in registry.key(same).holdings}
            found |= children if len(children) <= CROWD else set()
    return found


def _with_families(
    affected: set[ChildRef], registry: Registry, families: Families
) -> set[ChildRef]:
    """Add the families of before and of now."""
    found = set(affected)
    for ref in sorted(affected):
        document, child = registry.child(ref), child_of(ref, registry)
        if document is not None and document.said is not None:
            found |= set(document.said.siblings)
        if child is not None and not child.head.ended:
            found |= {m.ref for m in families.of(child).members}
    return found


def _settle_usable(
    document: ChildDocument, child: Child, why: Reason, registry: Registry, done: Refreshed
) -> ChildDocument:
    """Bring up to date by which identifiers events reach the child, and what came by others."""
    usable = usable_keys(child, registry)
    if usable == document.usable:
        return document
    # A relation that ended was true before: what came by it is not taken back.
    over = {k for r in child.relatives if r.over and not r.rejected for k in r.keys}
    lost = set(document.usable) - set(usable) - over
    _forget_how(document.child, lost & why.severed, registry)
    if taken := _take_back(document.child, lost - why.severed, registry):
        done.unlinked[document.child] = taken
    after = document.model_copy(update={"usable": usable})
    registry.put_child(after, told=False)
    return after


def _say(
    document: ChildDocument, record: ChildRecord, registry: Registry, done: Refreshed
) -> None:
    if document.said is None and record.opening == 0:
        return
    if document.said is None:
        done.opened.append(document.child)
    elif _same(record, document.said):
        return
    _keep(document, record, registry, done)


def _same(record: ChildRecord, said: ChildRecord) -> bool:
    unsaid = {"revision": said.revision, "merged_from": said.merged_from}
    return record.model_copy(update=unsaid) == said


def _keep(
    document: ChildDocument,
    record: ChildRecord,
    registry: Registry,
    done: Refreshed,
) -> None:
    before = document.said.family if document.said else record.family
    families = tuple(f for f in (*document.families, before) if f != record.family)
    families = tuple(dict.fromkeys(reversed(families)))[:FAMILIES_KEPT][::-1]
    revision = document.revision + 1
    said = record.model_copy(update={"revision": revision, "merged_from": families})
    changes = {"revision": revision, "said": said, "families": families}
    registry.put_child(document.model_copy(update=changes), told=False)
    done.records[document.child] = said


def _take_back(child: ChildRef, lost: set[SubjectKey], registry: Registry) -> tuple[Unlinked, ...]:
    found = tuple(
        Unlinked(fact, seen) for fact, seen in _came_by(child, lost, registry) if not seen.unlinked
    )
    for each in found:
        registry.see(
            child, each.fact, each.seen.model_copy(update={"unlinked": True, "via": None})
        )
    return found


def _forget_how(child: ChildRef, severed: set[SubjectKey], registry: Registry) -> None:
    for fact, seen in _came_by(child, severed, registry):
        registry.see(child, fact, seen.model_copy(update={"via": None}))


def _came_by(
    child: ChildRef, keys: set[SubjectKey], registry: Registry
) -> list[tuple[Id, SeenFact]]:
    return [s for s in registry.all_seen(child) if s[1].via in keys] if keys else []
