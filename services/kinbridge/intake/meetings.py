"""The doors of meetings: each takes one command and makes one record of it.

A command is a contract of ours, so it is read whole. Whether it fits the meeting is judged
behind the door, by mapping, where all commands of one meeting come one after the other: the
door keeps no state, and two callers may speak of one meeting at the same time.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from pydantic import ValidationError

from kinbridge.intake.decide import (
    AHEAD,
    Accepted,
    Decided,
    Document,
    Entrance,
    Refused,
    cannot_be_read,
)
from kinbridge.intake.door import Doorway, json_only
from kinbridge.intake.stage import CASES
from kinbridge.meetings import calendar
from kinbridge.meetings.adapter import ROUTE, meeting_id
from kinbridge.meetings.commands import (
    Attendance,
    Cancel,
    Command,
    Invite,
    Outcome,
    Reply,
    Schedule,
    unreadable,
)
from kinbridge.meetings.commands import Request as AskFor
from kinbridge.meetings.commands import Reschedule as Move
from kinbridge_casesystem.port import CaseSource

PATHS: Final[dict[str, type[Command]]] = {
    "request": AskFor,
    "schedule": Schedule,
    "reschedule": Move,
    "cancel": Cancel,
    "invite": Invite,
    "reply": Reply,
    "attendance": Attendance,
    "outcome": Outcome,
}
"""What follows `/meetings/`, and the command that is taken there."""


def take(
    content: bytes, entrance: Entrance, *, kind: type[Command], with_entry: bool = False
) -> Decided:
    """Decide about one command. `with_entry`: it is answered with its calendar entry."""
    authority = entrance.sender.authority
    if authority is None:
        return Refused(403, "authority-not-of-key", "The key speaks for no authority.")
    try:
        command = kind.model_validate_json(content)
    except ValidationError as problem:
        return cannot_be_read(unreadable(problem))
    if command.at > entrance.now + AHEAD:
        return Refused(422, "time-in-future", "The time of the command lies ahead.", "at")
    source = entrance.sender.case_source
    case = CaseSource(source, authority, entrance.pseudonymiser)
    key = entrance.pseudonymiser.of_source_record(source, f"{ROUTE}|{command.meeting}")
    record = entrance.arrival.entry(CASES, ROUTE, source, key, command.model_dump_json().encode())
    document = None
    if with_entry and (text := calendar.entry(meeting_id(case, command.meeting), command)):
        document = Document(text, f"{calendar.MEDIA_TYPE}; charset=utf-8")
    return Accepted(record.envelope.id, (record,), document)


def open_meetings(app: FastAPI, doorway: Doorway, documented: Any) -> None:
    """Open a door for each command. `documented(path)` gives what OpenAPI says of it."""
    for path, kind in PATHS.items():
        app.post(f"/meetings/{path}", name=f"meetings_{path}", **documented(path))(
            _door(doorway, kind)
        )


def _door(doorway: Doorway, kind: type[Command]) -> Any:
    async def command(request: Request) -> Response:
        wanted = calendar.MEDIA_TYPE in request.headers.get("accept", "").lower()
        taken = json_only(request, partial(take, kind=kind, with_entry=wanted))
        return await doorway.enter(request, "meetings", taken)

    return command
