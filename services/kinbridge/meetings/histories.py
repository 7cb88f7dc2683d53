"""Gather what was told of each meeting into its history, in whatever order it came. Pure.

A meeting is told of once for each child; it is one meeting all the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from kinbridge_schemas.base import Id
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.events.protection import (
    MeetingAttendanceRecorded,
    MeetingInvitationSent,
    StrategyDiscussionCancelled,
    StrategyDiscussionHeld,
    StrategyDiscussionRequested,
    StrategyDiscussionRescheduled,
    StrategyDiscussionScheduled,
)
from kinbridge_schemas.identifiers import SubjectKey

HEALTH = "health"


@dataclass(frozen=True, slots=True)
class Sent:
    """An invitation: when it was sent and which time it named."""

    at: datetime
    names: datetime | None
    agency: str


@dataclass(slots=True)
class History:
    """All that was told of one strategy discussion. Times by when each was said.

    `of_its_kind` is whether anything of it was told that is of strategy discussions alone: an
    invitation may be to another meeting.
    """

    meeting: Id
    of_its_kind: bool = False
    immediate: bool = False
    held: bool = False
    cancelled: str | None = None
    children: set[SubjectKey] = field(default_factory=set)
    starts: dict[datetime, datetime] = field(default_factory=dict)
    sent: set[Sent] = field(default_factory=set)
    parts: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def start(self) -> datetime | None:
        """The start as it stood last: with which it was held, where it was."""
        return self.starts[max(self.starts)] if self.starts else None

    @property
    def first_start(self) -> datetime | None:
        return self.starts[min(self.starts)] if self.starts else None

    @property
    def moved(self) -> bool:
        """Whether it was given another time than its first."""
        return len(set(self.starts.values())) > 1

    def invitations(self, agency: str = HEALTH) -> list[Sent]:
        return sorted((s for s in self.sent if s.agency == agency), key=lambda s: s.at)

    def took_part(self, agency: str = HEALTH) -> dict[str, str]:
        """How each role of an agency took part."""
        return {role: how for (who, role), how in self.parts.items() if who == agency}


_OF_ITS_KIND: Final = (
    StrategyDiscussionRequested,
    StrategyDiscussionScheduled,
    StrategyDiscussionRescheduled,
    StrategyDiscussionCancelled,
    StrategyDiscussionHeld,
)


def histories(events: Iterable[ChildEvent]) -> list[History]:
    """Give the history of each strategy discussion, by its id; the latest account counts."""
    found: dict[Id, History] = {}
    for event in _latest(event for event in events if _meeting_of(event) is not None):
        own = _meeting_of(event) or ""
        _add(found.setdefault(own, History(own)), event)
    return [found[own] for own in sorted(found) if found[own].of_its_kind]


def _meeting_of(event: ChildEvent) -> Id | None:
    own: Id | None = getattr(event.detail, "meeting_id", None)
    return own


def _latest(events: Iterable[ChildEvent]) -> list[ChildEvent]:
    kept: dict[Id, ChildEvent] = {}
    for event in events:
        before = kept.get(event.fact)
        if before is None or event.version.later_than(before.version):
            kept[event.fact] = event
    standing = (event for event in kept.values() if event.act == "assert")
    return sorted(standing, key=lambda e: (e.version.order, e.id))


def _add(history: History, event: ChildEvent) -> None:
    said = event.observed
    history.of_its_kind |= isinstance(event.detail, _OF_ITS_KIND)
    match event.detail:
        case StrategyDiscussionScheduled(start_at=start, immediate=immediate):
            history.immediate |= immediate
            history.starts[said] = start
            history.children.add(event.subject)
        case StrategyDiscussionRescheduled(start_at=start):
            history.starts[said] = start
        case StrategyDiscussionCancelled(reason=reason):
            history.cancelled = reason.value
        case StrategyDiscussionHeld():
            history.held = True
        case MeetingInvitationSent(agency=agency, start_at=names):
            history.sent.add(Sent(said, names, agency))
        case MeetingAttendanceRecorded(agency=agency, role=role, participation=how):
            history.parts[agency, role] = how
        case _:
            pass
