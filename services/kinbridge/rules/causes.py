"""What there is to ask providers for: a case that opened, or that became graver. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kinbridge.rules.calling_back import AT_OPENING
from kinbridge.rules.finding import is_history
from kinbridge.rules.picture import Account
from kinbridge.rules.portrait import Portrait
from kinbridge.rules.situation import OWN, meetings_over
from kinbridge_schemas.base import Id
from kinbridge_schemas.events.protection import (
    CpPlanStarted,
    S47Started,
    StrategyDiscussionRequested,
    StrategyDiscussionScheduled,
)

Why = Literal["strategy-discussion", "section-47", "protection-plan", "case-opened"]


@dataclass(frozen=True, slots=True)
class Cause:
    """Why providers are asked: what began, and which opening or fact it is."""

    why: Why
    about: str
    facts: tuple[Id, ...] = ()


def causes_of(portrait: Portrait) -> list[Cause]:
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
        Cause("strategy-discussion", meeting, tuple(sorted(facts)))
        for meeting, facts in sorted(called.items())
    ]
    found += [
        Cause("section-47", d.s47_id, (a.fact,))
        for a, d in sorted(view.of(S47Started), key=_by_fact)
        if _counts(portrait, a)
    ]
    found += [
        Cause("protection-plan", d.plan_id, (a.fact,))
        for a, d in sorted(view.of(CpPlanStarted), key=_by_fact)
        if _counts(portrait, a)
    ]
    return [*found, Cause(AT_OPENING, str(view.record.opening))]


def _by_fact(told: tuple[Account, object]) -> Id:
    return told[0].fact


def _counts(portrait: Portrait, account: Account) -> bool:
    """The child's own, and news: what began long ago is covered by the case's opening."""
    return account.relation in OWN and not is_history(
        account, account.occurred.at, portrait.policy
    )
