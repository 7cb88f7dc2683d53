"""The child's record as it is said to the rest of the line: a fold, with nothing of its own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from kinbridge.linking.documents import Claim, Due, Restricted
from kinbridge.linking.family import Families, birth_of
from kinbridge.linking.fold import Child, Relative
from kinbridge.linking.holdings import asserted, shared
from kinbridge.linking.parties import OWN, days_agree
from kinbridge.linking.registry import Registry
from kinbridge_schemas.identifiers import LaChildId, NhsNumber, SubjectKey
from kinbridge_schemas.linked import ChildRecord, MatchedBy, Related, Restriction
from kinbridge_schemas.vocabulary import Role

_LEVELS: Final[tuple[Restriction, ...]] = ("none", "sensitive", "very-restricted", "locked")


def record_of(child: Child, registry: Registry, families: Families) -> ChildRecord:
    """Give the record as the registry holds it, before it has a revision (which is 1 here)."""
    family = families.of(child)
    birth = birth_of(child, family)
    number = child.number if _relied_on(child, registry) else None
    mother = next((r for r in child.standing_relatives if r.relation is Role.MOTHER), None)
    return ChildRecord(
        child=child.ref,
        family=family.reference,
        authority=child.head.authority,
        revision=1,
        open=child.case.open,
        opening=child.case.opening,
        unborn=child.unborn and birth is None,
        restriction=_restriction(child, registry),
        la_child_id=_latest_id(child),
        nhs_number=number.nhs_number if number else None,
        name=child.name,
        mother_name=mother.says.name if mother else None,
        born=child.born or (birth.born if birth else None),
        matched_by=_how_matched(child, number),
        edd=_edd(child.dues, child.mothers),
        related=_related(child, registry, families),
        siblings=family.siblings(child.ref),
    )


def _relied_on(child: Child, registry: Registry) -> bool:
    key = child.number.nhs_key if child.number else None
    return key is not None and shared(key, child, registry) is None


def _how_matched(child: Child, number: Claim | None) -> MatchedBy:
    """Say by what health's events find the child: an unborn child has only its mother."""
    if number is not None:
        return "nhs-number" if number.by == "AUTO" else "by-person"
    return "by-mother" if child.unborn and child.mothers else "la-child-id"


def _latest_id(child: Child) -> LaChildId | None:
    known = [d for d in child.documents if d.la_child_id is not None]
    return max(known, key=lambda d: (d.since, d.child)).la_child_id if known else None


def _edd(dues: Iterable[Due], mothers: frozenset[SubjectKey]) -> datetime | None:
    known = [d for d in dues if d.via is None or d.via in mothers]
    best = max(known, key=lambda d: (d.maternity, *d.latest), default=None)
    return best.edd if best else None


# -- restrictions


def _restriction(child: Child, registry: Registry) -> Restriction:
    """Give the highest. One that was unborn takes its mother's until its own is known."""
    own = [*child.la_keys, *((child.number.nhs_key,) if child.number else ())]
    told = [r for key in own if key for r in _told_of(key, registry)]
    if told or child.unborn_since is None:
        return _highest(told)
    return _highest([r for key in sorted(child.mothers) for r in _told_of(key, registry)])


def _told_of(key: SubjectKey, registry: Registry) -> list[Restricted]:
    keys = registry.same_person(key)
    return [r for k in keys for r in registry.key(k).restrictions.values() if r.stands]


def _highest(told: Iterable[Restricted]) -> Restriction:
    """Of each that set or lifted one the latest word counts; of all, the highest level."""
    latest: dict[str, Restricted] = {}
    for each in told:
        known = latest.get(each.setter)
        if known is None or _when(each) > _when(known):
            latest[each.setter] = each
    return max((r.level for r in latest.values()), key=_LEVELS.index, default="none")


def _when(told: Restricted) -> tuple[datetime, datetime, str]:
    return (told.occurred.at, *told.latest)


# -- relatives


def _related(child: Child, registry: Registry, families: Families) -> tuple[Related, ...]:
    found = {
        Related(
            person=families.person(keys[0]),
            relation=relation,
            restriction=_highest([r for k in keys if _is_key(k) for r in _told_of(k, registry)]),
            nhs_number=_number_of(keys, child, registry),
        )
        for keys, relation in _persons(child.standing_relatives, child)
    }
    return tuple(sorted(found, key=lambda r: (r.relation.value, r.person)))


def _number_of(keys: tuple[str, ...], child: Child, registry: Registry) -> NhsNumber | None:
    """Give the number that the authority last told of a mother or main carer.

    None where it is also said to be the child's own, or a person's of another date of birth.
    """
    told = [
        r.says
        for r in child.standing_relatives
        if r.gathers and r.says.nhs_number is not None and not set(keys).isdisjoint(r.keys)
    ]
    latest = max(told, key=lambda says: says.latest, default=None)
    if latest is None:
        return None
    holdings = [h for key in latest.keys for _, h in asserted(key, registry)]
    mistaken = any(h.child == child.ref and h.relation in OWN for h in holdings)
    another = any(not days_agree(h.born, latest.born) for h in holdings)
    return None if mistaken or another else latest.nhs_number


def _persons(
    relatives: tuple[Relative, ...], child: Child
) -> Iterable[tuple[tuple[str, ...], Role]]:
    """Give persons with all their keys: accounts that share a key are of one person."""
    groups: list[set[str]] = []
    for relative in relatives:
        names = _names(relative, child)
        touching = [g for g in groups if g & names]
        groups = [g for g in groups if not g & names] + [names.union(*touching)]
    for relative in relatives:
        names = _names(relative, child)
        yield tuple(sorted(next(g for g in groups if g & names))), relative.relation


def _names(relative: Relative, child: Child) -> set[str]:
    """Give the person's keys, or for one known by name alone a name that only this child has."""
    return set(relative.keys) or {f"{child.ref}/{relative.says.relationship}"}


def _is_key(name: str) -> bool:
    return "/" not in name
