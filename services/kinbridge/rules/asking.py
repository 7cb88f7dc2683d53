"""Ask providers for recent care when a case opens or becomes graver. Pure.

Asking tells a provider that the child is known here. So each question is decided like a share:
it has a ground and a tier, a disclosure risk holds it, and either way it leaves a record. What
is asked is decided at a step of the clock, when no order of facts can change it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product
from typing import Final, Literal

from kinbridge.partnership.calendar import london_date
from kinbridge.partnership.care import CareTerms, Resource, Whose
from kinbridge.partnership.terms import Standing
from kinbridge.rules.calling_back import (
    SEARCHED,
    asked_by,
    called_back,
    no_longer,
    still_waiting,
)
from kinbridge.rules.causes import Cause, causes_of
from kinbridge.rules.portrait import Portrait
from kinbridge.rules.pregnancy import pregnancy_ended, unborn_at
from kinbridge.rules.situation import at_risk, in_need, meetings_over
from kinbridge.rules.state import AskedOf, ChildState
from kinbridge.rules.view import View
from kinbridge_schemas.base import Code, Id, derive_id
from kinbridge_schemas.concerns import SharingDecision
from kinbridge_schemas.disclosure import ON_HOLD
from kinbridge_schemas.events.contact import AssessmentStarted, ReferralReceived
from kinbridge_schemas.events.protection import (
    StrategyDiscussionRequested,
    StrategyDiscussionScheduled,
)
from kinbridge_schemas.identifiers import NhsNumber, Pseudonymiser, SubjectKey
from kinbridge_schemas.linked import ChildRecord
from kinbridge_schemas.retrieval import CareWanted, Retrieval, retrieval_id
from kinbridge_schemas.vocabulary import DisclosureTier, Role

_MONTH: Final = timedelta(days=30.5)
_AHEAD: Final = timedelta(days=90)
"""Appointments that are booked are looked for too: the next one is shown on an alert."""


@dataclass(frozen=True, slots=True)
class _Person:
    """About whom: the number that the authority told, and who it is to the child."""

    whose: Whose
    relation: Role
    number: NhsNumber


@dataclass(slots=True)
class Asked:
    """What is asked at this evaluation, and what there is still to ask at the next step.

    `shown` is what of it is about somebody whom the record still names.
    """

    asked: dict[Id, AskedOf]
    unasked: dict[Id, Code]
    waiting: dict[Id, Retrieval]
    recalls: int
    says: list[Retrieval | SharingDecision] = field(default_factory=list)
    shown: dict[Id, AskedOf] = field(default_factory=dict)
    waits: bool = False


def nothing_to_ask(record: ChildRecord, care: CareTerms | None) -> bool:
    """Whether no provider may be asked about this child."""
    return care is None or not care.servers or not record.open


def ask(
    portrait: Portrait, state: ChildState, pseudonymiser: Pseudonymiser, *, stepping: bool
) -> Asked:
    """Decide what is asked of which provider. Without a step of the clock nothing is."""
    result = _asked(portrait, state, pseudonymiser, stepping=stepping)
    keys = {pseudonymiser.of_nhs_number(n) for n in _numbers(portrait.view.record)}
    result.shown = {name: each for name, each in result.asked.items() if each.person in keys}
    return result


def _asked(
    portrait: Portrait, state: ChildState, pseudonymiser: Pseudonymiser, *, stepping: bool
) -> Asked:
    record, care = portrait.view.record, portrait.policy.care
    waiting = still_waiting(state.waiting, portrait.view.picture)
    before = _of_this_opening(state.asked, record)
    result = Asked(before, dict(state.unasked), waiting, state.recalls)
    _call_back(result, portrait, stepping=stepping)
    if care is None or not record.open or pregnancy_ended(portrait.view):
        return result
    causes, considered = causes_of(portrait), set[Id]()
    for person, server in product(_persons(record, care), care.servers):
        key = pseudonymiser.of_nhs_number(person.number)
        ids = {
            retrieval_id(server, key, "care", c.why, derive_id("cause", record.child, c.about)): c
            for c in causes
        }
        considered |= set(ids)
        fresh = {name: cause for name, cause in ids.items() if name not in result.asked}
        if not fresh:
            continue
        if not stepping:
            result.waits = True
            continue
        # What began together is one question, for the gravest reason.
        name, cause = next(iter(fresh.items()))
        again = _again(name, result.recalls)
        question = _Question(portrait, care, person, server, name, again, cause)
        asked = question.decided(result, key)
        if asked is not None:
            result.asked |= dict.fromkeys(fresh, asked)
    result.unasked = {n: why for n, why in result.unasked.items() if n in considered}
    return result


def _again(name: Id, recalls: int) -> Id:
    return derive_id("retrieval", name, str(recalls)) if recalls else name


def _call_back(result: Asked, portrait: Portrait, *, stepping: bool) -> None:
    """Call back what still waits, where nothing may be asked any more, or not of that person."""
    reason, named = no_longer(portrait.view), _numbers(portrait.view.record)
    gone = {
        name: question
        for name, question in result.waiting.items()
        if reason is not None or question.nhs_number not in named
    }
    if not gone:
        return
    if not stepping:
        result.waits = True
        return
    version = portrait.policy.policy_version
    # A number that was put right, or a relation that is none, leaves a stranger in the question.
    why = reason or "person-not-on-record"
    result.says += called_back(gone, version, why, portrait.as_of)
    # Should it be lifted, what was called back is asked again: as another question.
    result.recalls += 1
    result.asked = {n: each for n, each in result.asked.items() if each.retrieval not in gone}
    result.waiting = {n: each for n, each in result.waiting.items() if n not in gone}


def _numbers(record: ChildRecord) -> frozenset[NhsNumber]:
    """Everybody's whom the record names."""
    told = (record.nhs_number, *(related.nhs_number for related in record.related))
    return frozenset(number for number in told if number is not None)


def _of_this_opening(asked: dict[Id, AskedOf], record: ChildRecord) -> dict[Id, AskedOf]:
    return {name: each for name, each in asked.items() if each.opening == record.opening}


def _persons(record: ChildRecord, care: CareTerms) -> Iterator[_Person]:
    if "child" in care.whose and not record.unborn and record.nhs_number is not None:
        yield _Person("child", Role.CHILD, record.nhs_number)
    for related in record.related:
        if related.nhs_number is None:
            continue
        if related.relation is Role.MOTHER and record.unborn:
            if "mother-of-unborn" in care.whose:
                yield _Person("mother-of-unborn", Role.MOTHER, related.nhs_number)
        elif "main-carer" in care.whose and not record.unborn:
            yield _Person("main-carer", related.relation, related.nhs_number)


@dataclass(frozen=True, slots=True)
class _Question:
    """One question about one person to one server. `own` is its id, `name` that of its cause."""

    portrait: Portrait
    care: CareTerms
    person: _Person
    server: Code
    name: Id
    own: Id
    cause: Cause

    def decided(self, result: Asked, key: SubjectKey) -> AskedOf | None:
        """Ask, or record why not. Gives None while it is still to be decided."""
        view, policy = self.portrait.view, self.portrait.policy
        standing, tier = _standing(self.portrait), self._tier()
        kinds = self.care.resources[tier]
        asked = self._asked(key, kinds)
        if not kinds:
            return asked
        code = self.care.basis.get(standing) if standing else None
        basis = policy.basis(code, london_date(self.portrait.as_of)) if code else None
        if basis is None:
            missing = "no-ground-recorded" if standing is None else "no-basis-in-force"
            self._withhold(result, "do-not-share", missing)
            return None
        if at_risk(view):
            self._withhold(result, "hold", ON_HOLD, basis.code)
            return None
        result.unasked.pop(self.name, None)
        question = self._retrieval(key, kinds, tier, basis.code)
        result.says.append(question)
        result.waiting[self.own] = question
        result.says.append(self._decision("share", self.cause.why, basis.code, tier))
        return asked

    def _asked(self, key: SubjectKey, kinds: tuple[Resource, ...]) -> AskedOf:
        return AskedOf(
            retrieval=self.own,
            server=self.server,
            person=key,
            relation=self.person.relation,
            carer=self.person.whose == "main-carer",
            asked_for=tuple(SEARCHED[kind] for kind in kinds),
            opening=self.portrait.view.record.opening,
            at=self.portrait.as_of,
        )

    def _tier(self) -> DisclosureTier:
        # What care an adult has is not for the child's case: only whether a service knows them.
        if self.person.whose == "main-carer":
            return DisclosureTier.EXISTENCE
        return self.care.tier if self.portrait.protected else self.care.tier_otherwise

    def _retrieval(
        self, key: SubjectKey, kinds: tuple[Resource, ...], tier: DisclosureTier, basis: str
    ) -> Retrieval:
        record, as_of = self.portrait.view.record, self.portrait.as_of
        return Retrieval(
            id=self.own,
            destination=self.server,
            wanted=CareWanted(
                kinds=kinds,
                since=as_of - self.care.months * _MONTH,
                until=as_of + _AHEAD,
                tier=tier,
                basis=basis,
            ),
            nhs_number=self.person.number,
            person=key,
            relation=self.person.relation,
            child=record.child,
            authority=record.authority,
            why=self.cause.why,
            asked=as_of,
        )

    def _withhold(
        self,
        result: Asked,
        verdict: Literal["hold", "do-not-share"],
        reason: Code,
        basis: str | None = None,
    ) -> None:
        if result.unasked.get(self.name) != reason:
            result.unasked[self.name] = reason
            result.says.append(self._decision(verdict, reason, basis, None))

    def _decision(
        self,
        verdict: Literal["share", "hold", "do-not-share"],
        reason: Code,
        basis: str | None,
        tier: DisclosureTier | None,
    ) -> SharingDecision:
        rule, arm = asked_by(self.cause.why)
        when = self.portrait.as_of
        return SharingDecision(
            id=derive_id("decision", self.own, verdict, reason, when.isoformat()),
            child=self.portrait.view.record.child,
            concern=self.own,
            rule=rule,
            arm=arm,
            roles=(),
            decision=verdict,
            reason=reason,
            tier=tier,
            basis=basis,
            policy_version=self.portrait.policy.policy_version,
            facts=self.cause.facts,
            asked=self.server,
            decided=when,
        )


def _standing(portrait: Portrait) -> Standing | None:
    """On what it rests now: agreement where there is no plan; None for no ground at all."""
    view, held, now = portrait.view, portrait.situation, portrait.as_of
    protection = held.protection_plan or held.s47_open or _discussed(view)
    need = in_need(view) or view.has(ReferralReceived, AssessmentStarted)
    if unborn_at(view, now):
        assessed = held.pre_birth_assessment in {"required", "started"}
        if protection or need or assessed:
            return "unborn"
    elif held.looked_after:
        return "looked-after"
    elif protection:
        return "protection"
    if portrait.agreed:
        return "family-help"
    return "child-in-need" if need and not view.record.unborn else None


def _discussed(view: View) -> bool:
    """Whether a strategy discussion is called: it is for reasonable cause to suspect harm."""
    over = meetings_over(view)
    called = [d.meeting_id for _, d in view.of(StrategyDiscussionRequested)]
    called += [d.meeting_id for _, d in view.of(StrategyDiscussionScheduled)]
    return any(meeting not in over for meeting in called)
