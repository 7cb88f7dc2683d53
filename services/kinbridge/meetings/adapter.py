"""The adapter of the route `meeting`: commands of one meeting in, events of its children out.

All commands of a meeting have one key, so that they are judged one after the other against the
meeting as it stands. What is kept of it holds pseudonyms and times, and no identifier.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kinbridge.meetings.commands import Command, Request, Schedule, read_command
from kinbridge.meetings.decide import Meeting, Party, Unfit, decide
from kinbridge.meetings.events import Told, told
from kinbridge_casesystem.port import CaseSource
from kinbridge_schemas.base import Code, Id
from kinbridge_schemas.events import ChildEvent, Subject
from kinbridge_schemas.identifiers import LaChildId
from kinbridge_schemas.mapped import Ended, Given, Mapped, Remembered, authority_of
from kinbridge_schemas.received import Received
from kinbridge_schemas.vocabulary import Role, Version

MAPPING_VERSION: Final = "meeting-1"
ROUTE: Final = "meeting"
_MOST: Final = 500
"""Commands of one meeting: whoever sends more has lost their way."""


class Meetings:
    """Judges commands and tells what happened. Holds nothing itself."""

    version = MAPPING_VERSION
    compares = True

    def __call__(self, received: Received, given: Given, /) -> Mapped:
        """Map one command. Raises UnreadableError naming the field that is missing or wrong."""
        command = read_command(received.content)
        case = CaseSource(received.source, authority_of(received.source), given.pseudonymiser)
        before = _read(given.remembered)
        own, content = case.local("command_id", command.id), _fingerprint(received, given)
        if before.taken.get(own, content) != content:
            return _parked(received, given, "same-id-other-content")
        if own in before.taken:
            return Mapped(remember=given.remembered)
        if len(before.taken) >= _MOST:
            return _parked(received, given, "too-many-commands")
        judged = decide(before, command, _named(case, command))
        if isinstance(judged, Unfit):
            return _parked(received, given, judged.reason)
        taken = {**before.taken, own: content}
        meeting = judged.meeting.model_copy(update={"taken": taken})
        return Mapped(
            events=tuple(_events(case, meeting, command)),
            version=str(meeting.version),
            remember=Remembered(folded=meeting.model_dump_json()),
        )


def meeting_id(case: CaseSource, raw: str) -> Id:
    """Give our id of a caller's meeting: what its events, and its calendar entry, go by."""
    return case.local("meeting_id", raw)


def _read(remembered: Remembered) -> Meeting:
    return Meeting.model_validate_json(remembered.folded) if remembered.folded else Meeting()


def _fingerprint(received: Received, given: Given) -> str:
    return given.pseudonymiser.fingerprint(received.content)


def _parked(received: Received, given: Given, reason: Code) -> Mapped:
    end = Ended(fact=received.id, end="parked-conflict", reason=reason)
    return Mapped(ends=(end,), remember=given.remembered)


def _identifiers(command: Command) -> tuple[tuple[LaChildId, bool], ...]:
    if not isinstance(command, Request | Schedule):
        return ()
    return tuple((child.la_child_id, child.unborn) for child in command.children)


def _named(case: CaseSource, command: Command) -> tuple[Party, ...]:
    found = {
        case.pseudonymiser.of_la_child(case.authority, child): unborn
        for child, unborn in _identifiers(command)
    }
    return tuple(Party(key=key, unborn=unborn) for key, unborn in found.items())


def _events(case: CaseSource, meeting: Meeting, command: Command) -> Iterator[ChildEvent]:
    own = meeting_id(case, command.meeting)
    version = Version(number=meeting.version, updated=command.at)
    names = {
        case.pseudonymiser.of_la_child(case.authority, child): child
        for child, _ in _identifiers(command)
    }
    plan = case.local("plan_id", meeting.plan) if meeting.plan else None
    for party in meeting.children:
        role = Role.UNBORN if party.unborn else Role.CHILD
        subject = Subject(role=role, key=party.key, la_child_id=names.get(party.key))
        for each in told(own, plan, meeting, command):
            yield case.event(
                _fact(case, own, party, each),
                version,
                each.occurred,
                command.at,
                (subject,),
                each.detail,
            )


def _fact(case: CaseSource, meeting: Id, party: Party, each: Told) -> Id:
    return case.fact(ROUTE, meeting, party.key, each.detail.kind, *each.which)
