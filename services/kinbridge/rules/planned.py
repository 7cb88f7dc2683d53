"""The meetings of a child that have a time, and who of health was asked and answered. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from kinbridge.rules.finding import SILENT
from kinbridge.rules.picture import Account
from kinbridge.rules.pregnancy import pregnancy_ended
from kinbridge.rules.situation import OWN
from kinbridge.rules.view import View, read_once
from kinbridge_schemas.base import Id
from kinbridge_schemas.events.protection import (
    IcpcHeld,
    MeetingCancelled,
    MeetingInvitationResponded,
    MeetingInvitationSent,
    MeetingScheduled,
    StrategyDiscussionCancelled,
    StrategyDiscussionHeld,
    StrategyDiscussionRescheduled,
    StrategyDiscussionScheduled,
)

STRATEGY: Final = "strategy-discussion"
HEALTH: Final = "health"


Status = Literal["active", "withdrawn", "ended"]


@dataclass(frozen=True, slots=True)
class Planned:
    """A meeting with its time. `account` gave the time that holds; `over` is how it ended."""

    meeting: Id
    kind: str
    start: datetime
    account: Account
    over: str | None


@read_once
def planned(view: View) -> list[Planned]:
    """Every meeting that was given a time, by its id; the latest word about its time holds."""
    ended = _ended(view)
    found: dict[Id, Planned] = {}
    for account, meeting, kind, start in sorted(_times(view), key=_by_saying):
        found[meeting] = Planned(meeting, kind, start, account, ended.get(meeting))
    return [found[meeting] for meeting in sorted(found)]


_Time = tuple[Account, Id, str, datetime]


def _times(view: View) -> list[_Time]:
    times: list[_Time] = []
    for account, first in view.of(StrategyDiscussionScheduled):
        times.append((account, first.meeting_id, STRATEGY, first.start_at))
    for account, moved in view.of(StrategyDiscussionRescheduled):
        times.append((account, moved.meeting_id, STRATEGY, moved.start_at))
    for account, other in view.of(MeetingScheduled):
        times.append((account, other.meeting_id, other.meeting.value, other.start_at))
    return [time for time in times if time[0].relation in OWN]


def _by_saying(time: _Time) -> tuple[datetime, str]:
    return time[0].observed, time[0].event


def _ended(view: View) -> dict[Id, str]:
    over = {d.meeting_id: "meeting-held" for _, d in view.of(StrategyDiscussionHeld)}
    over |= {d.conference_id: "meeting-held" for _, d in view.of(IcpcHeld)}
    cancelled = view.of(StrategyDiscussionCancelled), view.of(MeetingCancelled)
    for ends in cancelled:
        over |= {d.meeting_id: "meeting-called-off" for _, d in ends}
    return over


def over(view: View, meeting: Planned, clock: datetime) -> str | None:
    """Why nothing is asked about a meeting any more; None while it lies ahead."""
    if pregnancy_ended(view):
        return SILENT
    if meeting.over is not None:
        return meeting.over
    return "meeting-time-passed" if meeting.start <= clock else None


def status_of(reason: str | None) -> Status:
    """How a finding about a meeting stands, by why nothing is asked any more."""
    if reason is None:
        return "active"
    return "withdrawn" if reason == SILENT else "ended"


def invitations(view: View, meeting: Planned) -> list[Account]:
    """The invitations of health that name the meeting's time, or no time at all."""
    return [
        account
        for account, sent in view.of(MeetingInvitationSent)
        if sent.meeting_id == meeting.meeting
        and sent.agency == HEALTH
        and sent.start_at in {None, meeting.start}
    ]


def replies(view: View, meeting: Planned) -> list[Account]:
    """Health's answers since it was first invited to the meeting as it now stands."""
    since = min((a.occurred.at for a in invitations(view, meeting)), default=None)
    return [
        account
        for account, reply in view.of(MeetingInvitationResponded)
        if since is not None
        and account.occurred.at >= since
        and reply.meeting_id == meeting.meeting
        and reply.agency == HEALTH
    ]
