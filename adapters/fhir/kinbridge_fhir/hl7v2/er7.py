"""HL7 v2 as it is written (ER7): segments, fields, repetitions, components. No schema.

Source: HL7 v2.4 chapter 2, and 2.5.1 for what was added. Only what is asked for is split, so
that a message costs what it says and not what it could say, and bytes made to hurt cost no more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from kinbridge_schemas.problems import UnreadableError

MAX_BYTES: Final = 1_000_000
_MAX_SEGMENTS: Final = 2_000
_MAX_REPETITIONS: Final = 50
_SHORTEST_HEADER: Final = 8  # MSH, the field separator and four more characters
_SEGMENT: Final = re.compile(r"[A-Z][A-Z0-9]{2}")
_DELETED: Final = '""'
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f]")
_HEX: Final = re.compile(r"X(?:[0-9A-Fa-f]{2}){1,200}")
_BREAKS: Final = re.compile(r"\.(?:br|sp|ce)[+-]?\d{0,3}")


@dataclass(frozen=True, slots=True)
class Delimiters:
    """The characters that a message is written with, as its own MSH-1 and MSH-2 say."""

    field: str
    component: str
    repetition: str
    escape: str
    subcomponent: str

    @property
    def all(self) -> str:
        return self.field + self.component + self.repetition + self.escape + self.subcomponent


def delimiters_of(text: str) -> Delimiters:
    """Read MSH-1 and MSH-2. Raises UnreadableError where they cannot be told apart."""
    if text[:3] != "MSH":
        raise UnreadableError("not-an-hl7-message", "MSH")
    if len(text) < _SHORTEST_HEADER:
        raise UnreadableError("delimiters-invalid", "MSH-2")
    found = Delimiters(text[3], text[4], text[5], text[6], text[7])
    characters = found.all
    if len(set(characters)) < len(characters) or any(
        not c.isprintable() or c.isalnum() or c == " " or not c.isascii() for c in characters
    ):
        raise UnreadableError("delimiters-invalid", "MSH-2")
    # From 2.7 on a fifth character, for truncation, may stand here. It is not used by anybody.
    if text[8:9] != found.field and text[9:10] != found.field:
        raise UnreadableError("delimiters-invalid", "MSH-2")
    return found


@dataclass(frozen=True, slots=True)
class Element:
    """One repetition of a field."""

    raw: str
    delimiters: Delimiters
    charset: str

    def text(self, component: int = 1, subcomponent: int = 1) -> str | None:
        """Give a component without its escapes. None where it is empty, or says "deleted"."""
        parts = self.raw.split(self.delimiters.component, component)
        if len(parts) < component:
            return None
        subs = parts[component - 1].split(self.delimiters.subcomponent, subcomponent)
        if len(subs) < subcomponent:
            return None
        found = subs[subcomponent - 1]
        if found == _DELETED:
            return None
        plain = unescaped(found, self.delimiters, self.charset)
        return _CONTROLS.sub(" ", plain).strip() or None


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment. Fields are counted as the standard counts them: from 1, MSH-1 included."""

    name: str
    fields: tuple[str, ...]
    delimiters: Delimiters
    charset: str

    def each(self, field: int) -> Iterator[Element]:
        """Give the repetitions of a field, empty ones left out."""
        raw = self.fields[field] if field < len(self.fields) else ""
        parts = raw.split(self.delimiters.repetition, _MAX_REPETITIONS)
        for part in parts[:_MAX_REPETITIONS]:
            if part:
                yield Element(part, self.delimiters, self.charset)

    def text(self, field: int, component: int = 1, subcomponent: int = 1) -> str | None:
        """Give a component of the first repetition. None where it is empty or deleted."""
        first = next(self.each(field), None)
        return first.text(component, subcomponent) if first is not None else None


@dataclass(frozen=True, slots=True)
class Er7:
    """One message: its segments in their order."""

    segments: tuple[Segment, ...]

    @property
    def header(self) -> Segment:
        return self.segments[0]

    def all(self, name: str) -> tuple[Segment, ...]:
        return tuple(segment for segment in self.segments if segment.name == name)

    def one(self, name: str) -> Segment | None:
        """Give the first segment of a name."""
        return next((segment for segment in self.segments if segment.name == name), None)

    def text(self, name: str, field: int, component: int = 1, sub: int = 1) -> str | None:
        """Give a component of the first such segment."""
        segment = self.one(name)
        return segment.text(field, component, sub) if segment is not None else None


def read(content: bytes, charset: str) -> Er7:
    """Read a message. Raises UnreadableError; `charset` is a name that Python knows.

    Lines that are no segment are left out: free text with a line break in it is none of ours.
    """
    if len(content) > MAX_BYTES:
        raise UnreadableError("message-too-large")
    try:
        text = content.decode(charset).strip("\r\n")
    except (UnicodeDecodeError, LookupError):
        raise UnreadableError("text-not-decodable", "MSH-18") from None
    delimiters = delimiters_of(text)
    lines = text.replace("\r\n", "\r").split("\r" if "\r" in text else "\n")
    if len(lines) > _MAX_SEGMENTS:
        raise UnreadableError("too-many-segments")
    segments = tuple(_segments(lines, delimiters, charset))
    if sum(segment.name == "MSH" for segment in segments) != 1:
        raise UnreadableError("several-messages", "MSH")
    return Er7(segments)


def _segments(lines: list[str], delimiters: Delimiters, charset: str) -> Iterator[Segment]:
    for line in lines:
        name = line[:3]
        if _SEGMENT.fullmatch(name) is None or line[3:4] not in ("", delimiters.field):
            continue
        fields = line.split(delimiters.field)
        if name == "MSH":
            # MSH-1 is the separator itself: with it the count is as in every other segment.
            fields.insert(1, delimiters.field)
        yield Segment(name, tuple(fields), delimiters, charset)


def unescaped(text: str, delimiters: Delimiters, charset: str = "utf-8") -> str:
    r"""Give a text without its escape sequences.

    `\F\ \S\ \T\ \R\ \E\` are the delimiters, `\Xdd..\` bytes of the message's character set,
    `\.br\` and its like a space. What else there is sets type, or is local: it is left out.
    """
    escape = delimiters.escape
    if escape not in text:
        return text
    parts = text.split(escape)
    if len(parts) % 2 == 0:
        # The last one opens a sequence that never ends: it is a character like any other.
        parts[-2:] = [parts[-2] + escape + parts[-1]]
    return "".join(
        _meaning(part, delimiters, charset) if n % 2 else part for n, part in enumerate(parts)
    )


def _meaning(sequence: str, delimiters: Delimiters, charset: str) -> str:
    known = {
        "F": delimiters.field,
        "S": delimiters.component,
        "T": delimiters.subcomponent,
        "R": delimiters.repetition,
        "E": delimiters.escape,
    }
    if sequence in known:
        return known[sequence]
    if _HEX.fullmatch(sequence):
        return bytes.fromhex(sequence[1:]).decode(charset, errors="replace")
    return " " if _BREAKS.fullmatch(sequence) else ""
