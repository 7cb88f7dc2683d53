"""Decide what may enter: which records a body holds, under which key, in which envelope. Pure.

Only the envelope is read: enough to tell one record from the next and a repeat from the first.
What stands inside is for mapping to judge, with the bytes kept. Ids come from the content, so
that the same body twice gives the same records.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from kinbridge.intake.entries import Arrival, Entry
from kinbridge.intake.keys import SourceKey
from kinbridge.intake.stage import CASES, NHS, RESPONSES
from kinbridge_casesystem import records
from kinbridge_schemas.alerts import AlertId, family_of
from kinbridge_schemas.base import Value, derive_id
from kinbridge_schemas.envelope import Envelope
from kinbridge_schemas.identifiers import LaChildId, Pseudonymiser
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.responses import (
    Acknowledge,
    Answer,
    Close,
    Feedback,
    Response,
    Snooze,
    SupplyHealthInput,
    VerifyFact,
)
from kinbridge_schemas.vocabulary import RoleCode, StaffRef

AHEAD: Final = timedelta(minutes=5)
"""By how much a clock of others may be before ours."""


@dataclass(frozen=True, slots=True)
class Document:
    """What a caller asked to be answered with in place of a receipt."""

    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """What may enter. `id` names the whole of it in the answer."""

    id: str
    entries: tuple[Entry, ...]
    document: Document | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """What may not: an HTTP status, a code, a sentence and the field. No value of the input."""

    status: int
    reason: str
    text: str
    path: str = ""


Decided = Accepted | Refused

MessageId = Callable[[bytes, str], str]
"""Gives the id of a message. Raises UnreadableError where the bytes are none."""


@dataclass(frozen=True, slots=True)
class Entrance:
    """What deciding needs beside the body: the sender, the pseudonyms, the time of receipt."""

    sender: SourceKey
    pseudonymiser: Pseudonymiser
    now: datetime

    @property
    def arrival(self) -> Arrival:
        return Arrival(self.pseudonymiser, self.now)


class Answered(Value):
    """The body of an answer to an alert. `at` is when the person answered.

    The same answer sent again carries the same `at`, and is taken once.
    """

    by: StaffRef
    role: RoleCode
    at: AwareDatetime
    said: Answer


# The names that may be shown in a path: an unknown one is the sender's own text.
_SHOWN: Final = frozenset(
    name
    for kind in (*(Answered, Acknowledge, Snooze, Feedback, Close, SupplyHealthInput, VerifyFact),)
    for name in kind.model_fields
)

_ALERT: Final = TypeAdapter[str](AlertId)

_SENTENCES: Final = {
    "xml-invalid": "The body is not well-formed XML.",
    "xml-dtd-forbidden": "The body has a document type or entities, which FHIR forbids.",
    "json-invalid": "The body is not well-formed JSON.",
    "json-too-deep": "The body is nested too deeply.",
    "json-not-an-object": "The body is not a JSON object.",
    "not-a-bundle": "The body is not a FHIR Bundle.",
    "not-a-message": "The Bundle is not of type message.",
    "message-header-missing": "The first entry of the Bundle is not a MessageHeader.",
    "message-id-missing": "The message has no id.",
    "not-an-array": "The body is not an array.",
    "record-not-an-object": "A record of the array is not an object.",
    "no-records": "The array holds no record.",
    "too-many-records": "The array holds more than 100 records.",
    "field-missing": "A field that is needed is missing.",
    "field-invalid": "A field is not as it must be.",
}
# Broken at the level of the format, rather than of what it says.
_MALFORMED: Final = frozenset(
    {"xml-invalid", "xml-dtd-forbidden", "json-invalid", "json-too-deep"}
)


def nhs_message(
    content: bytes, content_type: str, entrance: Entrance, message_id: MessageId
) -> Decided:
    """Decide about a FHIR message. Its key is a pseudonym of its id, its value the bytes."""
    try:
        message = message_id(content, content_type)
    except UnreadableError as problem:
        return cannot_be_read(problem, invalid_is=400)
    key = entrance.pseudonymiser.of_source_record(entrance.sender.source, message)
    source = entrance.sender.source
    entry = entrance.arrival.entry(NHS, "fhir-message", source, key, content, content_type)
    return Accepted(entry.envelope.id, (entry,))


def case_events(content: bytes, entrance: Entrance) -> Decided:
    """Decide about one event of a case system, or up to 100."""
    try:
        parts = records.events(content)
    except UnreadableError as problem:
        return cannot_be_read(problem)
    sender = entrance.sender
    if any(part.authority != sender.authority for part in parts):
        return Refused(
            403, "authority-not-of-key", "The key may not speak for this authority.", "authority"
        )
    source = sender.case_source
    entries = tuple(
        entrance.arrival.entry(
            CASES,
            "case-webhook",
            source,
            entrance.pseudonymiser.of_source_record(source, part.id),
            part.content,
        )
        for part in parts
    )
    return _whole(entrance, content, entries)


def case_children(content: bytes, entrance: Entrance) -> Decided:
    """Decide about up to 100 children in the shape of the DfE API: one record for each."""
    try:
        parts = records.children(content)
    except UnreadableError as problem:
        return cannot_be_read(problem)
    source, authority = entrance.sender.case_source, entrance.sender.authority or ""
    entries = tuple(
        entrance.arrival.entry(
            CASES,
            "dfe-csc",
            source,
            entrance.pseudonymiser.of_la_child(authority, LaChildId(part.id)),
            part.content,
        )
        for part in parts
    )
    return _whole(entrance, content, entries)


def answer(content: bytes, alert: str, entrance: Entrance) -> Decided:
    """Decide about an answer to an alert. It is a contract of ours, so it is read whole."""
    sender = entrance.sender
    if sender.authority is None:
        return Refused(403, "authority-not-of-key", "The key answers for no authority.")
    try:
        _ALERT.validate_python(alert)
    except ValidationError:
        return Refused(404, "alert-unknown", "There is no such alert.")
    try:
        said = Answered.model_validate_json(content)
    except ValidationError as problem:
        return _invalid(problem)
    if said.at > entrance.now + AHEAD:
        return Refused(422, "time-in-future", "The time of the answer lies ahead.", "at")
    fingerprint = entrance.pseudonymiser.fingerprint(said.model_dump_json().encode())
    own = derive_id("response", alert, sender.authority, fingerprint)
    response = Response(
        id=own,
        alert=alert,
        authority=sender.authority,
        by=said.by,
        role=said.role,
        at=said.at,
        said=said.said,
    )
    envelope = Envelope(
        id=own,
        type=Response.contract,
        source=f"responses:{sender.case_source}",
        recorded=entrance.now,
        correlation=own,
    )
    value = response.model_dump_json().encode()
    return Accepted(own, (Entry(RESPONSES, family_of(alert), value, envelope),))


def _whole(entrance: Entrance, content: bytes, entries: tuple[Entry, ...]) -> Accepted:
    if len(entries) == 1:
        return Accepted(entries[0].envelope.id, entries)
    own = derive_id("batch", entrance.sender.source, entrance.pseudonymiser.fingerprint(content))
    return Accepted(own, entries)


def cannot_be_read(problem: UnreadableError, *, invalid_is: int = 422) -> Refused:
    """Refuse a body for a code and a field of ours. What is not well-formed at all is a 400."""
    status = 400 if problem.reason in _MALFORMED else invalid_is
    text = _SENTENCES.get(problem.reason, "The body cannot be read.")
    return Refused(status, problem.reason, text, problem.path)


def _invalid(problem: ValidationError) -> Refused:
    first = problem.errors(include_input=False, include_url=False, include_context=False)[0]
    if first["type"] == "json_invalid":
        return Refused(400, "json-invalid", _SENTENCES["json-invalid"])
    steps = [str(p) for p in first["loc"] if isinstance(p, int) or p in _SHOWN]
    return Refused(422, "contract-broken", "A field is missing or wrong.", ".".join(steps))
