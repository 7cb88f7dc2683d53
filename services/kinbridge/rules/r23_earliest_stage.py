"""R23: health's input at the earliest stage. Pure.

A contact, referral, assessment or Family Help start for a child whose health picture the team
does not have asks the health role of that stage, by a due time. An answer ends it; no answer
by then is shown as NO_RESPONSE, which is not "nothing known". It needs the family's recorded
agreement, or a ground of child in need or protection.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from kinbridge.partnership.model import Partnership
from kinbridge.partnership.terms import Asking, Standing
from kinbridge.rules.finding import Ask, Finding, Found, day_text, enabled, is_history, time_text
from kinbridge.rules.picture import Account
from kinbridge.rules.pregnancy import pregnancy_ended, unborn_at
from kinbridge.rules.situation import OWN, agreed, in_need, looked_after, protected
from kinbridge.rules.view import View
from kinbridge_schemas.base import derive_id
from kinbridge_schemas.concerns import Check
from kinbridge_schemas.events.contact import (
    AssessmentStarted,
    ContactReceived,
    FamilyHelpEpisodeStarted,
    ReferralReceived,
)
from kinbridge_schemas.events.knowledge import HealthResponseSupplied
from kinbridge_schemas.vocabulary import InputStatus, Urgency

TRIGGERS: Final = frozenset(
    {
        "contact_received",
        "referral_received",
        "assessment_started",
        "family_help_episode_started",
    }
)
_ENDS: Final = frozenset({InputStatus.DATA, InputStatus.NO_DATA, InputStatus.NOT_PERMITTED})
_KNOWN: Final = frozenset({InputStatus.DATA, InputStatus.NO_DATA})
_WORDS: Final = ("a contact", "a referral", "an assessment", "Family Help")


def raises(account: Account) -> bool:
    return account.detail.kind in TRIGGERS


@dataclass(frozen=True, slots=True)
class _Stage:
    """One beginning, and who is asked for it. `rank` orders beginnings of one moment."""

    rank: int
    account: Account
    asking: Asking
    urgent: bool = False

    @property
    def order(self) -> tuple[datetime, int, str]:
        return (self.account.occurred.at, self.rank, self.account.fact)


def find(view: View, clock: datetime, policy: Partnership) -> Found:
    if not enabled(policy.rules.r23, view) or not view.has(
        ContactReceived, ReferralReceived, AssessmentStarted, FamilyHelpEpisodeStarted
    ):
        return Found()
    stages = sorted(_stages(view, policy), key=lambda stage: stage.order)
    findings: list[Finding] = []
    looks: list[datetime] = []
    for index, stage in enumerate(stages):
        if not is_history(stage.account, stage.account.occurred.at, policy):
            answer = _answer(view, stage)
            reason = _end(view, policy, stage, stages[:index], answer)
            if reason is None:
                looks.append(_due(policy, stage))
            if reason is None or stage.account.fact in view.heard:
                findings.append(_finding(view, clock, policy, stage, answer, reason))
    return Found(tuple(findings), min((at for at in looks if at > clock), default=None))


def _stages(view: View, policy: Partnership) -> list[_Stage]:
    terms = policy.rules.r23
    found = [_Stage(0, a, terms.contact, d.urgent) for a, d in view.of(ContactReceived)]
    found += [_Stage(1, a, terms.referral) for a, _ in view.of(ReferralReceived)]
    found += [_Stage(2, a, terms.assessment) for a, _ in view.of(AssessmentStarted)]
    found += [_Stage(3, a, terms.help) for a, _ in view.of(FamilyHelpEpisodeStarted)]
    return [stage for stage in found if stage.account.relation in OWN]


def _finding(
    view: View,
    clock: datetime,
    policy: Partnership,
    stage: _Stage,
    answer: InputStatus | None,
    reason: str | None,
) -> Finding:
    due = _due(policy, stage)
    late = reason is None and (clock >= due or answer is InputStatus.NO_RESPONSE)
    fact = stage.account.fact
    return Finding(
        rule="R23",
        about=fact,
        recorded=stage.account.recorded,
        status="active" if reason is None else "ended",
        reason=reason,
        urgency=_urgency(policy, stage, late=late),
        standing=_standing(view, policy, stage),
        checks=(_check(stage, answer, late=late, due=due),),
        why=f"{_WORDS[stage.rank].capitalize()} began on {day_text(stage.account.occurred.at)},"
        " and the team does not have the child's health picture.",
        threshold=f"Asked of health at once; an answer is due by {time_text(due)}.",
        ask=Ask(
            what="health-information",
            sentence=(
                "Please say whether your service knows this child, and whom to speak to; or that"
                " it does not, or may not say."
            ),
            by=due,
            owner=stage.asking.owner,
            request_id=request_id(view, stage.account),
        ),
    )


def request_id(view: View, account: Account) -> str:
    """The id of the request to health that a beginning makes; its answer names it."""
    return derive_id("request", view.record.child, account.fact)


def _due(policy: Partnership, stage: _Stage) -> datetime:
    time = policy.working_time
    day = time.add_working_days(stage.account.occurred.at, stage.asking.due_working_days)
    return time.duty_end(day)


def _answer(view: View, stage: _Stage) -> InputStatus | None:
    """The latest answer to the request; one that says something counts above silence."""
    wanted = request_id(view, stage.account)
    told = [(a, d) for a, d in view.of(HealthResponseSupplied) if d.request_id == wanted]
    if not told:
        return None
    latest = max(told, key=lambda t: (t[1].status in _ENDS, t[0].observed, t[0].event))
    return latest[1].status


def _end(
    view: View,
    policy: Partnership,
    stage: _Stage,
    before: list[_Stage],
    answer: InputStatus | None,
) -> str | None:
    if answer in _ENDS:
        return answer.value
    if pregnancy_ended(view):
        return "no-longer-applies"
    if any(_answers_for(view, policy, earlier, stage) for earlier in before):
        return "asked-already"
    return None


def _answers_for(view: View, policy: Partnership, earlier: _Stage, stage: _Stage) -> bool:
    """Whether an earlier beginning has asked, or had answered, what this one would ask."""
    if view.permissive and earlier.account.fresh:
        return False  # it may have come after this one: then this one did ask
    since = stage.account.occurred.at - timedelta(days=policy.rules.r23.fresh_days)
    if earlier.account.occurred.at < since:
        return False
    answer = _answer(view, earlier)
    same_role = earlier.asking.owner == stage.asking.owner
    return answer in _KNOWN or (same_role and answer not in _ENDS)


def _urgency(policy: Partnership, stage: _Stage, *, late: bool) -> Urgency:
    terms = policy.rules.r23
    urgency = terms.urgent if stage.urgent else terms.urgency
    return min(urgency, terms.overdue) if late else urgency


def _standing(view: View, policy: Partnership, stage: _Stage) -> Standing | None:
    """On what it rests: agreement first, else protection, else need; None for no ground."""
    if agreed(view, policy.agreement_scope):
        return "family-help"
    at = stage.account.occurred.at
    harm = protected(view, at) or _harm(view, policy)
    need = in_need(view) or view.has(ReferralReceived, AssessmentStarted)
    if any(span.covers(at) for span in looked_after(view)):
        return "looked-after"
    if unborn_at(view, at):
        return "unborn" if harm or need else None
    if harm:
        return "protection"
    return "child-in-need" if need else None


def _harm(view: View, policy: Partnership) -> bool:
    """Whether a concern of harm is recorded: an urgent contact, or the need that was coded."""
    terms = policy.rules.r23
    urgent = any(contact.urgent for _, contact in view.of(ContactReceived))
    needs = {referral.primary_need for _, referral in view.of(ReferralReceived)}
    return (urgent and terms.urgent_contact_is_harm) or bool(needs & set(terms.harm_needs))


def _check(stage: _Stage, answer: InputStatus | None, *, late: bool, due: datetime) -> Check:
    if answer in _ENDS:
        return Check(what="health-information", answer=answer)
    if late:
        return Check(what="health-information", answer=InputStatus.NO_RESPONSE, as_of=due)
    recorded = stage.account.recorded
    return Check(what="health-information", answer=InputStatus.UNKNOWN, as_of=recorded)
