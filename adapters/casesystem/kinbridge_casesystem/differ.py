"""Snapshots of a child told as events, by difference: one differ for every snapshot source.

The previous snapshot is remembered as keyed hashes, ids and dates. What is new or different
becomes an event; what is the same says nothing. What is left out was deleted only where the
source tells all of a span of time (`complete_since`); else an end is an end date, and a
removal is a purge. Order in lists does not matter. On a first load every fact keeps the day
that it took effect, which is what makes it history.

Of a child with a sign of adoption only that sign is told, by the authority's id of the old
record alone, and only it is remembered. Should a placement for adoption be taken back, the
child is told again from the beginning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from kinbridge_casesystem.child import ChildSnapshot, Details, Relation
from kinbridge_casesystem.claims import DETAILS, Claim, Scope, unique
from kinbridge_casesystem.claims_care import care_claims, is_order, is_shield, other_care_claims
from kinbridge_casesystem.claims_denied import denied
from kinbridge_casesystem.claims_details import (
    details_claims,
    details_marks,
    pregnancy_claims,
    relation_claims,
)
from kinbridge_casesystem.claims_episodes import early_claims, episode_claims, work_claims
from kinbridge_casesystem.cutting import Read
from kinbridge_casesystem.port import CaseSource, nhs_number, person_name
from kinbridge_schemas.base import Id
from kinbridge_schemas.envelope import to_text
from kinbridge_schemas.events import ChildEvent, Detail, Subject
from kinbridge_schemas.events.persons import AddressChanged, Purged
from kinbridge_schemas.events.protection import IcpcScheduled
from kinbridge_schemas.identifiers import LaChildId
from kinbridge_schemas.mapped import Asserted, Ended, Given, Mapped, Remembered, authority_of
from kinbridge_schemas.received import Received
from kinbridge_schemas.times import start_of
from kinbridge_schemas.vocabulary import Occurred, Precision, Role, Version

_SAID: Final = "said"
"""The mark of the last content that means the same at whatever time it is read again."""

_AS_OF: Final = "as-of"
_PURGED: Final = "purged"
_OF_THE_LOAD: Final = frozenset({_SAID, _AS_OF})
"""The marks that hold nothing of the child."""

_DAY: Final = timedelta(days=1)

Reader = Callable[[bytes, datetime], Read]
"""Reads one part of a source, at a time. Raises UnreadableError for what is no snapshot."""


@dataclass(frozen=True, slots=True)
class Snapshots:
    """The adapter of one kind of snapshot. Holds nothing of any child.

    `repeated_at` is the path of the list that is wrong where two objects have one id.
    """

    version: str
    read: Reader
    repeated_at: str = ""

    @property
    def compares(self) -> bool:
        return True

    def __call__(self, received: Received, given: Given, /) -> Mapped:
        """Map one child. Raises UnreadableError naming the field."""
        said = b"%b|%b" % (self.version.encode(), received.content)
        mark = given.pseudonymiser.fingerprint(said)
        before = given.remembered
        if before.facts and before.marks.get(_SAID) == mark:
            return _unchanged(received, Mapped(remember=before))
        read = self.read(received.content, given.now)
        case = CaseSource(received.source, authority_of(received.source), given.pseudonymiser)
        telling = _Telling(case, read.snapshot, given, self.repeated_at)
        if read.snapshot.purged:
            return telling.purged() if _PURGED not in before.marks else _repeated(received, before)
        found = telling.difference({_SAID: mark} if read.lasting else {})
        return found if found.events else _unchanged(received, found)


def _repeated(received: Received, before: Remembered) -> Mapped:
    end = Ended(fact=received.id, end="duplicate", reason="unchanged")
    return Mapped(remember=before, ends=(end,))


def _unchanged(received: Received, found: Mapped) -> Mapped:
    known = bool(found.remember.facts)
    end = Ended(
        fact=received.id,
        end="duplicate" if known else "parked-unsupported",
        reason="unchanged" if known else "message-without-facts",
    )
    return found.model_copy(update={"ends": (end,)})


@dataclass(slots=True)
class _Telling:
    """One comparison: what was remembered, what is claimed now, what there is to tell."""

    case: CaseSource
    child: ChildSnapshot
    given: Given
    repeated_at: str
    events: list[ChildEvent] = field(default_factory=list)
    objects: dict[tuple[str, str], Id] = field(default_factory=dict)
    subjects: dict[Role, Subject] = field(default_factory=dict)

    @property
    def before(self) -> Remembered:
        return self.given.remembered

    @property
    def updated(self) -> datetime:
        # Two snapshots may carry one time of receipt: the later one still gets a later version.
        last = self.before.updated
        return max(self.given.now, last + timedelta(microseconds=1)) if last else self.given.now

    @property
    def scope(self) -> Scope:
        child = self.child
        now, objects = self.given.now, self.objects
        return Scope(self.case, child.child, now, self.before, child.feed, objects=objects)

    def difference(self, said: dict[str, str]) -> Mapped:
        facts = dict(self.before.facts)
        claims, marks = self._claims()
        marks |= said
        claimed = {c.fact for c in claims}
        gone = self._gone(claimed)
        if self._is_shielded(claims, gone):
            claims = [claim for claim in claims if is_shield(claim.detail)]
            marks = {name: mark for name, mark in marks.items() if name in _OF_THE_LOAD}
            # What was told before is over with the shield, and needs no word of its own.
            facts = {fact: known for fact, known in facts.items() if is_shield(known.detail)}
        for fact in (each for each in self.before.facts if each in gone):
            if (known := facts.pop(fact, None)) is not None:
                self._tell(fact, known.occurred, known.detail, known.role, retract=True)
        for claim in claims:
            content = self._content(claim)
            known = facts.get(claim.fact)
            same = known is not None and (known.content, known.within) == (content, claim.within)
            if same or (known is not None and self.is_earlier):
                continue
            # An object that only moved to another episode is the same fact in another place.
            if known is None or known.content != content:
                self._tell(claim.fact, claim.occurred, claim.detail, self._role, claim.other)
            facts[claim.fact] = Asserted(
                content=content,
                within=claim.within,
                role=self._role,
                occurred=claim.occurred,
                detail=_without_identifiers(claim.detail),
            )
        told = self.updated if self.events else self.before.updated
        remember = Remembered(facts=facts, marks=marks, updated=told)
        return Mapped(events=tuple(self.events), remember=remember)

    def purged(self) -> Mapped:
        for fact, known in self.before.facts.items():
            if not is_shield(known.detail):
                self._tell(fact, known.occurred, known.detail, known.role, retract=True)
        occurred = Occurred(at=self.given.now, precision=Precision.UNKNOWN)
        self._tell(self.scope.fact("purged"), occurred, Purged(scope="child"), self._role)
        remember = Remembered(marks={_PURGED: "yes"}, updated=self.updated)
        return Mapped(events=tuple(self.events), remember=remember)

    def _claims(self) -> tuple[list[Claim], dict[str, str]]:
        scope, child = self.scope, self.child
        marks = {n: mark for n, mark in self.before.marks.items() if n not in (_SAID, _PURGED)}
        claims: list[Claim] = []
        if child.details is not None and not self.is_earlier:
            claims += details_claims(scope, child.details)
            marks |= details_marks(scope, child.details)
        claims += pregnancy_claims(scope, child, self._role)
        claims += relation_claims(scope, child)
        claims += early_claims(scope, child)
        for episode in child.episodes:
            claims += episode_claims(scope.inside("episode", episode.id), episode)
        claims += work_claims(scope, child)
        placed, period = care_claims(scope, child.placements)
        if period:
            marks["care"] = period
        claims += [*placed, *other_care_claims(scope, child)]
        unique([claim.fact for claim in claims], self.repeated_at)
        if child.as_of is not None and not self.is_earlier:
            marks[_AS_OF] = child.as_of.isoformat()
        return claims, marks

    @property
    def is_earlier(self) -> bool:
        """Whether a later account was told before: then this one only adds."""
        as_of = self.child.as_of
        return as_of is not None and as_of.isoformat() < self.before.marks.get(_AS_OF, "")

    def _purged(self) -> Iterator[Id]:
        gone = {self.scope.object(purge.kind, purge.id) for purge in self.child.purges}
        yield from (f for f, known in self.before.facts.items() if gone & set(known.within))

    def _gone(self, claimed: set[Id]) -> set[Id]:
        """Give the facts that are taken back."""
        facts = self.before.facts
        missing = {*self._purged(), *self._deleted(claimed)}
        # That a record of an adoption was removed does not undo the adoption.
        missing = {f for f in missing if not (f in facts and is_order(facts[f].detail))}
        if self.is_earlier or not facts:
            return missing
        return missing | (denied(self.scope, self.child) - claimed)

    def _is_shielded(self, claims: list[Claim], gone: set[Id]) -> bool:
        told = (f for f, known in self.before.facts.items() if is_shield(known.detail))
        return any(is_shield(c.detail) for c in claims) or any(f not in gone for f in told)

    def _deleted(self, claimed: set[Id]) -> Iterator[Id]:
        since = self.child.complete_since
        if since is None or self.is_earlier:
            return
        last = start_of(self.child.as_of + _DAY) if self.child.as_of is not None else None
        first, details = start_of(since), self.scope.object(DETAILS, "")
        for fact, known in self.before.facts.items():
            # Who the child is, is told by changes: what is not claimed again still holds.
            if fact in claimed or details in known.within or known.occurred.at < first:
                continue
            dated = known.occurred.precision is not Precision.UNKNOWN
            later = dated and last is not None and known.occurred.at >= last
            if not later and not self._held_since(known.detail):
                yield fact

    def _held_since(self, detail: Detail) -> bool:
        # A conference whose day has come is claimed as held; that it was planned stays true.
        return isinstance(detail, IcpcScheduled) and detail.date <= self.given.now

    @property
    def _role(self) -> Role:
        details = self.child.details
        if details is None:
            return Role(self.before.marks.get("role", Role.CHILD.value))
        return Role.UNBORN if details.is_unborn else Role.CHILD

    def _subject(self, role: Role) -> Subject:
        if role not in self.subjects:
            self.subjects[role] = self._child(role)
        return self.subjects[role]

    def _child(self, role: Role) -> Subject:
        details, own = self.child.details or Details(), LaChildId(self.child.child)
        born = start_of(details.born) if details.born is not None else None
        name = person_name(f"{details.first_name or ''} {details.surname or ''}")
        return self.case.subject(role, own, nhs_number(details.nhs_number), name, born)

    def _nameless(self, role: Role) -> Subject:
        return self.case.subject(role, LaChildId(self.child.child))

    def _other(self, other: Relation) -> Subject:
        return self.case.subject(
            Role(other.role),
            LaChildId(other.person),
            nhs_number(other.nhs_number),
            person_name(other.name),
            start_of(other.born) if other.born is not None else None,
        )

    def _tell(
        self,
        fact: Id,
        occurred: Occurred,
        detail: Detail,
        role: Role,
        other: Relation | None = None,
        *,
        retract: bool = False,
    ) -> None:
        version = Version(updated=self.updated)
        second = (self._other(other),) if other is not None else ()
        # Of what is gone for good no more is said than which record it was.
        nameless = self.child.purged or is_shield(detail)
        first = self._nameless(role) if nameless else self._subject(role)
        subjects = (first, *second)
        self.events.append(
            self.case.event(
                fact, version, occurred, self.given.now, subjects, detail, retract=retract
            )
        )

    def _content(self, claim: Claim) -> str:
        # Without a date of its own a claim is the same whenever it is seen.
        dated = claim.occurred.precision is not Precision.UNKNOWN
        # With the child in it: nothing that is kept of two children is alike.
        said = "|".join(
            (
                self.child.child,
                claim.detail.model_dump_json(),
                to_text(claim.occurred.at) if dated else "",
                claim.beside,
            )
        )
        return self.case.pseudonymiser.fingerprint(said.encode())


def _without_identifiers(detail: Detail) -> Detail:
    if isinstance(detail, AddressChanged):
        return AddressChanged()
    return detail
