"""Which children of one authority make one family: those who share a mother or main carer.

Families are read from the record, never from addresses. The reference comes from the child that
was on the record first, so it stays when brothers and sisters come later.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from kinbridge.linking.documents import Birth
from kinbridge.linking.fold import Child, child_of
from kinbridge.linking.identity import CROWD
from kinbridge.linking.parties import day_of
from kinbridge.linking.registry import Registry
from kinbridge_schemas.identifiers import ChildRef, FamilyRef, PersonRef, Pseudonymiser

_FAR_DAYS = 140


@dataclass(frozen=True, slots=True)
class Family:
    """Children on the record of one authority, first on the record first."""

    members: tuple[Child, ...]
    reference: FamilyRef

    def siblings(self, ref: ChildRef) -> tuple[ChildRef, ...]:
        """Give the other members whose case is open."""
        return tuple(sorted(m.ref for m in self.members if m.ref != ref and m.case.open))


@dataclass(slots=True)
class Families:
    """Families of one decision, each found once."""

    registry: Registry
    pseudonymiser: Pseudonymiser
    _by_child: dict[ChildRef, Family] = field(default_factory=dict)
    _persons: dict[str, PersonRef] = field(default_factory=dict)

    def person(self, name: str) -> PersonRef:
        """Give the reference of somebody related, from what the record knows them by."""
        if name not in self._persons:
            self._persons[name] = self.pseudonymiser.person(name)
        return self._persons[name]

    def of(self, child: Child) -> Family:
        known = self._by_child.get(child.ref)
        if known is None:
            known = self._find(child)
            self._by_child.update((m.ref, known) for m in known.members)
        return known

    def _find(self, child: Child) -> Family:
        found, waiting = {child.ref: child}, [child]
        while waiting:
            for ref in self._beside(waiting.pop()):
                other = child_of(ref, self.registry) if ref not in found else None
                if other is not None and not other.head.ended and other.ref not in found:
                    found[other.ref] = other
                    waiting.append(other)
        members = tuple(sorted(found.values(), key=lambda c: (c.head.since, c.ref)))
        first = members[0]
        return Family(members, self.pseudonymiser.family(first.head.authority, first.ref))

    def _beside(self, child: Child) -> tuple[ChildRef, ...]:
        keys = {k for r in child.standing_relatives if r.gathers for k in r.keys}
        near: set[ChildRef] = set()
        self.registry.expect_keys(keys)
        for same in sorted(k for key in keys for k in self.registry.same_person(key)):
            held = self.registry.key(same).holdings
            children = {
                h.child
                for h in held
                if h.gathers and h.says == "link_asserted" and _same_authority(h.authority, child)
            }
            near |= children if len(held) <= CROWD else set()
        self.registry.expect_children(near)
        return tuple(sorted(near - {child.ref}))


def _same_authority(authority: str, child: Child) -> bool:
    return authority == child.head.authority


def birth_of(child: Child, family: Family) -> Birth | None:
    """Give the notified birth that is this child's, if there is no doubt.

    No doubt means one baby, not stillborn, and one child of that mother it can be.
    """
    for birth in sorted(child.births, key=lambda b: b.latest, reverse=True):
        if birth.births == 1 and birth.live is not False and _may_be(birth, child):
            candidates = [m for m in family.members if _may_be(birth, m)]
            if len(candidates) == 1:
                return birth
    return None


def _may_be(birth: Birth, child: Child) -> bool:
    if child.unborn_since is None or birth.mother not in child.mothers:
        return False
    if day_of(child.unborn_since) > day_of(birth.born):
        return False
    if child.born is not None:
        return day_of(child.born) == day_of(birth.born)
    return all(abs((d.edd - birth.born).days) <= _FAR_DAYS for d in child.dues)
