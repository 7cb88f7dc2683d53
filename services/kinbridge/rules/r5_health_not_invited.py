"""R5: a meeting is near, and health is not invited to it or has not answered. Pure.

Judged on the clock, at the policy's times before the start, of every meeting with a time: one
concern for each, more urgent as the start comes closer. An invitation that named another time
is none to this one. It ends with an answer of any kind, and with the meeting.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from kinbridge.partnership.model import Partnership
from kinbridge.rules.finding import (
    Ask,
    Finding,
    Found,
    Shown,
    answer_by,
    check,
    enabled,
    is_history,
    time_text,
)
from kinbridge.rules.planned import Planned, invitations, over, planned, replies, status_of
from kinbridge.rules.pregnancy import unborn_at
from kinbridge.rules.view import View
from kinbridge_schemas.base import Id, derive_id
from kinbridge_schemas.vocabulary import Service

TRIGGERS: Final = frozenset(
    {
        "strategy_discussion_scheduled",
        "strategy_discussion_rescheduled",
        "meeting_scheduled",
    }
)


def about(meeting: Id) -> Id:
    """Name what is missing of a meeting: another thing than the meeting itself."""
    return derive_id("unanswered", meeting)


def find(view: View, clock: datetime, policy: Partnership) -> Found:
    if not enabled(policy.rules.r5, view):
        return Found()
    findings: list[Finding] = []
    looks: list[datetime] = []
    for meeting in planned(view):
        if is_history(meeting.account, meeting.start, policy):
            continue
        times = _times(policy, meeting)
        reason = over(view, meeting, clock)
        if reason is None and replies(view, meeting):
            reason = "answered-by-health"
        if reason is None:
            looks += [*times, meeting.start]
        passed = [at for at in times if at <= clock]
        heard = about(meeting.meeting) in view.heard
        if (reason is None and passed) or (reason is not None and heard):
            since = passed[-1] if passed else clock
            findings.append(_finding(view, clock, policy, meeting, reason, since))
    return Found(tuple(findings), min((at for at in looks if at > clock), default=None))


def _times(policy: Partnership, meeting: Planned) -> list[datetime]:
    """When it is judged: so long before the start, and never before there was time to invite."""
    terms = policy.rules.r5
    grace = meeting.account.recorded + timedelta(minutes=terms.grace_minutes)
    before = (meeting.start - timedelta(minutes=m) for m in terms.before_minutes)
    times = {max(at, grace) for at in before}
    return sorted(at for at in times if at < meeting.start)


def _finding(
    view: View,
    clock: datetime,
    policy: Partnership,
    meeting: Planned,
    reason: str | None,
    since: datetime,
) -> Finding:
    terms = policy.rules.r5
    near = meeting.start - since <= timedelta(minutes=terms.urgent_minutes)
    urgency = terms.urgent if near else terms.urgency
    invited = invitations(view, meeting)
    missing = "has not answered its invitation" if invited else "is not invited"
    return Finding(
        rule="R5",
        about=about(meeting.meeting),
        recorded=meeting.account.recorded,
        status=status_of(reason),
        reason=reason,
        urgency=urgency,
        standing="unborn" if unborn_at(view, meeting.account.recorded) else "protection",
        protected=True,
        deadline=True,
        facts=(Shown(meeting.account, meeting.start, Service.UNKNOWN, f"{meeting.kind}-planned"),),
        checks=(
            check("health-invited", view, clock, policy, *invited),
            check("health-answered", view, clock, policy, *replies(view, meeting)),
        ),
        why=f"A meeting is to be held on {time_text(meeting.start)}, and health {missing}.",
        threshold="Health invited, and answered, before each meeting: looked at as it comes near.",
        ask=Ask(
            what="invite-health",
            sentence="Please see that health is invited and that somebody of health takes part.",
            by=min(answer_by(policy, urgency, since), meeting.start),
        ),
    )
