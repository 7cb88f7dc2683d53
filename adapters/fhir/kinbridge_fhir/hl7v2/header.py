"""MSH: whose message it is, what kind, under which number, in which character set.

It is all that intake may read of a message.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from kinbridge_fhir.hl7v2.er7 import Delimiters, Segment, read
from kinbridge_schemas.problems import UnreadableError

MEDIA_TYPE: Final = "x-application/hl7-v2+er7"
"""The media type of NHS England's own integration engine for it; none is registered."""

DEFAULT_CHARSETS: Final = ("utf-8", "iso-8859-1")

# HL7 table 0211, and what is written in its place. Plain ASCII is read by the fallback: those
# who say it send more than it holds.
_CHARSETS: Final = {
    "UNICODE": "utf-8",
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
    "UTF8": "utf-8",
    "8859/1": "iso-8859-1",
    "ISO-8859-1": "iso-8859-1",
    "ISO IR100": "iso-8859-1",
    "8859/15": "iso-8859-15",
    "WINDOWS-1252": "cp1252",
    "CP1252": "cp1252",
}
KNOWN_CHARSETS: Final = ("utf-8", "iso-8859-1", "iso-8859-15", "cp1252")
_BATCHES: Final = (b"FHS", b"BHS")
_HEAD: Final = 4_000
_WORD: Final = re.compile(r"[A-Z][A-Z0-9]{2}")
_CONTROL_ID: Final = re.compile(r"[!-~](?:[ -~]{0,197}[!-~])?")
_TIMED: Final = re.compile(r"\d{8,14}(?:\.\d{1,4})?(?:[+-]\d{4})?")


@dataclass(frozen=True, slots=True)
class Header:
    """What MSH says. Empty texts stand for what it does not say.

    `control_id` is MSH-10, by which a sender knows its message. It may hold an identifier: it
    is for the pseudonymiser and for the answer to the sender, and for nothing else.
    """

    delimiters: Delimiters
    application: str = ""
    facility: str = ""
    sent: str = ""
    kind: str = ""
    trigger: str = ""
    control_id: str = ""
    processing: str = ""
    version: str = ""
    accept: str = ""
    answer: str = ""
    charset: str = ""

    @property
    def enhanced(self) -> bool:
        """Whether the sender asks for acknowledgements as MSH-15 and MSH-16 say."""
        return bool(self.accept or self.answer)


def read_header(content: bytes) -> Header:
    """Read the first segment. Raises UnreadableError: no message, a batch, no delimiters."""
    if content.lstrip(b"\r\n")[:3] in _BATCHES:
        raise UnreadableError("batch-not-accepted", "BHS")
    # Nothing of ours in it is outside ASCII, so the character set can be read first.
    head = re.split(rb"[\r\n]", content.lstrip(b"\r\n")[:_HEAD], maxsplit=1)[0]
    return _header(read(head, "iso-8859-1").header)


def _header(msh: Segment) -> Header:
    def said(field: int, component: int = 1) -> str:
        return msh.text(field, component) or ""

    return Header(
        delimiters=msh.delimiters,
        application=said(3),
        facility=said(4),
        sent=said(7),
        kind=said(9),
        trigger=said(9, 2),
        control_id=said(10),
        processing=said(11),
        version=said(12),
        accept=said(15).upper(),
        answer=said(16).upper(),
        charset=said(18),
    )


def verify(header: Header) -> None:
    """See that a header names its message. Raises UnreadableError with the field."""
    if not header.control_id:
        raise UnreadableError("control-id-missing", "MSH-10")
    if not well_formed(header.control_id, header.delimiters):
        raise UnreadableError("control-id-invalid", "MSH-10")
    if not header.sent:
        raise UnreadableError("message-time-missing", "MSH-7")
    if _TIMED.fullmatch(header.sent) is None:
        raise UnreadableError("message-time-invalid", "MSH-7")
    if _WORD.fullmatch(header.kind) is None:
        raise UnreadableError("message-type-missing", "MSH-9")
    if _WORD.fullmatch(header.trigger) is None:
        raise UnreadableError("trigger-missing", "MSH-9")


def well_formed(control_id: str, delimiters: Delimiters) -> bool:
    """Whether a control id can be said back: up to 199 characters, none of them a delimiter."""
    return _CONTROL_ID.fullmatch(control_id) is not None and not set(control_id) & set(
        delimiters.all
    )


def charset_of(
    header: Header, content: bytes, fallbacks: tuple[str, ...] = DEFAULT_CHARSETS
) -> str:
    """Give the character set: what MSH-18 says, if the bytes are so; else the first that fits.

    Raises UnreadableError where none does.
    """
    said = _CHARSETS.get(header.charset.upper())
    names: tuple[str, ...] = (said, *fallbacks) if said else fallbacks
    for name in names:
        try:
            content.decode(name)
        except UnicodeDecodeError:
            continue
        return name
    raise UnreadableError("text-not-decodable", "MSH-18")


def media_type(charset: str) -> str:
    """Give the content type that the bytes are kept with."""
    return f"{MEDIA_TYPE}; charset={charset}"


def charset_in(content_type: str) -> str | None:
    """Give the character set of a content type, of those that are known."""
    found = content_type.rpartition("charset=")[2].strip().lower()
    return found if found in KNOWN_CHARSETS else None
