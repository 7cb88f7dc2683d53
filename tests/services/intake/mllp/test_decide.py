"""What of a frame may enter, and what its sender is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import hl7
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinbridge.intake.mllp.decide import REASONS, Accepted, Entrance, Refused, decide, reply
from kinbridge.intake.mllp.frames import Frame
from kinbridge.sources.mllp import MllpFeed
from tests.adapters.hl7v2.messages import ADA, arrival, message, missed, msh
from tests.services.intake.mllp.talk import NOW, PSEUDONYMS, a_feed


def entrance(feed: MllpFeed | None = None) -> Entrance:
    return Entrance(feed or a_feed(), PSEUDONYMS, NOW)


def accepted(content: bytes, feed: MllpFeed | None = None) -> Accepted:
    found = decide(Frame(content), entrance(feed))
    assert isinstance(found, Accepted)
    return found


def test_the_record_is_the_bytes_under_a_pseudonym() -> None:
    entry = accepted(arrival()).entry

    assert (entry.topic, entry.value) == ("received.nhs", arrival())
    assert entry.key.startswith("sk-")
    assert entry.envelope.source == "hl7v2:example-trust"
    assert entry.envelope.content_type == "x-application/hl7-v2+er7; charset=utf-8"
    assert ADA not in repr(entry.envelope)


def test_a_repeat_is_the_same_record_and_other_content_another_under_the_same_key() -> None:
    once, again, other = (
        accepted(content).entry
        for content in (arrival("M7"), arrival("M7"), arrival("M7", sent="20260302101501"))
    )

    assert once == again
    assert once.key == other.key
    assert once.envelope.id != other.envelope.id


def test_the_same_number_of_another_system_is_another_message() -> None:
    feed = a_feed(senders=[{"application": "PAS"}, {"application": "ED"}])

    one, other = (accepted(arrival("M7", sender=s), feed).entry for s in ("PAS|RJ1", "ED|RJ1"))

    assert one.key != other.key


@pytest.mark.parametrize(
    ("content", "reason", "code"),
    [
        pytest.param(b"", "not-an-hl7-message", "100", id="nothing"),
        pytest.param(b"GET / HTTP/1.1", "not-an-hl7-message", "100", id="HTTP"),
        pytest.param(b"MSH|||", "delimiters-invalid", "102", id="no delimiters"),
        pytest.param(b"BHS|^~\\&|PAS\r" + arrival(), "batch-not-accepted", "200", id="batch"),
        pytest.param(b"FHS|^~\\&|PAS\r", "batch-not-accepted", "200", id="file"),
        pytest.param(arrival() + arrival(), "several-messages", "100", id="two in one frame"),
        pytest.param(arrival(""), "control-id-missing", "101", id="no control id"),
        pytest.param(arrival(sent=""), "message-time-missing", "101", id="no time"),
        pytest.param(message(msh("ORU^R01")), "message-type-not-accepted", "200", id="a result"),
        pytest.param(message(msh("MDM^T02")), "message-type-not-accepted", "200", id="a letter"),
        pytest.param(arrival(processing="T"), "processing-not-of-feed", "202", id="a test"),
        pytest.param(arrival(processing=""), "processing-not-of-feed", "202", id="not said"),
        pytest.param(arrival(version="3.0"), "version-not-accepted", "203", id="version"),
        pytest.param(arrival(sender="LAB|RJ1"), "sender-not-known", "103", id="application"),
        pytest.param(arrival(sender="PAS|RJ2"), "sender-not-known", "103", id="facility"),
    ],
)
def test_what_cannot_be_a_message_of_the_feed_is_refused_with_its_code(
    content: bytes, reason: str, code: str
) -> None:
    found = decide(Frame(content), entrance())

    assert isinstance(found, Refused)
    assert (found.reason, found.fault.code) == (reason, code)
    answer = reply(found, entrance(), stored=False)
    assert answer is not None
    assert b"MSA|AR|" in answer
    assert ADA.encode() not in answer


def test_a_message_that_is_too_large_is_refused_by_its_own_number() -> None:
    found = decide(Frame(arrival("BIG")[:200], whole=False), entrance())

    answer = reply(found, entrance(), stored=False) or b""

    assert found.reason == "message-too-large"
    assert b"MSA|AR|BIG|" in answer


def test_bytes_that_are_no_text_of_the_feed_are_refused() -> None:
    content = arrival().replace(b"Okoro", b"Okor\xf3")

    assert accepted(content).entry.envelope.content_type.endswith("charset=iso-8859-1")
    found = decide(Frame(content), entrance(a_feed(charsets=["utf-8"])))
    assert found.reason == "text-not-decodable"


def test_what_is_not_stored_is_to_be_sent_again() -> None:
    found = accepted(missed("S9"))

    answer = hl7.parse((reply(found, entrance(), stored=False) or b"").decode())

    assert [str(answer.segment("MSA")(n)) for n in (1, 2, 3)] == [
        "AE",
        "S9",
        "not-stored-send-again",
    ]
    assert "207" in str(answer.segment("ERR"))


def test_answers_differ_in_their_own_number() -> None:
    found, later = accepted(arrival()), Entrance(a_feed(), PSEUDONYMS, NOW + timedelta(seconds=1))

    numbers = {
        str(hl7.parse((reply(found, at, stored=safe) or b"").decode()).segment("MSH")(10))
        for at in (entrance(), later)
        for safe in (True, False)
    }

    assert len(numbers) == 4
    assert all(0 < len(number) <= 20 for number in numbers)


_SEEDS: Final = (arrival(), missed(), b"MSH|^~\\&|PAS|RJ1", b"BHS|^~\\&|")


@given(data=st.data())
def test_any_frame_is_accepted_or_refused_and_answered_in_ascii(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(_SEEDS) | st.binary(max_size=120)))
    for _ in range(data.draw(st.integers(0, 4))):
        place = data.draw(st.integers(0, len(content)))
        content[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    frame = Frame(bytes(content), whole=data.draw(st.booleans()))

    found = decide(frame, entrance())

    assert isinstance(found, Accepted) or found.reason in REASONS
    answer: Any = reply(found, entrance(), stored=data.draw(st.booleans()))
    if answer is not None:
        text = answer.decode("ascii")
        assert text.startswith("MSH")
        assert "\rMSA" in text
        assert not {"\x0b", "\x1c", "\n"} & set(text)
