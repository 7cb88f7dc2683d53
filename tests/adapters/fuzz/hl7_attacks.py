"""HL7 v2 that is made to hurt a parser: longer, stranger or other than it says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tests.adapters.fuzz.attacks import Attack


def _hl7(*segments: bytes, event: bytes = b"SIU^S26") -> bytes:
    header = rb"MSH|^~\&|PAS|RJ1|KINBRIDGE|209|20260302101500||%b|M1|P|2.4" % event
    return b"".join(segment + b"\r" for segment in (header, *segments))


_PID: Final = b"PID|1||9000000009^^^NHS^NH||Okoro^Ada||20150312"
_ESCAPES: Final = b"\\T\\\\H\\\\X0D\\\\.br\\"
_SCH: Final = b"SCH|A7001^BOOKINGS" + b"|" * 10 + b"^^^202603020930"


def segments() -> Iterator[Attack]:
    for name, content in (
        ("100,000 segments", _hl7(_SCH, *[b"NTE|1||a"] * 100_000)),
        ("100,000 persons", _hl7(_SCH, *[_PID] * 100_000)),
        ("200,000 fields", _hl7(_SCH, _PID + b"|" * 200_000)),
        ("200,000 repetitions", _hl7(_SCH, b"PID|1||" + b"~".join([b"1^^^NHS"] * 200_000))),
        ("200,000 components", _hl7(_SCH, b"PID|1||" + b"^" * 200_000)),
        ("200,000 parts of components", _hl7(_SCH, b"PID|1||" + b"&" * 200_000)),
        ("200,000 escapes", _hl7(_SCH, b"PID|1||9^^^NHS||" + _ESCAPES * 50_000)),
        ("escapes without an end", _hl7(_SCH, b"PID|1||9^^^NHS||" + b"\\" * 200_001)),
        ("a million digits as a time", _hl7(b"SCH|A|" + b"|" * 9 + b"^^^" + b"2" * 1_000_000)),
        ("a million letters as a code", _hl7(_SCH + b"|" * 14 + b"N" * 1_000_000, _PID)),
        ("separators that are all one", b"MSH|||||PAS|RJ1|K|209|20260302||SIU|M1|P|2.4\r" + _SCH),
        ("separators that are letters", b"MSHAbcdeAPASARJ1AKA209A20260302AASIUAM1APA2.4\r"),
        ("a header alone", _hl7()),
        ("a header cut off", b"MSH|^~"),
        ("two headers", _hl7(_hl7(), _SCH, _PID)),
        ("line feeds", _hl7(_SCH, _PID).replace(b"\r", b"\n")),
        ("frames within", b"\x0b" + _hl7(_SCH, _PID) + b"\x1c\r" * 1_000),
        ("NULs", _hl7(_SCH, _PID.replace(b"Ada", b"\x00" * 10_000))),
        ("no UTF-8", _hl7(_SCH, _PID.replace(b"Ada", b"\xc3\x28\xff\xfe"))),
        ("UTF-16", _hl7(_SCH, _PID).decode().encode("utf-16")),
        ("a time that no calendar has", _hl7(_SCH.replace(b"20260302", b"20260230"), _PID)),
        ("an arrival without its visit", _hl7(_PID, event=b"ADT^A04")),
        ("100,000 relatives", _hl7(_PID, *[b"NK1|1|A^B|MTH"] * 100_000, event=b"ADT^A31")),
        ("100,000 merges", _hl7(*[_PID, b"MRG|9000000017^^^NHS"] * 50_000, event=b"ADT^A40")),
    ):
        yield f"HL7 v2 with {name}", "application/hl7-v2", content
