"""R3: a child with a plan, an open enquiry or a pre-birth assessment is born. Pure.

At once, and never suppressed. It starts the clock of the review conference or core group, in
calendar days. One concern for each baby, whoever reports the birth first. Never on a
stillbirth: there a person speaks.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from kinbridge.partnership.calendar import london_date
from kinbridge.partnership.model import Partnership
from kinbridge.rules.finding import (
    SILENT,
    Ask,
    Finding,
    Found,
    Shown,
    answer_by,
    check,
    day_text,
    enabled,
    is_history,
    time_text,
    verified_for,
    verified_reason,
)
from kinbridge.rules.picture import Account
from kinbridge.rules.pregnancy import births, pregnancy_ended
from kinbridge.rules.situation import assessing, protected
from kinbridge.rules.view import View
from kinbridge_schemas.base import derive_id
from kinbridge_schemas.events.maternity import BirthNotified
from kinbridge_schemas.events.protection import CoreGroupHeld, ReviewHeld
from kinbridge_schemas.times import start_of
from kinbridge_schemas.vocabulary import Precision, Provider, Service

TRIGGERS: Final = frozenset({"birth_notified", "unborn_born"})
_CONDITIONS: Final = frozenset(
    {
        "cp_plan_started",
        "s47_started",
        "pre_birth_assessment_required",
        "assessment_started",
        "unborn_born",
    }
)
_UNBORN_SINCE: Final = timedelta(days=1)


def raises(account: Account) -> bool:
    detail = account.detail
    if isinstance(detail, BirthNotified):
        return detail.live is not False
    return detail.kind in _CONDITIONS


def find(view: View, clock: datetime, policy: Partnership) -> Found:
    if not enabled(policy.rules.r3, view):
        return Found()
    babies: dict[int, list[Account]] = {}
    for account in births(view):
        babies.setdefault(_order(account), []).append(account)
    findings: list[Finding] = []
    looks: list[datetime] = []
    for order, accounts in sorted(babies.items()):
        found = _finding(view, clock, policy, order, accounts)
        if found is not None:
            findings.append(found)
            looks.append(_review_over(policy, accounts[0]))
    return Found(tuple(findings), min((at for at in looks if at > clock), default=None))


def _order(account: Account) -> int:
    detail = account.detail
    if isinstance(detail, BirthNotified) and (detail.births or 1) > 1:
        return detail.birth_order or 1
    return 1


def _finding(
    view: View, clock: datetime, policy: Partnership, order: int, accounts: list[Account]
) -> Finding | None:
    birth = accounts[0]
    at = birth.occurred.at
    grace = timedelta(days=1)
    risk = protected(view, at, grace)
    if is_history(birth, at, policy) or not (risk or assessing(view, at, grace)):
        return None
    record = view.record
    if not record.unborn and record.born and abs(record.born - at) > _UNBORN_SINCE:
        return None
    terms = policy.rules.r3
    since = min(a.recorded for a in accounts)
    about = derive_id("birth", record.child, str(record.opening), str(order))
    reason = _reason(view, about, accounts)
    if reason is not None and about not in view.heard:
        return None
    return Finding(
        rule="R3",
        about=about,
        recorded=since,
        status="active" if reason is None else "withdrawn",
        reason=reason,
        urgency=terms.urgency,
        standing="protection" if risk else "child-in-need",
        protected=risk,
        never_suppressed=True,
        facts=tuple(_shown(a) for a in accounts),
        corrects=tuple(a.fact for a in accounts) if reason else (),
        checks=(check("review-or-core-group", view, clock, policy, *_reviews(view, at)),),
        why=f"A birth is recorded: {_moment(birth)}.",
        threshold=(
            f"At once. Review conference or core group within {terms.review_days} days of birth,"
            f" by {day_text(_review_by(policy, birth))};"
            f" {terms.review_days_unfit} days if the mother is not fit."
        ),
        ask=_ask(policy, accounts, since),
        handling=_handling(accounts),
        stays_open=_clock(view, clock, policy, birth),
    )


def _reason(view: View, about: str, accounts: list[Account]) -> str | None:
    if pregnancy_ended(view):
        return SILENT
    corrected = verified_for(view, "R3", about, *(a.fact for a in accounts))
    return verified_reason(corrected[1]) if corrected else None


def _stated(accounts: list[Account]) -> bool:
    """Whether any source says that the child is alive."""
    return any(not isinstance(a.detail, BirthNotified) or a.detail.live for a in accounts)


def _shown(account: Account) -> Shown:
    detail = account.detail
    if not isinstance(detail, BirthNotified):
        return Shown(account, account.occurred.at, Service.UNKNOWN, "birth-recorded-by-authority")
    outcome = "live-birth" if detail.live else "outcome-not-stated"
    provider: Provider = detail.provider
    return Shown(account, account.occurred.at, Service.MATERNITY, outcome, provider, provider.name)


def _moment(birth: Account) -> str:
    if birth.occurred.precision is Precision.INSTANT:
        return time_text(birth.occurred.at)
    return day_text(birth.occurred.at)


def _ask(policy: Partnership, accounts: list[Account], since: datetime) -> Ask:
    sentence = (
        "Please tell those who hold the plan, arrange the review or core group, and see that a"
        " person confirms the baby's NHS number before it is used."
    )
    if not _stated(accounts):
        sentence = (
            "The notification does not say how the birth ended. Please speak to maternity before"
            " anybody contacts the family."
        )
    return Ask("act-on-birth", sentence, answer_by(policy, policy.rules.r3.urgency, since))


def _handling(accounts: list[Account]) -> tuple[str, ...]:
    return () if _stated(accounts) else ("confirm-with-maternity-before-contact",)


def _review_by(policy: Partnership, birth: Account) -> datetime:
    """The last day for the review: calendar days, counted from the day after the birth."""
    last = london_date(birth.occurred.at) + timedelta(days=policy.rules.r3.review_days)
    return start_of(last)


def _review_over(policy: Partnership, birth: Account) -> datetime:
    return start_of(london_date(_review_by(policy, birth)) + timedelta(days=1))


def _reviews(view: View, since: datetime) -> list[Account]:
    held = [a for a, _ in view.of(ReviewHeld)]
    held += [a for a, _ in view.of(CoreGroupHeld)]
    return [a for a in held if london_date(a.occurred.at) >= london_date(since)]


def _clock(view: View, clock: datetime, policy: Partnership, birth: Account) -> tuple[str, ...]:
    if _reviews(view, birth.occurred.at):
        return ()
    by = london_date(_review_by(policy, birth))
    late = clock >= _review_over(policy, birth)
    return (f"review-or-core-group-{'late-since' if late else 'by'}-{by}",)
