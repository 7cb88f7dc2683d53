"""R4: a strategy discussion has a time, or another time: the health lead prepares. Pure.

One concern for each discussion, said at the next clock record: moving it revises the concern.
It ends when the discussion is cancelled or held, and when its time has come. What is asked for
is who holds what about the child, and whom to speak to; what they hold is asked of them.
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
    enabled,
    is_history,
    time_text,
)
from kinbridge.rules.planned import STRATEGY, Planned, over, planned, status_of
from kinbridge.rules.pregnancy import unborn_at
from kinbridge.rules.view import View
from kinbridge_schemas.vocabulary import Service

TRIGGERS: Final = frozenset({"strategy_discussion_scheduled", "strategy_discussion_rescheduled"})


def find(view: View, clock: datetime, policy: Partnership) -> Found:
    if not enabled(policy.rules.r4, view):
        return Found()
    findings: list[Finding] = []
    looks: list[datetime] = []
    for meeting in planned(view):
        if meeting.kind != STRATEGY or is_history(meeting.account, meeting.start, policy):
            continue
        reason = over(view, meeting, clock)
        if reason is None:
            looks.append(meeting.start)
        if reason is None or meeting.meeting in view.heard:
            findings.append(_finding(view, policy, meeting, reason))
    return Found(tuple(findings), min(looks, default=None))


def _finding(view: View, policy: Partnership, meeting: Planned, reason: str | None) -> Finding:
    terms = policy.rules.r4
    known = meeting.account.recorded
    short = meeting.start - known < timedelta(hours=terms.urgent_hours)
    urgency = terms.urgent if short else terms.urgency
    return Finding(
        rule="R4",
        about=meeting.meeting,
        recorded=known,
        status=status_of(reason),
        reason=reason,
        urgency=urgency,
        standing="unborn" if unborn_at(view, known) else "protection",
        protected=True,
        deadline=True,
        facts=(_shown(meeting),),
        why=f"A strategy discussion is to be held on {time_text(meeting.start)}.",
        threshold=(
            "Each strategy discussion, and each change of its time; urgent with less than"
            f" {terms.urgent_hours} hours' notice."
        ),
        ask=Ask(
            what="prepare-health-pack",
            sentence=(
                "Please find who of health holds something about this child and whom to speak"
                " to, and see that health takes part."
            ),
            by=min(answer_by(policy, urgency, known), meeting.start),
        ),
        handling=("short-notice",) if short else (),
    )


def _shown(meeting: Planned) -> Shown:
    return Shown(meeting.account, meeting.start, Service.UNKNOWN, "strategy-discussion-planned")
