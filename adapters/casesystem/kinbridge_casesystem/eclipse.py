"""The adapter of the route `eclipse`: notifications of OLM Eclipse, by their type.

A record is what the door made of one delivery: `{"olm": {...}, "body": {...}}`, the headers
that count and the body as it was sent. Signatures were looked at before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from pydantic import JsonValue, ValidationError

from kinbridge_casesystem import eclipse_people as people
from kinbridge_casesystem import eclipse_work as work
from kinbridge_casesystem.eclipse_model import (
    Address,
    Assignment,
    Form,
    Notification,
    Olm,
    Person,
    Relationship,
    TeamRelationship,
    Told,
)
from kinbridge_casesystem.eclipse_table import EclipseTable
from kinbridge_casesystem.eclipse_telling import Telling
from kinbridge_casesystem.port import CaseSource
from kinbridge_schemas.mapped import Ended, Given, Mapped, authority_of
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.received import Received
from kinbridge_schemas.times import read_instant

MAPPING_VERSION: Final = "eclipse-1"

M = TypeVar("M", bound=Olm)
Resource = dict[str, JsonValue]
Read = Callable[[Telling, Resource], None]

_SHOWN: Final = frozenset(
    info.alias or name
    for model in Olm.__subclasses__()
    for name, info in model.model_fields.items()
)


def _read(kind: type[M], tell: Callable[[Telling, M], None]) -> Read:
    def read(to: Telling, resource: Resource) -> None:
        tell(to, _model(kind, resource))

    return read


def _types(name: str, acts: Iterable[str], read: Read) -> dict[str, Read]:
    return {f"{name}_{act}": read for act in acts}


_LINK: Final = ("ADD", "UPDATE", "CLOSE", "DELETE")
TYPES: Final[Mapping[str, Read]] = {
    **_types("Person", ("ADD", "UPDATE", "DECEASED"), _read(Person, people.person)),
    **_types("PersonAddress", _LINK, _read(Address, people.address)),
    **_types("PersonPersonRelationship", _LINK, _read(Relationship, people.relationship)),
    **_types(
        "PersonClassification",
        ("ADD", "CLOSE", "REMOVE"),
        _read(Assignment, work.classification),
    ),
    **_types("ClientPersonTeamRelationship", _LINK, _read(TeamRelationship, work.team)),
    **_types("FormInstance", ("SUBMITTED", "COMPLETE", "DELETE"), _read(Form, work.form)),
}
"""What is understood of Eclipse's types of notification. Every other one ends, and is counted."""


@dataclass(frozen=True, slots=True)
class Eclipse:
    """Maps one notification. `tables` are the words of each authority's system, by source."""

    tables: Mapping[str, EclipseTable] = field(default_factory=dict)

    @property
    def version(self) -> str:
        return MAPPING_VERSION

    @property
    def compares(self) -> bool:
        return False

    def __call__(self, received: Received, given: Given, /) -> Mapped:
        """Map one notification. Raises UnreadableError naming the field."""
        sent = _model_of(received.content)
        case = CaseSource(received.source, authority_of(received.source), given.pseudonymiser)
        table = self.tables.get(received.source, EclipseTable())
        told = _model(Told, sent.body)
        kind = table.subscriptions.get(sent.olm.subscription_id, told.type or "")
        at = read_instant(sent.olm.event_time, "olm.eventTime")
        act = kind.rpartition("_")[2]
        to = Telling(case, table, act, at, told.subject)
        reason = _tell(to, kind, sent.body if told.resource is None else told.resource)
        if not (to.events or to.ends):
            end = "parked-unsupported" if reason else "no-fact"
            to.ends.append(Ended(fact=received.id, end=end, reason=reason or "no-fact-of-a-child"))
        return Mapped(events=tuple(to.events), ends=tuple(to.ends), version=sent.olm.event_time)


def _tell(to: Telling, kind: str, resource: Resource) -> str:
    """Tell what a resource says. Gives why it cannot be told."""
    read = TYPES.get(kind)
    if read is None:
        return "type-not-mapped" if kind else "type-not-said"
    if resource.get("__typename") == "RedactedResult":
        people.redacted(to)
        return ""
    if "id" not in resource:
        return "payload-without-resource"
    read(to, resource)
    return ""


def _model_of(content: bytes) -> Notification:
    try:
        return Notification.model_validate_json(content)
    except ValidationError as problem:
        raise _unreadable(problem) from None


def _model(kind: type[M], given: Resource) -> M:
    try:
        return kind.model_validate(given)
    except ValidationError as problem:
        raise _unreadable(problem) from None


def _unreadable(problem: ValidationError) -> UnreadableError:
    first = problem.errors(include_input=False, include_url=False, include_context=False)[0]
    if first["type"] == "json_invalid":
        return UnreadableError("json-invalid")
    # A name of the input is shown only where the model knows it: it may hold anything.
    steps = (str(s) if isinstance(s, int) or s in _SHOWN else "?" for s in first["loc"])
    return UnreadableError("contract-broken", ".".join(steps))
