"""Reading what HL7 v2 is written in, beside another's reader, and with bytes made to hurt."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import hl7
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinbridge_fhir.hl7v2.er7 import MAX_BYTES, Er7, delimiters_of, read, unescaped
from kinbridge_schemas.problems import UnreadableError
from tests.adapters.hl7v2.messages import arrival, message, msh

GOLDEN: Final = Path(__file__).parents[2] / "golden" / "hl7v2"
MARKS: Final = delimiters_of(msh())


@pytest.mark.parametrize(
    ("written", "said"),
    [
        pytest.param(r"O\T\Hara", "O&Hara", id="subcomponent"),
        pytest.param(r"a\F\b\S\c\R\d\E\e", r"a|b^c~d\e", id="every delimiter"),
        pytest.param(r"Zo\XC3AB\ ", "Zoë ", id="bytes of the character set"),
        pytest.param(r"one\.br\two", "one two", id="a line break"),
        pytest.param(r"\H\loud\N\ ", "loud ", id="type is not set"),
        pytest.param(r"a\Zlocal\b", "ab", id="what is local is left out"),
        pytest.param(r"a\XZZ\b", "ab", id="no hexadecimal number"),
        pytest.param("50\\", "50\\", id="an escape that opens nothing"),
    ],
)
def test_escapes_are_undone(written: str, said: str) -> None:
    assert unescaped(written, MARKS) == said


def test_fields_are_counted_as_the_standard_counts_them() -> None:
    found = read(message(msh(), "PV1|1|E|A^B&C^D~E"), "utf-8")

    assert found.header.text(1) == "|"
    assert found.header.text(9, 2) == "A04"
    assert found.text("PV1", 2) == "E"
    assert (found.text("PV1", 3, 2), found.text("PV1", 3, 2, 2)) == ("B", "C")
    assert [each.text() for each in found.header.each(3)] == ["PAS"]
    assert found.text("PV1", 40) is None
    assert found.text("ZZZ", 1) is None


def test_two_quotes_say_that_there_is_nothing_any_more() -> None:
    found = read(message(msh(), 'PD1|||""|A^""'), "utf-8")

    pd1 = found.one("PD1")
    assert pd1 is not None
    assert pd1.text(3) is None
    assert (pd1.text(4), pd1.text(4, 2)) == ("A", None)


def test_no_control_character_comes_out_of_a_text() -> None:
    found = read(message(msh(), "PID|||||O\x00koro\\X0D0A\\^\x1bAda\t"), "utf-8")

    assert (found.text("PID", 5), found.text("PID", 5, 2)) == ("O koro", "Ada")


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"], ids=["CR", "LF", "CR LF"])
def test_segments_may_end_in_any_way(end: str) -> None:
    found = read(message(msh(), "EVN||20260302", "PV1|1|E", end=end), "utf-8")

    assert [segment.name for segment in found.segments] == ["MSH", "EVN", "PV1"]


def test_a_line_that_is_no_segment_is_left_out() -> None:
    found = read(message(msh(), "NTE|1||Came with", "her aunt, who said", "PV1|1|E"), "utf-8")

    assert [segment.name for segment in found.segments] == ["MSH", "NTE", "PV1"]


def test_a_sender_may_choose_its_delimiters() -> None:
    text = "MSH#*~!&#PAS#RJ1#####ADT*A04#7#P#2.4\rPV1#1#E#A*B"

    found = read(text.encode(), "utf-8")

    assert (found.header.text(9, 2), found.text("PV1", 3, 2)) == ("A04", "B")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"", "not-an-hl7-message", id="nothing"),
        pytest.param(b"MSH", "delimiters-invalid", id="no more than a name"),
        pytest.param(b"PID|1", "not-an-hl7-message", id="no header"),
        pytest.param(b"MSH|||||", "delimiters-invalid", id="delimiters that are one"),
        pytest.param(b"MSH|^~\\A|x", "delimiters-invalid", id="a letter as a delimiter"),
        pytest.param(b"MSH|^~\\&xyz|", "delimiters-invalid", id="more than five"),
        pytest.param("MSH|^~\\§|".encode(), "delimiters-invalid", id="not ASCII"),
        pytest.param(b"\xff\xfeM\x00S\x00H\x00", "text-not-decodable", id="UTF-16"),
        pytest.param(msh().encode() + b"\xff", "text-not-decodable", id="no UTF-8"),
        pytest.param(message(msh(), msh()), "several-messages", id="two in one"),
        pytest.param(message(msh(), *["NTE|1"] * 2_001), "too-many-segments", id="segments"),
        pytest.param(b"MSH|^~\\&|" + b"x" * MAX_BYTES, "message-too-large", id="size"),
    ],
)
def test_what_is_no_message_is_named_by_its_reason(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableError) as raised:
        read(content, "utf-8")

    assert raised.value.reason == reason


def test_the_truncation_character_of_newer_versions_is_allowed() -> None:
    assert read(b"MSH|^~\\&#|PAS", "utf-8").header.text(3) == "PAS"


def _parts(found: Er7) -> list[list[list[list[str]]]]:
    """Segments, fields, repetitions and components, as they are written."""
    return [
        [[part.split("^") for part in field.split("~")] for field in segment.fields]
        for segment in found.segments
    ]


def _theirs(found: Any) -> list[list[list[list[str]]]]:
    """The same out of python-hl7, which nests no deeper than there is something to nest."""

    def components(repetition: Any) -> list[str]:
        return [repetition] if isinstance(repetition, str) else [str(each) for each in repetition]

    return [
        [[components(repetition) for repetition in field] for field in segment]
        for segment in found
    ]


@pytest.mark.parametrize(
    "path", sorted(GOLDEN.glob("*/in.hl7")), ids=lambda path: path.parent.name
)
def test_it_is_read_as_another_reader_reads_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace("\n", "\r").strip("\r")

    ours, theirs = _parts(read(text.encode(), "utf-8")), _theirs(hl7.parse(text))

    assert len(ours) == len(theirs)
    for own, other in zip(ours, theirs, strict=True):
        # MSH-1 and MSH-2 are the delimiters themselves, and are no fields to be split.
        start = 3 if own[0] == [["MSH"]] else 0
        assert own[start:] == other[start:]


@given(content=st.binary(max_size=300))
def test_any_bytes_are_a_message_or_unreadable(content: bytes) -> None:
    for charset in ("utf-8", "iso-8859-1"):
        try:
            found = read(content, charset)
        except UnreadableError:
            continue
        assert found.header.name == "MSH"


@given(data=st.data())
def test_a_message_with_a_byte_changed_is_a_message_or_unreadable(data: st.DataObject) -> None:
    content = bytearray(arrival())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))
    try:
        found = read(bytes(content), "iso-8859-1")
    except UnreadableError:
        return
    assert all(segment.text(3) is None or segment.text(3) for segment in found.segments)
