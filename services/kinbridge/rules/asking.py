"""Ask providers for recent care when a case opens or becomes graver. Pure.

Asking tells a provider that the child is known here. So each question is decided like a share:
it has a ground and a tier, a disclosure risk holds it, and either way it leaves a record. What
is asked is decided at a step of the clock, when no order of facts can change it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product
from typing import Final, Literal

from kinbridge.partnership.calendar import london_date
from kinbridge.partnership.care import CareTerms, Resource, Whose
from kinbridge.partnership.terms import Standing
from kinbridge.rules.finding import is_history
from kinbridge.rules.picture import Account
from kinbridge.rules.portrait import Portrait
from kinbridge.rules.pregnancy import pregnancy_ended, unborn_at
from kinbridge.rules.situation import OWN, at_risk, in_need, meetings_over
from kinbridge.rules.state import AskedOf, ChildState
from kinbridge.rules.view import View
from kinbridge_schemas.base import Code, Id, derive_id
from kinbridge_schemas.concerns import SharingDecision
from kinbridge_schemas.disclosure import ON_HOLD
from kinbridge_schemas.events.contact import AssessmentStarted, ReferralReceived
from kinbridge_schemas.events.protection import (
    CpPlanStarted,
    S47Started,
    StrategyDiscussionRequested,
    StrategyDiscussionScheduled,
)
from kinbridge_schemas.identifiers import NhsNumber, Pseudonymiser, SubjectKey
from kinbridge_schemas.linked import ChildRecord
from kinbridge_schemas.retrieval import CareWanted, Retrieval, retrieval_id
from kinbridge_schemas.vocabulary import DisclosureTier, Role

Why = Literal["strategy-discussion", "section-47", "protection-plan", "case-opened"]

_ASKED_FOR: Final[Mapping[Resource, Literal["appointments", "encounters"]]] = {
    "Appointment": "appointments",
    "Encounter": "encounters",
}
_MONTH: Final = timedelta(days=30.5)
_AHEAD: Final = timedelta(days=90)
"""Appointments that are booked are looked for too: the next one is shown on an alert."""


@dataclass(frozen=True, slots=True)
class _Cause:
    """Why providers are asked: what began, and which opening or fact it is."""

    why: Why
    about: str
    facts: tuple[Id, ...] = ()


@dataclass(frozen=True, slots=True)
class _Person:
    """About whom: the number that the authority told, and who it is to the child."""

    whose: Whose
    relation: Role
    number: NhsNumber


@dataclass(slots=True)
class Asked:
    """What is asked at this evaluation, and what there is still to ask at the next step."""

    asked: dict[Id, AskedOf]
    unasked: dict[Id, Code]
    says: list[Retrieval | SharingDecision] = field(default_factory=list)
    waits: bool = False


def nothing_to_ask(record: ChildRecord, care: CareTerms | None) -> bool:
    """Whether no provider may be asked about this child."""
    return care is None or not care.servers or not record.open


def ask(
    portrait: Portrait, state: ChildState, pseudonymiser: Pseudonymiser, *, stepping: bool
) -> Asked:
    """Decide what is asked of which provider. Without a step of the clock nothing is."""
    record, care = portrait.view.record, portrait.policy.care
    result = Asked(_of_this_opening(state.asked, record), dict(state.unasked))
    if care is None or not record.open or pregnancy_ended(portrait.view):
        return result
    causes, considered = _causes(portrait), set[Id]()
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
        question = _Question(portrait, care, person, server, name, cause)
        asked = question.decided(result, key)
        if asked is not None:
            result.asked |= dict.fromkeys(fresh, asked)
    result.unasked = {n: why for n, why in result.unasked.items() if n in considered}
    return result


def _of_this_opening(asked: dict[Id, AskedOf], record: ChildRecord) -> dict[Id, AskedOf]:
    return {name: each for name, each in asked.items() if each.opening == record.opening}


def _causes(portrait: Portrait) -> list[_Cause]:
    """What there is to ask for, the gravest first."""
    view = portrait.view
    over = meetings_over(view)
    called: dict[str, list[Id]] = {}
    for account, requested in view.of(StrategyDiscussionRequested):
        if _counts(portrait, account) and requested.meeting_id not in over:
            called.setdefault(requested.meeting_id, []).append(account.fact)
    for account, planned in view.of(StrategyDiscussionScheduled):
        if _counts(portrait, account) and planned.meeting_id not in over:
            called.setdefault(planned.meeting_id, []).append(account.fact)
    found = [
        _Cause("strategy-discussion", meeting, tuple(sorted(facts)))
        for meeting, facts in sorted(called.items())
    ]
    found += [
        _Cause("section-47", d.s47_id, (a.fact,))
        for a, d in sorted(view.of(S47Started), key=_by_fact)
        if _counts(portrait, a)
    ]
    found += [
        _Cause("protection-plan", d.plan_id, (a.fact,))
        for a, d in sorted(view.of(CpPlanStarted), key=_by_fact)
        if _counts(portrait, a)
    ]
    return [*found, _Cause("case-opened", str(view.record.opening))]


def _by_fact(told: tuple[Account, object]) -> Id:
    return told[0].fact


def _counts(portrait: Portrait, account: Account) -> bool:
    """The child's own, and news: what began long ago is covered by the case's opening."""
    return account.relation in OWN and not is_history(
        account, account.occurred.at, portrait.policy
    )


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
    """One question about one person to one server."""

    portrait: Portrait
    care: CareTerms
    person: _Person
    server: Code
    name: Id
    cause: _Cause

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
        result.says.append(self._retrieval(key, kinds, tier, basis.code))
        result.says.append(self._decision("share", self.cause.why, basis.code, tier))
        return asked

    def _asked(self, key: SubjectKey, kinds: tuple[Resource, ...]) -> AskedOf:
        return AskedOf(
            retrieval=self.name,
            server=self.server,
            person=key,
            relation=self.person.relation,
            asked_for=tuple(_ASKED_FOR[kind] for kind in kinds),
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
            id=self.name,
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
        early = self.cause.why == "case-opened"
        when = self.portrait.as_of
        return SharingDecision(
            id=derive_id("decision", self.name, verdict, reason, when.isoformat()),
            child=self.portrait.view.record.child,
            concern=self.name,
            rule="R23" if early else "R6",
            arm="family-help" if early else "macpt",
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
