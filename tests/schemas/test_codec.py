"""The codec: closed in writing, tolerant in reading, and silent about values."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinbridge_schemas.contracts import codec
from kinbridge_schemas.envelope import Envelope
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.publishing import FOLDER
from kinbridge_schemas.received import Received
from kinbridge_schemas.vocabulary import Role

CODEC = codec()
EXAMPLE = FOLDER.parent / "examples" / "ChildEvent.v1" / "antenatal_appointment.json"


def an_envelope(source: str = "stage:mapping", content_type: str = "application/json") -> Envelope:
    return Envelope(
        id="message-1",
        type="ChildEvent/v1",
        source=source,
        recorded=datetime(2026, 3, 2, tzinfo=UTC),
        correlation="message-1",
        content_type=content_type,
    )


def example() -> dict[str, Any]:
    body: dict[str, Any] = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    return body


def read(body: object) -> ChildEvent:
    event = CODEC.decode("ChildEvent/v1", an_envelope(), json.dumps(body).encode())
    assert isinstance(event, ChildEvent)
    return event


def refused(value: bytes) -> UnreadableError:
    with pytest.raises(UnreadableError) as caught:
        CODEC.decode("ChildEvent/v1", an_envelope(), value)
    return caught.value


def test_a_field_of_a_newer_producer_is_left_out() -> None:
    body = example()
    body["added_next_year"] = 1
    body["subjects"][0]["added_next_year"] = 1
    body["detail"]["added_next_year"] = {"more": [1]}

    assert read(body) == read(example())


def test_a_word_of_a_newer_producer_is_read_as_unknown() -> None:
    body = example()
    body["subjects"][0]["role"] = "foster-carer"

    assert read(body).subjects[0].role is Role.UNKNOWN


def test_a_producer_cannot_write_a_field_that_is_not_in_its_contract() -> None:
    with pytest.raises(ValueError, match="Extra inputs are not permitted"):
        ChildEvent.model_validate({**example(), "added": 1})


@pytest.mark.parametrize(
    ("spoil", "path"),
    [
        pytest.param(lambda b: b.pop("fact"), "fact", id="a field is missing"),
        pytest.param(lambda b: b["version"].update(number=-1), "version.number", id="below 0"),
        pytest.param(
            lambda b: b["subjects"][0].update(nhs_number="9000000008"),
            "subjects.0.nhs_number",
            id="a number that fails modulus 11",
        ),
        pytest.param(lambda b: b.update(observed="2026-03-02T10:00:00"), "observed", id="no zone"),
        pytest.param(lambda b: b["detail"].update(kind="none_such"), "detail", id="no kind"),
        pytest.param(lambda b: b.update(subjects=[]), "subjects", id="about nobody"),
    ],
)
def test_a_broken_body_is_refused_by_code_and_field(spoil: Any, path: str) -> None:
    body = example()
    spoil(body)
    problem = refused(json.dumps(body).encode())

    assert (problem.reason, problem.path) == ("contract-broken", path)


@pytest.mark.parametrize("value", [b"", b"{", b"\xff", b"[1,]", b"nul"])
def test_what_is_not_json_is_refused(value: bytes) -> None:
    assert refused(value).reason == "json-invalid"


@given(st.sampled_from(["fact", "version", "act", "occurred", "observed", "subjects", "detail"]))
def test_no_value_of_the_input_is_in_an_error(field: str) -> None:
    problem = refused(json.dumps({**example(), field: "9000000009 Ada"}).encode())

    assert "9000000009" not in f"{problem} {problem!r}"
    assert "Ada" not in f"{problem} {problem!r}"
    assert problem.__cause__ is None


def test_a_key_that_is_itself_an_identifier_is_not_shown() -> None:
    letter = FOLDER.parent / "examples" / "DeadLetter.v1" / "not-xml.json"
    body = json.loads(letter.read_text(encoding="utf-8"))
    body["headers"] = {"900 000 0009": "not base64!"}
    with pytest.raises(UnreadableError) as caught:
        CODEC.decode("DeadLetter/v1", an_envelope(), json.dumps(body).encode())

    assert caught.value.path == "headers.?"


def test_received_bytes_are_the_value_itself_and_the_rest_is_in_the_headers() -> None:
    envelope = an_envelope("fhir-message:example-trust", "application/fhir+xml")
    received = CODEC.decode("Received/v1", envelope, b"<Bundle>")

    assert isinstance(received, Received)
    assert (received.route, received.source) == ("fhir-message", "example-trust")
    assert CODEC.encode(received) == b"<Bundle>"
    assert "Bundle" not in f"{received} {received!r}"


def test_received_bytes_without_a_route_are_refused() -> None:
    with pytest.raises(UnreadableError, match=r"^envelope-header-invalid at ce_source$"):
        CODEC.decode("Received/v1", an_envelope("example-trust"), b"<Bundle>")
