"""Decide what becomes of one message of a mailbox: which way it goes, or why it is parked. Pure.

The workflow says what a message should be, and its first bytes whether it is. Nothing is guessed:
what nobody listed is kept for a person. Every decision is one record to write; the mailbox is
told to forget the message only after that record is durable.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from kinbridge.intake.entries import Arrival, Entry
from kinbridge.intake.mesh.pace import NOT_TO_BE_HAD, reason_of
from kinbridge.intake.mesh.unpack import TOO_LARGE, Chunk, as_it_came, unpack
from kinbridge.intake.parking import UNKNOWN_TYPE, Why, park
from kinbridge.intake.stage import NHS
from kinbridge.sources.mesh import Mailbox
from kinbridge_schemas.problems import UnreadableError

# NEMS, "Event receiver requirements": the WorkflowID of each of its event messages.
NEMS: Final = (
    "BIRTHNOTIFICATION_1",
    "CHANGEOFADDRESS_1",
    "CHANGEOFGP_1",
    "DEATHNOTIFICATION_1",
    "PDSRECORDCHANGE_1",
    "PROFESSIONALCONTACTS_1",
    "VACCINATIONS_1",
    "NEWBORNHEARING_1",
    "NIPEOUTCOME_1",
    "BLOODSPOTTESTOUTCOME_1",
)
_ROUTES: Final = dict.fromkeys(NEMS, "fhir-message")
_CP_IS: Final = "cp-is-hl7v3"
_UNKNOWN: Final = "mesh"
"""Stands for the route of a record that has none."""
_UNDELIVERED: Final = "14"
"""MESH error code of a message that its recipient did not collect for five days."""
_NOT_THERE: Final = frozenset(reason_of(status) for status in NOT_TO_BE_HAD)
_XML: Final = "application/fhir+xml"
_JSON: Final = "application/fhir+json"
_TYPES: Final = {b"<": _XML, b"{": _JSON}
_LOOKED_AT: Final = 4_096
_HL7V3: Final = re.compile(rb"urn:hl7-org:v3|<(?:\w{1,20}:)?(?:REPC|QUPC|MCCI)_(?:IN|MT)\d")
_BOM: Final = b"\xef\xbb\xbf"

Readers = Mapping[str, Callable[[bytes, str], str]]
"""By route: gives the id of a message, by which a repeat is known. Raises UnreadableError."""


@dataclass(frozen=True, slots=True)
class Head:
    """What MESH says of a message. `id` is MESH's own: a time and a random part."""

    id: str
    workflow: str = ""
    kind: str = "DATA"
    sender: str = ""
    status: str = ""
    linked: str = ""
    encrypted: bool = False

    @property
    def notes(self) -> dict[str, str]:
        """What a dead letter keeps of it. Subject and file name may name a person: not kept."""
        return {
            "mesh-message-id": self.id,
            "mesh-workflow": self.workflow,
            "mesh-type": self.kind,
            "mesh-sender": self.sender,
            "mesh-status": self.status,
            "mesh-linked-message-id": self.linked,
        }


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message as it was fetched."""

    head: Head
    chunks: tuple[Chunk, ...] = ()


@dataclass(frozen=True, slots=True)
class Unfetched:
    """A message that the mailbox lists and that could not be had, and why: a code."""

    head: Head
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The one record that a message becomes, and why.

    `acknowledge` says whether MESH may forget the message once that record is durable.
    """

    reason: str
    entry: Entry
    acknowledge: bool = True

    @property
    def parked(self) -> bool:
        return self.entry.topic != NHS


@dataclass(frozen=True, slots=True)
class Desk:
    """What deciding about the messages of one mailbox needs beside them."""

    mailbox: Mailbox
    readers: Readers

    def decide(self, came: Parcel | Unfetched, arrival: Arrival) -> Decision:
        """Decide about one message, or about one that could not be had."""
        match came:
            case Unfetched(head, reason):
                return self._without_content(head, reason, arrival)
            case Parcel(head, chunks):
                return self._decide(head, chunks, arrival)

    def refused_by_kafka(self, head: Head, arrival: Arrival) -> Decision:
        """Decide about a message that Kafka finds too large, whatever our own limit says."""
        return self._without_content(head, TOO_LARGE, arrival)

    def _decide(self, head: Head, chunks: tuple[Chunk, ...], arrival: Arrival) -> Decision:
        raw = as_it_came(chunks)
        if (reason := self._refusal(head)) is not None:
            return self._parked(head, reason, arrival, raw)
        try:
            content = unpack(chunks, self.mailbox.max_bytes)
        except UnreadableError as problem:
            if problem.reason == TOO_LARGE:
                return self._without_content(head, TOO_LARGE, arrival)
            return self._parked(head, problem.reason, arrival, raw)
        return self._routed(head, content, arrival)

    def _refusal(self, head: Head) -> str | None:
        if head.kind != "DATA":
            return "mesh-undelivered" if head.status == _UNDELIVERED else "mesh-error-report"
        if self.mailbox.senders and head.sender.upper() not in self.mailbox.senders:
            return "sender-not-allowed"
        return "content-encrypted" if head.encrypted else None

    def _routed(self, head: Head, content: bytes, arrival: Arrival) -> Decision:
        workflow = head.workflow.strip().upper()
        route = self.mailbox.workflows.get(workflow) or _ROUTES.get(workflow, _UNKNOWN)
        start = content[:_LOOKED_AT].removeprefix(_BOM).lstrip()
        if route == _CP_IS or _HL7V3.search(start):
            return self._parked(head, f"{_CP_IS}-not-read", arrival, content)
        if route == _UNKNOWN:
            return self._parked(head, "workflow-unknown", arrival, content)
        content_type = _TYPES.get(start[:1])
        if content_type is None:
            return self._parked(head, "content-not-fhir", arrival, content)
        try:
            own = self.readers[route](content, content_type)
        except UnreadableError as problem:
            why = Why(problem.reason, problem.path, head.notes)
            return Decision(why.reason, park(self._record(head, arrival, content), why))
        # As the HTTP door does it: what comes by both ways under one source is one record.
        source = self.mailbox.source
        key = arrival.pseudonymiser.of_source_record(source, own)
        return Decision("taken", arrival.entry(NHS, route, source, key, content, content_type))

    def _parked(self, head: Head, reason: str, arrival: Arrival, content: bytes) -> Decision:
        record = self._record(head, arrival, content)
        return Decision(reason, park(record, Why(reason, notes=head.notes)))

    def _without_content(self, head: Head, reason: str, arrival: Arrival) -> Decision:
        record = self._record(head, arrival, b"")
        letter = park(record, Why(reason, notes=head.notes))
        # What is still in the mailbox is nowhere else: it stays, until its sender is told.
        return Decision(reason, letter, acknowledge=reason in _NOT_THERE)

    def _record(self, head: Head, arrival: Arrival, content: bytes) -> Entry:
        source = self.mailbox.source
        key = arrival.pseudonymiser.of_source_record(source, f"mesh|{head.id}")
        start = content[:_LOOKED_AT].removeprefix(_BOM).lstrip()
        content_type = _TYPES.get(start[:1], UNKNOWN_TYPE)
        return arrival.entry(NHS, _UNKNOWN, source, key, content, content_type)
