"""The adapter of the route `mns-signal`: that something changed about somebody, and not what.

A signal is an R4 Bundle whose first resource is a Parameters, or a CloudEvent. It carries no
demographics: linking asks the Personal Demographics Service, where the person is on the record
of an open case. The number of the event is always 1, so nothing can be seen to be missing; the
service's test signal shows that it is there.

Left out on purpose: the focus but for its number, the publisher, and a resource that is sent
along: it is a copy from when it was sent, and the source is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from kinbridge_fhir.mns_codes import ASK_PDS, MAPPING_VERSION, NOT_USED, is_test
from kinbridge_fhir.thin import Thin, parsed, read_object
from kinbridge_schemas.base import Code, derive_id
from kinbridge_schemas.dispositions import End
from kinbridge_schemas.events import ChildEvent, Subject
from kinbridge_schemas.events.care import PdsChanged
from kinbridge_schemas.events.event import event_id
from kinbridge_schemas.identifiers import NhsNumber
from kinbridge_schemas.mapped import Ended, Given, Mapped
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.received import Received
from kinbridge_schemas.times import read_instant
from kinbridge_schemas.vocabulary import Occurred, Role, Version

_PATIENT: Final = re.compile(r"/Patient/([^/?#]{1,40})")
_ETAG: Final = re.compile(r'W/"([0-9]{1,9})"')


class MnsSignals:
    """Maps signals of the Multicast Notification Service. Holds nothing."""

    version = MAPPING_VERSION
    compares = False

    def __call__(self, received: Received, given: Given, /) -> Mapped:
        """Map one signal. Raises UnreadableError where the bytes are none."""
        signal = read_signal(received.content)
        # Every signal has an id of its own, which is the key of its record: under it the version
        # is always the same, so that other content under the same id is a conflict.
        if signal.is_test:
            return Mapped(ends=(_ended(received, "no-fact", "heartbeat"),))
        if signal.kind not in ASK_PDS:
            reason = "signal-not-used" if signal.kind in NOT_USED else "signal-unknown"
            return Mapped(ends=(_ended(received, "parked-unsupported", reason),))
        number = signal.number
        if not isinstance(number, NhsNumber):
            return Mapped(ends=(_ended(received, "parked-unsupported", number),))
        return Mapped(events=(_told(signal, number, received, given),))


def _ended(received: Received, end: End, reason: Code) -> Ended:
    return Ended(fact=received.id, end=end, reason=reason)


def _told(signal: Signal, number: NhsNumber, received: Received, given: Given) -> ChildEvent:
    # Each is a fact of its own: what is told of the record itself, PDS tells.
    fact = derive_id("fact", "signal", received.id)
    version = Version(updated=signal.happened)
    subject = Subject(
        role=Role.UNKNOWN, key=given.pseudonymiser.of_nhs_number(number), nhs_number=number
    )
    return ChildEvent(
        id=event_id(fact, version, "assert"),
        fact=fact,
        version=version,
        occurred=Occurred(at=signal.happened),
        observed=signal.happened,
        source=received.source,
        subjects=(subject,),
        detail=PdsChanged(change="record", record_version=signal.record_version),
    )


# -- the two shapes of a signal


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal, whichever shape it had. Its texts may name a person: they are not shown.

    `record_version` is PDS's version of the record, where the signal says it.
    """

    kind: str
    happened: datetime
    subject: str | None
    focus: str | None
    record_version: int | None = None

    def __repr__(self) -> str:
        return "Signal(**********)"

    @property
    def is_test(self) -> bool:
        return is_test(self.kind)

    @property
    def number(self) -> NhsNumber | Code:
        """Whom it is about: a number that can be used, else why there is none."""
        named = _PATIENT.search(self.focus or "")
        said = [text for text in (self.subject, named[1] if named else None) if text]
        try:
            numbers = {NhsNumber(text) for text in said}
        except UnreadableError:
            return "no-usable-identifier"
        match list(numbers):
            case []:
                return "no-usable-identifier"
            case [number]:
                return number
            case _:
                return "subjects-disagree"


class _Identifier(Thin):
    value: str | None = None


class _Reference(Thin):
    reference: str | None = None
    identifier: _Identifier | None = None


class _Part(Thin):
    name: str
    value_string: str | None = None
    value_instant: str | None = None
    value_reference: _Reference | None = None


class _Parameter(Thin):
    name: str
    part: tuple[_Part, ...] = ()


class _Status(Thin):
    resource_type: str
    parameter: tuple[_Parameter, ...]


class _Entry(Thin):
    resource: _Status


def _first(entries: Any) -> Any:
    return entries[:1] if isinstance(entries, list) else entries


class _Bundle(Thin):
    resource_type: str
    id: Annotated[str, Field(min_length=1)]
    type: str
    entry: Annotated[tuple[_Entry, ...], BeforeValidator(_first)]


class _CloudEvent(Thin):
    id: Annotated[str, Field(min_length=1)]
    type: str
    time: str
    subject: str | None = None
    dataref: str | None = None


def read_signal(content: bytes) -> Signal:
    """Read a signal of either shape. Raises UnreadableError."""
    body = read_object(content)
    if "specversion" in body:
        return _of_event(parsed(_CloudEvent, body))
    return _of_bundle(parsed(_Bundle, body))


def _of_event(event: _CloudEvent) -> Signal:
    happened = read_instant(event.time, "time")
    return Signal(event.type, happened, event.subject, event.dataref)


def _of_bundle(bundle: _Bundle) -> Signal:
    if bundle.resource_type != "Bundle" or bundle.type != "history" or not bundle.entry:
        raise UnreadableError("not-a-signal", "Bundle.type")
    status = bundle.entry[0].resource
    if status.resource_type != "Parameters":
        raise UnreadableError("not-a-signal", "Bundle.entry[0].resource")
    parts = {parameter.name: parameter for parameter in reversed(status.parameter)}
    what, context = (
        _parts(parts.get("notification-event")),
        _parts(parts.get("additional-context")),
    )
    kind, at = _text(context.get("event-type")), what.get("timestamp")
    if kind is None:
        raise UnreadableError("event-type-missing", "additional-context.event-type")
    if at is None or at.value_instant is None:
        raise UnreadableError("time-missing", "notification-event.timestamp")
    focus, subject = _reference(what.get("focus")), _reference(context.get("subject"))
    tagged = _ETAG.fullmatch(_text(context.get("version-id")) or "")
    return Signal(
        kind=kind,
        happened=read_instant(at.value_instant, "notification-event.timestamp"),
        subject=subject.identifier.value if subject and subject.identifier else None,
        focus=focus.reference if focus else None,
        record_version=int(tagged[1]) if tagged else None,
    )


def _parts(parameter: _Parameter | None) -> dict[str, _Part]:
    found: Iterable[_Part] = reversed(parameter.part) if parameter else ()
    return {part.name: part for part in found}


def _text(part: _Part | None) -> str | None:
    return part.value_string if part else None


def _reference(part: _Part | None) -> _Reference | None:
    return part.value_reference if part else None
