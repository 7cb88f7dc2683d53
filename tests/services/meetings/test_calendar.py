"""Calendar entries: one meeting throughout, in order, and nothing of anybody."""

from __future__ import annotations

import json
from typing import Any, Final

from icalendar import Calendar, Component

from kinbridge.meetings.calendar import entry
from kinbridge.meetings.commands import read_command
from tests.services.meetings.month import Caller
from tests.services.meetings.test_decide import AT, CANCEL, LATER, REQUEST, SCHEDULE, START

MEETING: Final = "meeting-08d7f8ab47b237ee692ae1d99382cd59"


def written(at: str, **fields: Any) -> bytes | None:
    body = {"id": "x-1", "meeting": "Rosa-1", "at": at, "by": "staff-12", **fields}
    return entry(MEETING, read_command(json.dumps(body).encode()))


def read(content: bytes | None) -> tuple[str, Component]:
    assert content is not None
    calendar = Calendar.from_ical(content)
    (event,) = calendar.walk("VEVENT")
    return str(calendar["method"]), event


SET: Final = written(AT, **SCHEDULE, minutes=90)
MOVED: Final = written("2026-03-02T09:00:01Z", command="reschedule", start_at=LATER)
ENDED: Final = written("2026-03-02T12:00:00Z", **CANCEL)


def test_a_meeting_keeps_its_uid_and_its_sequence_rises() -> None:
    events = [read(content)[1] for content in (SET, MOVED, ENDED)]

    assert {str(e["uid"]) for e in events} == {f"{MEETING}@kinbridge"}
    sequences = [int(str(e["sequence"])) for e in events]
    assert sequences == sorted(set(sequences))
    assert sequences[1] - sequences[0] == 1


def test_an_entry_says_when_and_its_end() -> None:
    method, event = read(SET)

    assert (method, str(event["status"])) == ("PUBLISH", "CONFIRMED")
    assert event.decoded("dtstart").isoformat() == START.replace("Z", "+00:00")
    assert (event.decoded("dtend") - event.decoded("dtstart")).total_seconds() == 90 * 60


def test_a_cancelled_meeting_is_cancelled_in_the_calendar() -> None:
    method, event = read(ENDED)

    assert (method, str(event["status"])) == ("CANCEL", "CANCELLED")


def test_an_entry_tells_nothing_of_anybody() -> None:
    said = b"".join(content or b"" for content in (SET, MOVED, ENDED))

    for secret in (b"C0", b"Rosa", b"staff-12", b"strategy", b"facts"):
        assert secret not in said


def test_what_moves_nothing_has_no_entry() -> None:
    assert written(AT, **REQUEST) is None


def test_the_meeting_of_the_calendar_is_the_meeting_of_the_events() -> None:
    caller = Caller()

    (event,) = caller.schedules("M1", AT, START).events

    assert getattr(event.detail, "meeting_id", "").startswith("meeting-")
