"""The adapter of the route `case-webhook`: any event of an authority, in our own vocabulary."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pydantic import JsonValue, TypeAdapter, ValidationError

from kinbridge_casesystem.claims_care import is_shield
from kinbridge_casesystem.codes_of_events import coded
from kinbridge_casesystem.fields import AUTHORITY_KINDS, ID_FIELDS, TIME_FIELDS
from kinbridge_casesystem.port import CaseSource, nhs_number, person_name
from kinbridge_casesystem.webhook_model import SentChild, SentEvent, SentPerson
from kinbridge_schemas.base import Value
from kinbridge_schemas.envelope import to_text
from kinbridge_schemas.events import ChildEvent, Detail, Subject
from kinbridge_schemas.events.kinds import KINDS
from kinbridge_schemas.events.persons import RelationshipRecorded
from kinbridge_schemas.identifiers import LaChildId
from kinbridge_schemas.mapped import Ended, Flaw, Given, Mapped, authority_of
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.received import Received
from kinbridge_schemas.times import read_instant, read_time
from kinbridge_schemas.vocabulary import Occurred, Precision, Role, Version

MAPPING_VERSION: Final = "case-webhook-1"

_DETAIL: Final[TypeAdapter[Detail]] = TypeAdapter(Detail)
_RELATIONS: Final = frozenset({"relationship_recorded", "relationship_ended"})


class CaseWebhook:
    """Maps one event of the reference case-system webhook. Holds nothing."""

    version = MAPPING_VERSION
    compares = False

    def __call__(self, received: Received, given: Given, /) -> Mapped:
        """Map one event. Raises UnreadableError naming the field that is missing or wrong."""
        sent = _read(received.content)
        case = CaseSource(received.source, authority_of(received.source), given.pseudonymiser)
        if sent.authority != case.authority:
            raise UnreadableError("authority-not-of-source", "authority")
        if sent.type not in AUTHORITY_KINDS:
            reason = "kind-not-of-an-authority" if sent.type in KINDS else "kind-unknown"
            end = Ended(fact=received.id, end="parked-unsupported", reason=reason)
            return Mapped(ends=(end,), version=_version(sent))
        data, unlisted = coded(sent.type, sent.data)
        needed = [n for n in unlisted if AUTHORITY_KINDS[sent.type].model_fields[n].is_required()]
        if needed:
            end = Ended(fact=received.id, end="parked-unsupported", reason="code-unknown")
            return Mapped(ends=(end,), version=_version(sent))
        sent = sent.model_copy(update={"data": data})
        flaws = tuple(Flaw(place=f"data.{name}", problem="code-unknown") for name in unlisted)
        return Mapped(events=tuple(_events(case, sent)), flaws=flaws, version=_version(sent))


def _read(content: bytes) -> SentEvent:
    try:
        return SentEvent.model_validate_json(content)
    except ValidationError as problem:
        raise _unreadable(problem) from None


def _version(sent: SentEvent) -> str:
    return f"{sent.version}|{sent.recorded}|{sent.retract}"


def _events(case: CaseSource, sent: SentEvent) -> Iterator[ChildEvent]:
    version = Version(number=sent.version, updated=read_instant(sent.recorded, "recorded"))
    occurred = _occurred(sent)
    detail = _detail(case, sent)
    if is_shield(detail):
        # Of an adopted child nothing is told but which record it was.
        subjects: tuple[Subject, ...] = (_child_by_id(case, sent),)
    else:
        subjects = _subjects(case, sent)
    yield case.event(
        case.fact("event", case.local("event", sent.id)),
        version,
        occurred,
        version.updated,
        subjects,
        detail,
        retract=sent.retract,
    )
    if sent.type not in _RELATIONS and not is_shield(detail):
        yield from _relationships(case, sent, version, occurred, subjects)


def _relationships(
    case: CaseSource,
    sent: SentEvent,
    version: Version,
    occurred: Occurred,
    subjects: tuple[Subject, ...],
) -> Iterator[ChildEvent]:
    # Whoever is named beside a child is told to be related to it. The relationship's id is made
    # of the two and their relation, so that every event may name them again; the fact is this
    # record's own word, and is taken back with it.
    for person, subject in zip(sent.people, subjects[1:], strict=True):
        own = _relationship(case, sent, person)
        detail = RelationshipRecorded(
            relationship_id=own, relation=Role(person.role), main_carer=person.main_carer
        )
        yield case.event(
            case.fact("relationship", own, case.local("event", sent.id)),
            version,
            occurred,
            version.updated,
            (subjects[0], subject),
            detail,
            retract=sent.retract,
        )


def _relationship(case: CaseSource, sent: SentEvent, person: SentPerson) -> str:
    raw = f"{sent.child.la_child_id}|{person.person_id}|{person.role}"
    return case.local("relationship_id", raw)


def _role(child: SentChild) -> Role:
    return Role.UNBORN if child.is_unborn else Role.CHILD


def _child_by_id(case: CaseSource, sent: SentEvent) -> Subject:
    return case.subject(_role(sent.child), LaChildId(sent.child.la_child_id))


def _subjects(case: CaseSource, sent: SentEvent) -> tuple[Subject, ...]:
    child = sent.child
    born = read_instant(child.born, "child.born") if child.born else None
    subjects = [
        case.subject(
            _role(child),
            LaChildId(child.la_child_id),
            nhs_number(child.nhs_number),
            person_name(child.name),
            born,
        )
    ]
    for index, person in enumerate(sent.people):
        where = f"people[{index}].born"
        subjects.append(
            case.subject(
                Role(person.role),
                LaChildId(person.person_id),
                nhs_number(person.nhs_number),
                person_name(person.name),
                read_instant(person.born, where) if person.born else None,
            )
        )
    return tuple(subjects)


def _occurred(sent: SentEvent) -> Occurred:
    read = read_time(sent.occurred, "occurred")
    if sent.precision is None:
        return read
    return Occurred(at=read.at, precision=Precision(sent.precision))


def _detail(case: CaseSource, sent: SentEvent) -> Detail:
    fields: dict[str, JsonValue] = {
        name: _field(case, sent.type, name, value) for name, value in sent.data.items()
    }
    for name, value in _implied(case, sent).items():
        fields.setdefault(name, value)
    fields["kind"] = sent.type
    try:
        return _DETAIL.validate_python(fields)
    except ValidationError as problem:
        raise _unreadable(problem, "data", AUTHORITY_KINDS[sent.type]) from None


def _field(case: CaseSource, kind: str, name: str, value: JsonValue) -> JsonValue:
    if not isinstance(value, str):
        return value
    if name in ID_FIELDS[kind]:
        return case.local(name, value)
    if name in TIME_FIELDS[kind]:
        return to_text(read_instant(value, f"data.{name}"))
    if kind == "person_merged" and name == "into":
        return case.subject(Role.CHILD, LaChildId(value)).key
    return value


def _implied(case: CaseSource, sent: SentEvent) -> dict[str, JsonValue]:
    """What the event has said already and `data` need not repeat."""
    if sent.type in _RELATIONS and sent.people:
        first = sent.people[0]
        said: dict[str, JsonValue] = {
            "relationship_id": _relationship(case, sent, first),
            "relation": first.role,
        }
        if sent.type == "relationship_recorded":
            said["main_carer"] = first.main_carer
        return said
    if sent.type in ("unborn_registered", "edd_changed") and sent.child.edd:
        return {"edd": to_text(read_instant(sent.child.edd, "child.edd"))}
    return {}


def _unreadable(
    problem: ValidationError, under: str = "", kind: type[Value] | None = None
) -> UnreadableError:
    first = problem.errors(include_input=False, include_url=False, include_context=False)[0]
    if first["type"] == "json_invalid":
        return UnreadableError("json-invalid")
    # A name of the input is shown only where the contract knows it: it may hold anything.
    known = _NAMES | (frozenset(kind.model_fields) if kind is not None else frozenset())
    steps = [under] if under else []
    for part in first["loc"]:
        if isinstance(part, int):
            steps.append(str(part))
        elif part not in KINDS:
            steps.append(part if part in known else "?")
    return UnreadableError("contract-broken", ".".join(steps))


_NAMES: Final = frozenset(
    {
        *SentEvent.model_fields,
        *SentChild.model_fields,
        *SentPerson.model_fields,
    }
)
