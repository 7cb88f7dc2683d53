"""MSH as intake reads it, and the acknowledgement as its sender will."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import hl7
import pytest

from kinbridge_fhir.hl7v2.ack import Fault, Verdict, acknowledge, code_for
from kinbridge_fhir.hl7v2.header import (
    Header,
    charset_in,
    charset_of,
    media_type,
    read_header,
    verify,
)
from kinbridge_schemas.problems import UnreadableError
from tests.adapters.hl7v2.messages import arrival, message, msh

NOW: Final = datetime(2026, 7, 1, 9, 0, 5, tzinfo=UTC)
FAULT: Final = Fault("101", "Required field missing", "message-time-missing", "MSH-7")


def test_the_header_names_its_message() -> None:
    found = read_header(arrival("A-77", more="|||AL|NE|GBR|8859/1"))

    assert (found.application, found.facility) == ("PAS", "RJ1")
    assert (found.kind, found.trigger, found.control_id) == ("ADT", "A04", "A-77")
    assert (found.processing, found.version, found.charset) == ("P", "2.4", "8859/1")
    assert found.sent == "20260302101500"


@pytest.mark.parametrize(
    ("content", "reason", "path"),
    [
        pytest.param(message(msh(control="")), "control-id-missing", "MSH-10", id="no number"),
        pytest.param(message(msh(control="x" * 200)), "control-id-invalid", "MSH-10", id="long"),
        pytest.param(message(msh(control=r"a\T\b")), "control-id-invalid", "MSH-10", id="escape"),
        pytest.param(message(msh(sent="")), "message-time-missing", "MSH-7", id="no time"),
        pytest.param(message(msh(sent="today")), "message-time-invalid", "MSH-7", id="a word"),
        pytest.param(message(msh("")), "message-type-missing", "MSH-9", id="no type"),
        pytest.param(message(msh("ADT")), "trigger-missing", "MSH-9", id="no trigger"),
        pytest.param(b"BHS|^~\\&|PAS", "batch-not-accepted", "BHS", id="a batch"),
        pytest.param(b"FHS|^~\\&|PAS", "batch-not-accepted", "BHS", id="a file"),
    ],
)
def test_a_header_that_does_not_is_named_by_its_field(
    content: bytes, reason: str, path: str
) -> None:
    with pytest.raises(UnreadableError) as raised:
        verify(read_header(content))

    assert (raised.value.reason, raised.value.path) == (reason, path)


@pytest.mark.parametrize(
    ("said", "content", "charset"),
    [
        pytest.param("UNICODE UTF-8", "Zoë".encode(), "utf-8", id="as it says"),
        pytest.param("8859/1", "Zoë".encode("latin-1"), "iso-8859-1", id="Latin 1"),
        pytest.param("UNICODE", "Zoë".encode("latin-1"), "iso-8859-1", id="not as it says"),
        pytest.param("", "Zoë".encode(), "utf-8", id="nothing said, UTF-8"),
        pytest.param("", "Zoë".encode("latin-1"), "iso-8859-1", id="nothing said, Latin 1"),
        pytest.param("ASCII", "Zoë".encode("latin-1"), "iso-8859-1", id="more than it says"),
        pytest.param("KLINGON", b"Zoe", "utf-8", id="a set that nobody knows"),
    ],
)
def test_the_character_set_is_what_is_said_if_it_is_true(
    said: str, content: bytes, charset: str
) -> None:
    header = read_header(message(msh(more=f"||||||{said}")))

    assert charset_of(header, content) == charset
    assert charset_in(media_type(charset)) == charset


def test_bytes_that_fit_no_allowed_character_set_are_refused() -> None:
    with pytest.raises(UnreadableError, match="text-not-decodable"):
        charset_of(read_header(arrival()), b"\xff", ("utf-8",))


def _ack(header: Header | None, fault: Fault | None = None, *, known: bool = True) -> str:
    verdict = Verdict.REFUSED if fault else Verdict.STORED
    code = code_for(header, verdict) or "none"
    answer = acknowledge(header, code, now=NOW, own_id="own", known_sender=known, fault=fault)
    return answer.decode("ascii")


def test_an_acknowledgement_answers_the_one_who_sent() -> None:
    found = hl7.parse(_ack(read_header(arrival("A-77"))))

    assert str(found.segment("MSH")(5)) == "PAS"
    assert str(found.segment("MSH")(6)) == "RJ1"
    assert str(found.segment("MSH")(9)) == "ACK^A04^ACK"
    assert str(found.segment("MSH")(7)) == "20260701100005+0100"
    assert (str(found.segment("MSA")(1)), str(found.segment("MSA")(2))) == ("AA", "A-77")


@pytest.mark.parametrize(
    ("version", "error"),
    [
        ("2.3", "ERR|MSH^1^7^101&Required field missing&HL70357"),
        ("2.4", "ERR|MSH^1^7^101&Required field missing&HL70357"),
        (
            "2.5.1",
            "ERR||MSH^1^7|101^Required field missing^HL70357|E||||message-time-missing",
        ),
    ],
)
def test_a_refusal_says_which_field_and_no_value(version: str, error: str) -> None:
    found = _ack(read_header(arrival(version=version)), FAULT)

    assert error in found.split("\r")
    assert "MSA|AR|M1|message-time-missing" in found.split("\r")


def test_nothing_is_said_back_of_a_sender_who_is_not_known() -> None:
    header = read_header(arrival(sender="9000000009|Okoro"))

    found = _ack(header, FAULT, known=False)

    assert "9000000009" not in found
    assert "Okoro" not in found


def test_what_has_no_header_is_refused_with_the_usual_delimiters() -> None:
    found = _ack(None, Fault("100", "Segment sequence error", "not-an-hl7-message", "MSH"))

    assert found.startswith("MSH|^~\\&|KINBRIDGE|")
    assert "MSA|AR||not-an-hl7-message" in found.split("\r")


@pytest.mark.parametrize(
    ("accept", "answer", "stored", "later", "refused"),
    [
        pytest.param("", "", "AA", "AE", "AR", id="original mode"),
        pytest.param("AL", "NE", "CA", "CE", "CR", id="always"),
        pytest.param("NE", "NE", None, None, None, id="never"),
        pytest.param("ER", "NE", None, "CE", "CR", id="errors only"),
        pytest.param("SU", "NE", "CA", None, None, id="success only"),
        pytest.param("NE", "AL", "AA", "AE", "AR", id="only the application's"),
        pytest.param("", "ER", None, "AE", "AR", id="only the application's errors"),
        pytest.param("ER", "AL", "AA", "CE", "CR", id="commit of errors, answer always"),
        pytest.param("XX", "", "CA", "CE", "CR", id="a word that there is not"),
    ],
)
def test_a_sender_hears_what_it_asks_for(
    accept: str, answer: str, stored: str | None, later: str | None, refused: str | None
) -> None:
    header = read_header(message(msh(more=f"|||{accept}|{answer}")))

    assert code_for(header, Verdict.STORED) == stored
    assert code_for(header, Verdict.LATER) == later
    assert code_for(header, Verdict.REFUSED) == refused
