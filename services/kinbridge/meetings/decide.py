"""Decide whether a command may happen to a meeting as it stands, and how it stands then. Pure.

A meeting is requested or scheduled first, moved while it has a time, and ends held or
cancelled. What does not fit is judged here and not at the door: only here is it known how the
meeting stands, however many callers speak of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from pydantic import AwareDatetime

from kinbridge.meetings.commands import (
    Attendance,
    Cancel,
    Command,
    Invite,
    Kind,
    Outcome,
    Reply,
    Request,
    Reschedule,
    Schedule,
)
from kinbridge_schemas.base import Code, Value
from kinbridge_schemas.identifiers import SubjectKey

Standing = Literal["unknown", "requested", "scheduled", "held", "cancelled"]


class Party(Value):
    """A child of a meeting, by its pseudonym."""

    key: SubjectKey
    unborn: bool = False


class Meeting(Value):
    """How a meeting stands. `taken` are hashes of the commands so far, by a hash of their id."""

    standing: Standing = "unknown"
    kind: Kind = "strategy-discussion"
    children: tuple[Party, ...] = ()
    start_at: AwareDatetime | None = None
    timed_at: AwareDatetime | None = None
    plan: str | None = None
    invited: tuple[str, ...] = ()
    taken: Mapping[str, str] = {}
    version: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """The meeting as it stands after a command."""

    meeting: Meeting


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why a command cannot happen to the meeting as it stands."""

    reason: Code


_OPEN: Final = frozenset({"requested", "scheduled"})
_NOT_HELD: Final = {
    "requested": "meeting-not-scheduled",
    "cancelled": "meeting-cancelled",
}
_NEEDS_PLAN: Final = frozenset({"core-group", "review"})


def seat(agency: str, role: str) -> str:
    """Name a place at a meeting: an agency in one role."""
    return f"{agency}/{role}"


def decide(meeting: Meeting, command: Command, children: tuple[Party, ...]) -> Taken | Unfit:
    """Judge one command. `children` are those it names, by their pseudonyms."""
    reason = _unfit(meeting, command, children)
    if reason is not None:
        return Unfit(reason)
    changed = _changes(meeting, command, children)
    return Taken(meeting.model_copy(update={**changed, "version": meeting.version + 1}))


def _unfit(meeting: Meeting, command: Command, children: tuple[Party, ...]) -> Code | None:
    standing = meeting.standing
    match command:
        case Request():
            return "meeting-exists" if standing != "unknown" else None
        case Schedule():
            return _unfit_to_schedule(meeting, command, children)
        case _ if standing == "unknown":
            return "meeting-unknown"
        case Outcome() | Attendance():
            return _NOT_HELD.get(standing)
        case _ if standing not in _OPEN:
            return f"meeting-{standing}"
        case Reschedule(at=at):
            return _unfit_to_move(meeting, at)
        case Reply() if seat(command.agency, command.role) not in meeting.invited:
            return "not-invited"
        case _:
            return None


def _unfit_to_schedule(
    meeting: Meeting, command: Schedule, children: tuple[Party, ...]
) -> Code | None:
    if meeting.standing not in {"unknown", "requested"}:
        return f"meeting-{meeting.standing}"
    if meeting.standing == "requested" and command.kind != meeting.kind:
        return "meeting-of-another-kind"
    if not (children or meeting.children):
        return "no-children"
    if command.kind in _NEEDS_PLAN and command.plan is None:
        return "no-plan"
    return None


def _unfit_to_move(meeting: Meeting, at: datetime) -> Code | None:
    if meeting.timed_at is None:
        return "meeting-not-scheduled"
    # The latest word about a time holds: it must be plain which of two was the later.
    return "not-after-the-time-it-changes" if at <= meeting.timed_at else None


def _changes(meeting: Meeting, command: Command, children: tuple[Party, ...]) -> dict[str, object]:
    match command:
        case Request(kind=kind):
            return {"standing": "requested", "kind": kind, "children": children}
        case Schedule(kind=kind, plan=plan):
            found = {"kind": kind, "children": children or meeting.children, "plan": plan}
            return {"standing": "scheduled", **found, **_timed(command)}
        case Reschedule():
            return _timed(command)
        case Cancel():
            return {"standing": "cancelled"}
        case Outcome():
            return {"standing": "held"}
        case Invite(invitations=invitations):
            seats = (seat(each.agency, each.role) for each in invitations)
            return {"invited": tuple(dict.fromkeys((*meeting.invited, *seats)))}
        case Reply() | Attendance():
            return {}


def _timed(command: Schedule | Reschedule) -> dict[str, object]:
    return {"start_at": command.start_at, "timed_at": command.at}
