"""The envelope goes through headers and back; what is wrong with it is named, never shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinbridge_schemas.envelope import (
    DataClassification,
    Envelope,
    from_headers,
    to_headers,
    to_text,
)
from kinbridge_schemas.problems import UnreadableError

TEXT = st.text(min_size=1, max_size=40)
ENVELOPES = st.builds(
    Envelope,
    id=TEXT,
    type=TEXT,
    source=TEXT,
    recorded=st.datetimes(
        datetime(1900, 1, 1),  # noqa: DTZ001 - Hypothesis adds the zone
        datetime(2100, 1, 1),  # noqa: DTZ001
        timezones=st.sampled_from([UTC, timezone(timedelta(hours=1))]),
    ),
    correlation=TEXT,
    causation=st.just("") | TEXT,
    classification=st.sampled_from(DataClassification),
    mapping=st.just("") | TEXT,
    content_type=TEXT,
)
ENVELOPE = Envelope(
    id="message-1",
    type="ChildEvent/v1",
    source="stage:mapping",
    recorded=datetime(2026, 6, 1, 12, tzinfo=timezone(timedelta(hours=1))),
    correlation="message-1",
)


@given(ENVELOPES)
def test_an_envelope_comes_back_as_it_was(envelope: Envelope) -> None:
    assert from_headers(dict(to_headers(envelope))) == envelope


@given(ENVELOPES)
def test_the_same_envelope_gives_the_same_bytes(envelope: Envelope) -> None:
    assert to_headers(envelope) == to_headers(from_headers(dict(to_headers(envelope))))


def test_headers_are_those_of_cloudevents_in_binary_mode() -> None:
    headers = dict(to_headers(ENVELOPE))

    assert headers["ce_specversion"] == b"1.0"
    assert headers["ce_time"] == b"2026-06-01T11:00:00.000000Z"
    assert headers["content-type"] == b"application/json"
    assert "ce_causationid" not in headers


@pytest.mark.parametrize("name", ["ce_id", "ce_type", "ce_source", "ce_recordedtime"])
def test_a_missing_header_is_named(name: str) -> None:
    headers = dict(to_headers(ENVELOPE))
    del headers[name]

    with pytest.raises(UnreadableError) as caught:
        from_headers(headers)
    assert (caught.value.reason, caught.value.path) == ("envelope-header-missing", name)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        pytest.param("ce_recordedtime", b"yesterday", "envelope-header-invalid", id="no time"),
        pytest.param(
            "ce_recordedtime", b"2026-06-01T12:00:00", "envelope-header-invalid", id="no zone"
        ),
        pytest.param("ce_dataclassification", b"secret", "envelope-header-invalid", id="no class"),
        pytest.param("ce_id", b"\xff\xfe", "envelope-header-missing", id="not text"),
    ],
)
def test_a_wrong_header_is_refused_without_its_value(name: str, value: bytes, reason: str) -> None:
    headers = {**dict(to_headers(ENVELOPE)), name: value}

    with pytest.raises(UnreadableError) as caught:
        from_headers(headers)
    assert caught.value.reason == reason
    assert value.decode(errors="replace") not in str(caught.value)


def test_without_a_correlation_a_message_correlates_with_itself() -> None:
    headers = dict(to_headers(ENVELOPE))
    del headers["ce_correlationid"]

    assert from_headers(headers).correlation == ENVELOPE.id


def test_one_instant_has_one_text() -> None:
    summer = datetime(2026, 6, 1, 12, tzinfo=timezone(timedelta(hours=1)))

    assert to_text(summer) == to_text(summer.astimezone(UTC)) == "2026-06-01T11:00:00.000000Z"
