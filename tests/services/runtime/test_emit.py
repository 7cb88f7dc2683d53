"""What goes out: headers as the envelope has them, sizes as the topic takes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from kinbridge.runtime.emit import Cause, envelope_headers
from kinbridge_schemas.envelope import DataClassification, Envelope, from_headers, to_headers

TEXT = st.text(st.characters(min_codepoint=33, max_codepoint=0x24F), min_size=1, max_size=40)


@settings(deadline=None)
@given(
    texts=st.lists(TEXT, min_size=5, max_size=5),
    causation=TEXT | st.just(""),
    mapping=TEXT | st.just(""),
    classification=st.sampled_from(DataClassification),
    recorded=st.datetimes(min_value=datetime(1990, 1, 1)).map(lambda d: d.replace(tzinfo=UTC)),  # noqa: DTZ001
)
def test_headers_are_those_of_the_envelope(
    texts: list[str],
    causation: str,
    mapping: str,
    classification: DataClassification,
    recorded: datetime,
) -> None:
    id_, kind, source, correlation, content_type = texts
    envelope = Envelope(
        id=id_,
        type=kind,
        source=source,
        recorded=recorded,
        correlation=correlation,
        causation=causation,
        classification=classification,
        mapping=mapping,
        content_type=content_type,
    )

    headers = envelope_headers(
        id=id_,
        kind=kind,
        source=source,
        cause=Cause(recorded, correlation, causation),
        classification=classification.value,
        mapping=mapping,
        content_type=content_type,
    )

    assert list(headers) == to_headers(envelope)
    assert from_headers(dict(headers)) == envelope


def test_what_a_due_time_says_opens_a_correlation_of_its_own() -> None:
    headers = envelope_headers(
        id="alert-1",
        kind="Alert/v1",
        source="stage:rules",
        cause=Cause(datetime(2026, 3, 2, tzinfo=UTC) + timedelta(seconds=1)),
        classification="pseudonymous",
        mapping="",
        content_type="application/json",
    )

    assert dict(headers)["ce_correlationid"] == b"alert-1"
    assert "ce_causationid" not in dict(headers)
