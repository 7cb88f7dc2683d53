"""What a rule gives back, and the plain words and dates that all rules use. Pure.

A finding is what a rule saw, before anybody is told: for whom it is, at which tier and on
what ground is decided afterwards, by the policy.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, Protocol

from kinbridge.partnership.model import Partnership
from kinbridge.partnership.terms import RuleTerms, Standing
from kinbridge.rules.picture import Account
from kinbridge.rules.view import View
from kinbridge_schemas.base import derive_id
from kinbridge_schemas.concerns import Check, RuleCode
from kinbridge_schemas.events.knowledge import HealthFactVerified, VerifiedFact
from kinbridge_schemas.identifiers import ChildRef
from kinbridge_schemas.times import LONDON
from kinbridge_schemas.vocabulary import (
    InputStatus,
    Provider,
    RoleCode,
    Service,
    ServiceArm,
    Urgency,
)

SILENT: Final = "no-longer-applies"
"""The reason of a withdrawal that must not be told apart from any other."""

_SAID: Final = frozenset(VerifiedFact) - {VerifiedFact.PREGNANCY_ENDED, VerifiedFact.UNKNOWN}


_ARMS: Final[tuple[ServiceArm, ...]] = ("family-help", "macpt")
_NOBODY: Final = Provider()


@dataclass(frozen=True, slots=True)
class Shown:
    """A fact that a finding rests on, and our own word for its outcome."""

    account: Account
    at: datetime
    service: Service
    outcome: str
    provider: Provider = _NOBODY
    place: str | None = None
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked, in our words. `owner` replaces the recipient's; `by` is the answer's time."""

    what: str
    sentence: str
    by: datetime | None = None
    owner: RoleCode | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule saw about one thing.

    `about` names the thing, `recorded` when it first reached us. It may be said from
    `say_at` on (None: at once). A `deadline` is an absence: it is first said only when the
    clock has moved. `protected`: under a plan or enquiry, or looked after, when it happened.
    `standing` is None where no ground is recorded, so nothing may be shared.
    """

    rule: RuleCode
    about: str
    recorded: datetime
    status: Literal["active", "withdrawn", "ended"]
    urgency: Urgency
    standing: Standing | None
    why: str
    threshold: str
    ask: Ask
    reason: str | None = None
    protected: bool = False
    say_at: datetime | None = None
    deadline: bool = False
    never_suppressed: bool = False
    facts: tuple[Shown, ...] = ()
    corrects: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    handling: tuple[str, ...] = ()
    stays_open: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What a rule found, and when it wants to look again though nothing comes."""

    findings: tuple[Finding, ...] = ()
    look_at: datetime | None = None


class Rule(Protocol):
    """`rule(view, clock, policy)`: pure. The same picture and clock give the same findings."""

    def __call__(self, view: View, clock: datetime, policy: Partnership, /) -> Found: ...


def is_history(account: Account, at: datetime, policy: Partnership) -> bool:
    """Whether something was long past when it first reached us: then it raises nothing."""
    return (account.recorded - at).days >= policy.history_days


def answer_by(policy: Partnership, urgency: Urgency, since: datetime) -> datetime:
    """By when an alert of this urgency is to be acknowledged."""
    terms = policy.urgencies[urgency]
    if terms.clock == "working":
        return policy.working_time.add_working_minutes(since, terms.ack_minutes)
    return datetime.fromtimestamp(since.timestamp() + terms.ack_minutes * 60, since.tzinfo)


def verified(view: View, *ids: str) -> tuple[Account, HealthFactVerified] | None:
    """The latest verified fact that corrects one of these facts or concerns."""
    found = [
        told for told in view.of(HealthFactVerified) if not set(ids).isdisjoint(told[1].corrects)
    ]
    return max(found, key=lambda told: (told[0].observed, told[0].event), default=None)


def verified_for(
    view: View, rule: RuleCode, about: str, *facts: str
) -> tuple[Account, HealthFactVerified] | None:
    """The same for a rule's own concern: who may not see facts corrects the concern itself."""
    if not view.has(HealthFactVerified):
        return None
    concerns = (concern_id(rule, view.record.child, arm, about) for arm in _ARMS)
    return verified(view, *facts, *concerns)


def concern_id(rule: RuleCode, child: ChildRef, arm: ServiceArm, about: str) -> str:
    """The id of a concern: finding the same thing again gives the same one."""
    return derive_id("concern", rule, child, arm, about)


def verified_reason(fact: HealthFactVerified) -> str:
    """The reason that a verified fact gives; a pregnancy that ended is never said."""
    return fact.fact.value if fact.fact in _SAID else SILENT


def day_text(at: datetime) -> str:
    """A date as it is spoken: 5 October 2026, in Europe/London."""
    local = at.astimezone(LONDON)
    return f"{local.day} {local:%B %Y}"


def time_text(at: datetime) -> str:
    local = at.astimezone(LONDON)
    return f"{day_text(at)} at {local:%H:%M}"


def check(what: str, view: View, clock: datetime, policy: Partnership, *found: Account) -> Check:
    """What was looked for: found, not found, or not to be known because a source is behind."""
    if found:
        return Check(what=what, answer=InputStatus.DATA, as_of=max(a.observed for a in found))
    behind = (view.picture.recorded - clock).total_seconds() > policy.stale_minutes * 60
    answer = InputStatus.STALE if behind else InputStatus.NO_DATA
    return Check(what=what, answer=answer, as_of=clock)


def enabled(terms: RuleTerms, view: View) -> bool:
    return terms.enabled and not view.record.shielded
