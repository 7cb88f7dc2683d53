"""A meeting as an iCalendar entry (RFC 5545, by the methods of RFC 5546), without personal data.

An entry says when, and nothing of whom, where or why: calendars are shared, and lie on
telephones. Its UID is the meeting's keyed pseudonym and stays the same; SEQUENCE rises with the
time at which each change was made, so that whoever gets two in the wrong order keeps the later.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from icalendar import Calendar, Event, vCalAddress

from kinbridge.meetings.commands import Cancel, Command, Reschedule, Schedule
from kinbridge_schemas.base import Id

MEDIA_TYPE: Final = "text/calendar"
SUMMARY: Final = "Multi-agency meeting"
_PRODUCT: Final = "-//Kinbridge//Meetings//EN"
_NOBODY: Final = "invalid:nomail"
"""An organiser must be named, and a desk's address is no business of a calendar's reader."""
_BEGINNING: Final = datetime(2020, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)


def entry(meeting: Id, command: Command) -> bytes | None:
    """Give the entry of a command that sets, moves or cancels a meeting; None of any other."""
    match command:
        case Schedule() | Reschedule():
            return _calendar("PUBLISH", _timed(_event(meeting, command.at), command))
        case Cancel():
            event = _event(meeting, command.at)
            event.add("status", "CANCELLED")
            return _calendar("CANCEL", event)
        case _:
            return None


def _event(meeting: Id, said: datetime) -> Event:
    event = Event()
    event.add("uid", f"{meeting}@kinbridge")
    event.add("dtstamp", said.astimezone(UTC))
    event.add("sequence", max(0, (said - _BEGINNING) // _SECOND))
    event.add("summary", SUMMARY)
    event.add("class", "CONFIDENTIAL")
    event["organizer"] = vCalAddress(_NOBODY)
    return event


def _timed(event: Event, command: Schedule | Reschedule) -> Event:
    start = command.start_at.astimezone(UTC)
    event.add("dtstart", start)
    event.add("dtend", start + timedelta(minutes=command.minutes))
    event.add("status", "CONFIRMED")
    return event


def _calendar(method: str, event: Event) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    calendar.add_component(event)
    return bytes(calendar.to_ical())
