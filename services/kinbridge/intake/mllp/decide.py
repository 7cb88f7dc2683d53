"""Decide what of a frame may enter, and what its sender is told. Pure.

Only MSH is read. What cannot be a message of this feed is refused at once, with the code of HL7
and no value of the message, so that the sender's own queue shows it. What stands in the rest is
for mapping to judge, with the bytes kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kinbridge.intake.entries import Arrival, Entry
from kinbridge.intake.mllp.frames import Frame
from kinbridge.intake.stage import NHS
from kinbridge.sources.mllp import MllpFeed
from kinbridge_fhir.hl7v2.ack import Fault, Verdict, acknowledge, code_for
from kinbridge_fhir.hl7v2.er7 import read
from kinbridge_fhir.hl7v2.header import Header, charset_of, media_type, read_header, verify
from kinbridge_schemas.base import derive_id
from kinbridge_schemas.identifiers import Pseudonymiser
from kinbridge_schemas.problems import UnreadableError

ROUTE: Final = "hl7v2"
TYPES: Final = frozenset({"ADT", "SIU"})
_ACK_ID: Final = 20

# HL7 table 0357. Results, orders and documents (another type of message) are not even stored:
# a borough has no use for them, and what is not held cannot leak.
_SEQUENCE, _MISSING, _WRONG, _UNKNOWN_VALUE = "100", "101", "102", "103"
_TYPE, _PROCESSING, _VERSION, _INTERNAL = "200", "202", "203", "207"
_TEXTS: Final = {
    _SEQUENCE: "Segment sequence error",
    _MISSING: "Required field missing",
    _WRONG: "Data type error",
    _UNKNOWN_VALUE: "Table value not found",
    _TYPE: "Unsupported message type",
    _PROCESSING: "Unsupported processing id",
    _VERSION: "Unsupported version id",
    _INTERNAL: "Application internal error",
}
# By our reason. What else is wrong with a message is an error of its data.
_CODES: Final = {
    "not-an-hl7-message": _SEQUENCE,
    "several-messages": _SEQUENCE,
    "too-many-segments": _SEQUENCE,
    "batch-not-accepted": _TYPE,
    "message-type-missing": _MISSING,
    "trigger-missing": _MISSING,
    "control-id-missing": _MISSING,
    "message-time-missing": _MISSING,
    "message-type-not-accepted": _TYPE,
    "sender-not-known": _UNKNOWN_VALUE,
    "processing-not-of-feed": _PROCESSING,
    "version-not-accepted": _VERSION,
}
REASONS: Final = (
    *_CODES,
    *("control-id-invalid", "message-time-invalid", "delimiters-invalid"),
    *("message-too-large", "text-not-decodable"),
)
"""Every reason of a refusal."""


@dataclass(frozen=True, slots=True)
class Entrance:
    """What deciding needs beside the frame."""

    feed: MllpFeed
    pseudonymiser: Pseudonymiser
    now: datetime


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message that may enter."""

    header: Header
    entry: Entry

    @property
    def reason(self) -> str:
        return "accepted"


@dataclass(frozen=True, slots=True)
class Refused:
    """One that may not: it would be refused again however often it was sent."""

    fault: Fault
    header: Header | None

    @property
    def reason(self) -> str:
        return self.fault.reason


Decided = Accepted | Refused


def decide(frame: Frame, entrance: Entrance) -> Decided:
    """Decide about one frame."""
    header: Header | None = None
    try:
        header = read_header(frame.content)
        verify(header)
        _of_this_feed(header, frame, entrance.feed)
        charset = charset_of(header, frame.content, entrance.feed.charsets)
        # Mapping reads it again; here it only shows that it is one message.
        read(frame.content, charset)
    except UnreadableError as problem:
        return Refused(_fault(problem), header)
    return Accepted(header, _entry(frame, header, charset, entrance))


def _of_this_feed(header: Header, frame: Frame, feed: MllpFeed) -> None:
    if not feed.knows(header.application, header.facility):
        raise UnreadableError("sender-not-known", "MSH-3")
    if header.kind not in TYPES:
        raise UnreadableError("message-type-not-accepted", "MSH-9")
    if header.processing != feed.processing:
        raise UnreadableError("processing-not-of-feed", "MSH-11")
    if not header.version.startswith("2."):
        raise UnreadableError("version-not-accepted", "MSH-12")
    if not frame.whole:
        raise UnreadableError("message-too-large")


def _fault(problem: UnreadableError) -> Fault:
    code = _CODES.get(problem.reason, _WRONG)
    return Fault(code, _TEXTS[code], problem.reason, problem.path)


def _entry(frame: Frame, header: Header, charset: str, entrance: Entrance) -> Entry:
    source, pseudonyms = entrance.feed.source, entrance.pseudonymiser
    # A sender numbers its own messages: the same number of another system is another message.
    message = f"{header.application}|{header.facility}|{header.control_id}"
    key = pseudonyms.of_source_record(source, message)
    arrival = Arrival(pseudonyms, entrance.now)
    return arrival.entry(NHS, ROUTE, source, key, frame.content, media_type(charset))


NOT_STORED: Final = Fault(_INTERNAL, _TEXTS[_INTERNAL], "not-stored-send-again")
"""What the sender is told where Kafka did not acknowledge: the message is still its own."""


def reply(decided: Decided, entrance: Entrance, *, stored: bool) -> bytes | None:
    """Give the acknowledgement, or None where the sender asked for none.

    `stored` says whether an accepted message is durable: only then it is acknowledged.
    """
    header = decided.header
    fault: Fault | None = None
    verdict = Verdict.STORED
    if isinstance(decided, Refused):
        verdict, fault = Verdict.REFUSED, decided.fault
    elif not stored:
        verdict, fault = Verdict.LATER, NOT_STORED
    code = code_for(header, verdict)
    if code is None:
        return None
    known = header is not None and entrance.feed.knows(header.application, header.facility)
    about = decided.entry.envelope.id if isinstance(decided, Accepted) else decided.reason
    own = derive_id("ack", about, verdict.name, entrance.now.isoformat())
    return acknowledge(
        header,
        code,
        now=entrance.now,
        own_id=own.removeprefix("ack-")[:_ACK_ID],
        known_sender=known,
        fault=fault,
    )
