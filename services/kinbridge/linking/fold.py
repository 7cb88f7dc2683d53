"""What a child's documents say together: a fold, the same for every order of the facts.

A child may have several documents: one for each id that its authority gave it. They count as
one child as long as a standing merge or birth joins them.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from kinbridge.linking.case import Case, case_of
from kinbridge.linking.documents import Birth, ChildDocument, Claim, Due, Relation, Told
from kinbridge.linking.registry import Registry
from kinbridge_schemas.identifiers import ChildRef, PersonName, SubjectKey
from kinbridge_schemas.vocabulary import Precision, Role

T = TypeVar("T", bound=Told)


@dataclass(frozen=True, slots=True)
class Relative:
    """A relation as it stands. `over` is a relation that ended: it was true before."""

    keys: tuple[SubjectKey, ...]
    relation: Role
    gathers: bool
    says: Relation
    rejected: bool = False
    over: bool = False


@dataclass(frozen=True, slots=True)
class Child:
    """One child as its documents tell it. `head` is the document that stands for all."""

    head: ChildDocument
    documents: tuple[ChildDocument, ...]
    case: Case
    name: PersonName | None
    born: datetime | None
    unborn_since: datetime | None
    said_born: bool
    number: Claim | None
    claims: tuple[Claim, ...]
    relatives: tuple[Relative, ...]
    births: tuple[Birth, ...]
    dues: tuple[Due, ...]

    @property
    def ref(self) -> ChildRef:
        return self.head.child

    @property
    def unborn(self) -> bool:
        """Whether it is unborn, as far as the authority says."""
        return self.unborn_since is not None and not self.said_born

    @property
    def la_keys(self) -> tuple[SubjectKey, ...]:
        return tuple(d.la_key for d in self.documents if d.la_key is not None)

    @property
    def standing_relatives(self) -> tuple[Relative, ...]:
        return tuple(r for r in self.relatives if not r.rejected and not r.over)

    @property
    def mothers(self) -> frozenset[SubjectKey]:
        standing = self.standing_relatives
        return frozenset(k for r in standing if r.relation is Role.MOTHER for k in r.keys)


def child_of(ref: ChildRef, registry: Registry) -> Child | None:
    """Give the child that a document belongs to, with all that is joined to it.

    Of its documents only what was told may be read: the rest may be newer in the registry.
    """
    known: Child | None = registry.folds.get(ref)
    if known is not None:
        return known
    documents = documents_of(ref, registry)
    if not documents:
        return None
    child = _fold(documents)
    registry.folds.update((d.child, child) for d in documents)
    return child


def documents_of(ref: ChildRef, registry: Registry) -> tuple[ChildDocument, ...]:
    """Give a document and all that are joined to it, the one that stands for all first."""
    first = registry.child(ref)
    if first is None:
        return ()
    return _joined(first, registry) if first.joins else (first,)


def _joined(first: ChildDocument, registry: Registry) -> tuple[ChildDocument, ...]:
    found, waiting = {first.child: first}, [first]
    while waiting:
        for join in waiting.pop().joins.values():
            other = registry.child(join.other) if join.stands else None
            if other is not None and not other.ended and other.child not in found:
                found[other.child] = other
                waiting.append(other)
    return tuple(sorted(found.values(), key=_seniority))


def _seniority(document: ChildDocument) -> tuple[bool, bool, datetime, ChildRef]:
    # The unborn child's record lives on over birth; else the one that was there first, before
    # one of which nothing is known but that it is the same child.
    was_unborn = any(u.stands and not u.born for u in document.unborn.values())
    own_word = bool(document.claims or document.involvements)
    return (not was_unborn, not own_word, document.since, document.child)


def _fold(documents: tuple[ChildDocument, ...]) -> Child:
    claims = _stand(d.claims for d in documents)
    marks = _stand(d.unborn for d in documents)
    starts = [m.occurred.at for m in marks if not m.born]
    starts += [c.occurred.at for c in claims if c.role is Role.UNBORN]
    return Child(
        head=documents[0],
        documents=documents,
        case=case_of(_merged(d.involvements for d in documents).values()),
        name=_latest_name(claims),
        born=_birth_date(claims, marks),
        unborn_since=min(starts, default=None),
        said_born=any(m.born for m in marks)
        or any(c.role is Role.CHILD and c.born is not None for c in claims),
        number=max((c for c in claims if c.nhs_key), key=_by_word, default=None),
        claims=tuple(_merged(d.claims for d in documents).values()),
        relatives=_relatives(tuple(_merged(d.relations for d in documents).values())),
        births=_stand(d.births for d in documents),
        dues=_stand(d.dues for d in documents),
    )


def _merged(parts: Iterable[Mapping[str, T]]) -> Mapping[str, T]:
    every = list(parts)
    return every[0] if len(every) == 1 else ChainMap(*(dict(p) for p in every))


def _stand(parts: Iterable[Mapping[str, T]]) -> tuple[T, ...]:
    return tuple(told for told in _merged(parts).values() if told.stands)


def _by_word(claim: Claim) -> tuple[bool, datetime, str]:
    """A named person's word outranks the machine's, whenever it was given."""
    return (claim.by != "AUTO", *claim.latest)


def _latest_name(claims: Iterable[Claim]) -> PersonName | None:
    named = [c for c in claims if c.name is not None]
    return max(named, key=_by_word).name if named else None


def _birth_date(claims: Iterable[Claim], marks: Iterable[Told]) -> datetime | None:
    dated = [c for c in claims if c.born is not None and c.role is Role.CHILD]
    if dated:
        return max(dated, key=_by_word).born
    births = [m for m in marks if getattr(m, "born", False)]
    exact = [m for m in births if m.occurred.precision in {Precision.DAY, Precision.INSTANT}]
    return max(exact, key=lambda m: m.latest).occurred.at if exact else None


def _relatives(relations: tuple[Relation, ...]) -> tuple[Relative, ...]:
    ends = {r.relationship: r for r in relations if r.part == "end" and r.stands}
    found = [
        Relative(
            keys=r.keys,
            relation=r.relation,
            gathers=r.relation is Role.MOTHER or r.main_carer,
            says=r,
            rejected=not r.stands,
            over=r.relationship in ends,
        )
        for r in relations
        if r.part == "start"
    ]
    return tuple(sorted(found, key=lambda r: (r.relation.value, r.says.event)))
