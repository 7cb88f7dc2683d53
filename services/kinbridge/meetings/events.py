"""What a command tells of each child of a meeting, in the shared vocabulary. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from kinbridge.meetings.commands import (
    Attendance,
    Cancel,
    Command,
    Invite,
    Outcome,
    Reply,
    Request,
    Reschedule,
    Schedule,
    why_cancelled,
)
from kinbridge.meetings.decide import Meeting
from kinbridge_schemas.base import Id
from kinbridge_schemas.events import Detail
from kinbridge_schemas.events.protection import (
    CoreGroupHeld,
    IcpcHeld,
    IcpcScheduled,
    MeetingAttendanceRecorded,
    MeetingCancelled,
    MeetingInvitationResponded,
    MeetingInvitationSent,
    MeetingKind,
    MeetingRequested,
    MeetingScheduled,
    ReviewHeld,
    StrategyDiscussionCancelled,
    StrategyDiscussionHeld,
    StrategyDiscussionRequested,
    StrategyDiscussionRescheduled,
    StrategyDiscussionScheduled,
)
from kinbridge_schemas.vocabulary import Occurred


@dataclass(frozen=True, slots=True)
class Told:
    """One event to be. `which` tells facts of one kind apart; without it a later one corrects."""

    detail: Detail
    occurred: Occurred
    which: tuple[str, ...] = ()


def told(own: Id, plan: Id | None, meeting: Meeting, command: Command) -> Iterator[Told]:
    """Give what a command tells. `own` and `plan` are our ids; `meeting` is as it stands now."""
    at = Occurred(at=command.at)
    match command:
        case Request():
            yield Told(_requested(own, command), at)
        case Schedule() | Reschedule():
            yield from _timed(own, meeting, command, at)
        case Cancel():
            yield Told(_cancelled(own, meeting, command), at)
        case Invite():
            for each in command.invitations:
                sent = MeetingInvitationSent(
                    meeting_id=own, start_at=meeting.start_at, **each.model_dump()
                )
                yield Told(sent, at, (each.agency, each.role, command.id))
        case Reply(agency=agency, role=role, response=response):
            replied = MeetingInvitationResponded(
                meeting_id=own, agency=agency, role=role, response=response
            )
            yield Told(replied, at, (agency, role))
        case Attendance():
            for part in command.parts:
                came = MeetingAttendanceRecorded(meeting_id=own, **part.model_dump())
                yield Told(came, _held_at(meeting, at), (part.agency, part.role))
        case Outcome():
            yield Told(_held(own, plan, meeting, command), _held_at(meeting, at))


def _held_at(meeting: Meeting, said: Occurred) -> Occurred:
    return Occurred(at=meeting.start_at) if meeting.start_at else said


def _requested(own: Id, command: Request) -> Detail:
    if command.kind == "strategy-discussion":
        return StrategyDiscussionRequested(
            meeting_id=own, decision_at=command.decision_at, immediate=command.immediate
        )
    kind = MeetingKind(command.kind)
    return MeetingRequested(meeting_id=own, meeting=kind, decision_at=command.decision_at)


def _timed(
    own: Id, meeting: Meeting, command: Schedule | Reschedule, at: Occurred
) -> Iterator[Told]:
    start = command.start_at
    if meeting.kind != "strategy-discussion":
        kind = MeetingKind(meeting.kind)
        yield Told(MeetingScheduled(meeting_id=own, meeting=kind, start_at=start), at)
        if meeting.kind == "initial-conference":
            yield Told(IcpcScheduled(conference_id=own, date=start), at)
    elif isinstance(command, Reschedule):
        moved = StrategyDiscussionRescheduled(meeting_id=own, start_at=start)
        yield Told(moved, at, (command.id,))
    else:
        yield Told(_scheduled(own, start, command), at)


def _scheduled(own: Id, start: datetime, command: Schedule) -> Detail:
    return StrategyDiscussionScheduled(
        meeting_id=own,
        start_at=start,
        mode=command.mode,
        immediate=command.immediate,
        chair=command.chair,
    )


def _cancelled(own: Id, meeting: Meeting, command: Cancel) -> Detail:
    of = StrategyDiscussionCancelled if meeting.kind == "strategy-discussion" else MeetingCancelled
    return of(
        meeting_id=own,
        reason=why_cancelled(command.reason),
        cancelled_by=command.by,
        verified_fact_id=command.verified_fact_id,
    )


def _held(own: Id, plan: Id | None, meeting: Meeting, command: Outcome) -> Detail:
    match meeting.kind:
        case "strategy-discussion":
            return StrategyDiscussionHeld(meeting_id=own, outcome=command.outcome)
        case "initial-conference":
            return IcpcHeld(
                conference_id=own,
                plan_made=command.plan_made,
                category=command.category,
                quorate=command.quorate,
                transfer_in=command.transfer_in,
            )
        case "review":
            return ReviewHeld(plan_id=plan or own, quorate=command.quorate)
        case "core-group":
            return CoreGroupHeld(plan_id=plan or own)
