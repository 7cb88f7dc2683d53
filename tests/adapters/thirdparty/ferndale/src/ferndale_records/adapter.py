"""One record of Ferndale to shared events.

Ferndale is made up, and as old as systems are that write lines with bars between:

    RECORD|F-77|3|2026-03-02T10:15:00Z|CURRENT
    CHILD|C100|9000000033|Ada Example|2019-09-01|
    EVENT|CPP|2026-03-02|NEG
    NOTE|what a worker wrote: never read

The last field of CHILD is an earlier NHS number: it is not carried, only that the person is
known by the later one. Lines may come in any order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kinbridge_casesystem.port import CaseSource, nhs_number, person_name
from kinbridge_schemas.events import ChildEvent, Detail, Subject
from kinbridge_schemas.events.persons import PersonRegistered, RecordRestricted, UnbornRegistered
from kinbridge_schemas.events.protection import CpPlanStarted, S47Started
from kinbridge_schemas.identifiers import LaChildId
from kinbridge_schemas.mapped import Ended, Given, Mapped, authority_of
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.received import Received
from kinbridge_schemas.times import read_instant, read_time
from kinbridge_schemas.vocabulary import Role, Version

# How many fields a line of each kind has after its name.
_LINES: Final[Mapping[str, int]] = {"RECORD": 4, "CHILD": 5, "EVENT": 3, "NOTE": 1}
_KINDS: Final = frozenset({"CPP", "S47", "REST", "UNB", "PERSON"})
_MOST_REVISIONS: Final = 9


@dataclass(frozen=True, slots=True)
class Record:
    """The fields of one record, by the names of their lines."""

    record: Sequence[str]
    child: Sequence[str]
    event: Sequence[str]


class Ferndale:
    """Maps one record. Holds nothing."""

    port_version = 1
    version = "ferndale-3"
    compares = False

    def __call__(self, received: Received, given: Given, /) -> Mapped:
        """Map one record. Raises UnreadableError naming the line that is wrong."""
        told = _read(received.content)
        case = CaseSource(received.source, authority_of(received.source), given.pseudonymiser)
        version = "|".join(told.record[1:])
        kind, _, code = told.event
        if kind not in _KINDS:
            parked = Ended(fact=received.id, end="parked-unsupported", reason="kind-unknown")
            return Mapped(ends=(parked,), version=version)
        return Mapped(
            events=(_event(case, told, _detail(case, told, kind, code)),), version=version
        )


def _read(content: bytes) -> Record:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise UnreadableError("not-utf-8") from None
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        name, *fields = line.split("|")
        if len(fields) != _LINES.get(name, -1) or name in found:
            raise UnreadableError("line-unexpected", name if name in _LINES else "?")
        found[name] = [field.strip() for field in fields]
    for name in ("RECORD", "CHILD", "EVENT"):
        if name not in found:
            raise UnreadableError("line-missing", name)
    return Record(found["RECORD"], found["CHILD"], found["EVENT"])


def _event(case: CaseSource, told: Record, detail: Detail) -> ChildEvent:
    own, revision, changed, state = told.record
    if not (revision.isascii() and revision.isdigit() and len(revision) <= _MOST_REVISIONS):
        raise UnreadableError("revision-invalid", "RECORD")
    if state not in ("CURRENT", "VOID"):
        raise UnreadableError("state-unknown", "RECORD")
    updated = read_instant(changed, "RECORD")
    return case.event(
        case.fact(detail.kind, case.local("record", own)),
        Version(number=int(revision), updated=updated),
        read_time(told.event[1], "EVENT"),
        updated,
        (_child(case, told),),
        detail,
        retract=state == "VOID",
    )


def _child(case: CaseSource, told: Record) -> Subject:
    own, number, name, born, _earlier = told.child
    person = LaChildId(own)
    if told.event[0] == "UNB":
        return case.subject(Role.UNBORN, person)
    day = read_instant(born, "CHILD") if born else None
    return case.subject(Role.CHILD, person, nhs_number(number), person_name(name), day)


def _detail(source: CaseSource, told: Record, kind: str, code: str) -> Detail:
    match kind:
        case "CPP":
            return CpPlanStarted(
                plan_id=source.local("plan_id", told.record[0]), category=code or None
            )
        case "S47":
            return S47Started(s47_id=source.local("s47_id", told.record[0]))
        case "REST":
            return RecordRestricted()
        case "UNB":
            return UnbornRegistered()
        case _:
            return PersonRegistered()
