"""What becomes of a message of a mailbox, and that nothing is lost of what is parked."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinbridge.intake.decide import Accepted, Entrance, nhs_message
from kinbridge.intake.keys import SourceKey
from kinbridge.intake.mesh.decide import NEMS, Desk, Head, Parcel, Unfetched
from kinbridge.intake.mesh.serving import READERS
from kinbridge.intake.mesh.unpack import Chunk
from kinbridge_fhir.envelope import message_id
from kinbridge_schemas.deadletters import DeadLetter
from tests.adapters.fhir.messages import as_json, as_xml, birth
from tests.services.intake.door import NOW, PSEUDONYMS
from tests.services.intake.mesh.mailbox import (
    BIRTHS,
    MAILBOX,
    a_birth,
    a_mailbox,
    a_parcel,
    arrival,
)

DESK = Desk(MAILBOX, READERS)
SIGNAL = b'{"resourceType": "Bundle", "id": "signal-1", "type": "history", "entry": []}'
HL7V3 = b'<?xml version="1.0"?><REPC_IN000004GB01 xmlns="urn:hl7-org:v3"/>'


def letter(parcel: Parcel | Unfetched, desk: Desk = DESK) -> DeadLetter:
    found = desk.decide(parcel, arrival())

    assert found.parked
    return DeadLetter.model_validate_json(found.entry.value)


@pytest.mark.parametrize("workflow", [*NEMS, "birthnotification_1", " BIRTHNOTIFICATION_1 "])
def test_an_event_message_of_nems_goes_on_byte_by_byte(workflow: str) -> None:
    content = a_birth()

    found = DESK.decide(a_parcel(content, workflow=workflow), arrival())

    assert (found.reason, found.acknowledge, found.parked) == ("taken", True, False)
    assert (found.entry.topic, found.entry.value) == ("received.nhs", content)
    assert found.entry.envelope.source == "fhir-message:example-trust"
    assert found.entry.envelope.content_type == "application/fhir+xml"
    assert found.entry.envelope.recorded == NOW


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        pytest.param(as_json(birth()), "application/fhir+json", id="JSON"),
        pytest.param(b"\n  " + as_json(birth()), "application/fhir+json", id="space before"),
        pytest.param(as_xml(birth()), "application/fhir+xml", id="XML"),
        pytest.param(
            b"\xef\xbb\xbf" + as_xml(birth()), "application/fhir+xml", id="a mark before"
        ),
    ],
)
def test_what_it_is_written_in_is_seen_by_looking(content: bytes, content_type: str) -> None:
    found = DESK.decide(a_parcel(content), arrival())

    assert (found.reason, found.entry.envelope.content_type) == ("taken", content_type)
    assert found.entry.value == content


def test_a_message_that_also_comes_over_http_is_one() -> None:
    content = a_birth()
    key = SourceKey(
        name="trust", sha256="0" * 64, source="example-trust", doors=frozenset({"nhs"})
    )
    by_http = nhs_message(
        content, "application/fhir+xml", Entrance(key, PSEUDONYMS, NOW), message_id
    )
    by_mesh = DESK.decide(a_parcel(content), arrival())

    assert isinstance(by_http, Accepted)
    assert by_http.entries == (by_mesh.entry,)


def test_a_message_that_comes_again_is_the_same_record() -> None:
    first = DESK.decide(a_parcel(a_birth(), own="M1"), arrival())
    again = DESK.decide(a_parcel(a_birth(), own="M2"), arrival())

    assert again.entry == first.entry


@pytest.mark.parametrize(
    ("parcel", "reason"),
    [
        pytest.param(a_parcel(a_birth(), workflow="OTHER_1"), "workflow-unknown", id="unknown"),
        pytest.param(a_parcel(a_birth(), workflow=""), "workflow-unknown", id="no workflow"),
        pytest.param(a_parcel(HL7V3), "cp-is-hl7v3-not-read", id="HL7 v3 by its look"),
        pytest.param(
            a_parcel(HL7V3, workflow="OTHER_1"), "cp-is-hl7v3-not-read", id="HL7 v3, unknown"
        ),
        pytest.param(
            a_parcel(b"x", workflow="example_cpis"),
            "cp-is-hl7v3-not-read",
            id="HL7 v3 by workflow",
        ),
        pytest.param(a_parcel(b"MSH|^~\\&|"), "content-not-fhir", id="HL7 v2"),
        pytest.param(a_parcel(b""), "content-not-fhir", id="empty"),
        pytest.param(a_parcel(b"<Bundle"), "xml-invalid", id="broken XML"),
        pytest.param(a_parcel(SIGNAL), "not-a-message", id="a signal as an event message"),
        pytest.param(a_parcel(a_birth(), encrypted=True), "content-encrypted", id="encrypted"),
        pytest.param(a_parcel(b"", kind="REPORT", status="14"), "mesh-undelivered", id="notice"),
        pytest.param(a_parcel(b"", kind="REPORT", status="12"), "mesh-error-report", id="report"),
        pytest.param(a_parcel(b"", kind="REPORT"), "mesh-error-report", id="bare report"),
    ],
)
def test_what_is_not_read_is_kept_whole_with_its_reason(parcel: Parcel, reason: str) -> None:
    found = DESK.decide(parcel, arrival())
    kept = letter(parcel)

    assert (found.reason, found.acknowledge, found.entry.topic) == (reason, True, "dead-letters")
    assert (kept.reason, kept.stage, kept.topic, kept.offset) == (
        reason,
        "intake",
        "received.nhs",
        -1,
    )
    assert kept.content == parcel.chunks[0].data
    assert kept.headers.get("mesh-workflow", b"").decode() == parcel.head.workflow
    assert kept.headers["mesh-message-id"] == b"M1"
    assert kept.headers["ce_id"].startswith(b"received-")
    assert found.entry.key == kept.record
    assert "M1" not in kept.record


def test_a_report_names_the_message_that_it_is_about() -> None:
    report = a_parcel(b"", kind="REPORT", status="14", linked="20210311101813838554_1B8F53")

    kept = letter(report)

    assert kept.headers["mesh-linked-message-id"] == b"20210311101813838554_1B8F53"
    assert kept.headers["mesh-status"] == b"14"


def test_what_cannot_be_unpacked_is_kept_as_it_came() -> None:
    broken = gzip.compress(b"<Bundle/>")[:-5]

    kept = letter(Parcel(Head("M1", BIRTHS), (Chunk(broken, gzip=True),)))

    assert (kept.reason, kept.content) == ("compression-broken", broken)


@pytest.mark.parametrize(
    ("reason", "acknowledged"),
    [("message-not-found", True), ("message-gone", True), ("message-too-large", False)],
)
def test_what_could_not_be_had_is_told_and_stays_where_it_is_the_only_one(
    reason: str, *, acknowledged: bool
) -> None:
    missing = Unfetched(Head("M1", BIRTHS), reason)

    found = DESK.decide(missing, arrival())

    assert (found.reason, found.acknowledge) == (reason, acknowledged)
    assert letter(missing).content == b""


def test_what_is_too_large_unpacked_stays_in_the_mailbox() -> None:
    desk = Desk(a_mailbox(max_bytes=1_000), READERS)
    bomb = Parcel(Head("M1", BIRTHS), (Chunk(gzip.compress(bytes(100_000)), gzip=True),))

    found = desk.decide(bomb, arrival())

    assert (found.reason, found.acknowledge) == ("message-too-large", False)
    assert letter(bomb, desk).content == b""


@pytest.mark.parametrize(
    ("sender", "reason"), [("X26ABC1", "taken"), ("x26abc1", "taken"), ("X", "sender-not-allowed")]
)
def test_only_the_named_senders_are_taken(sender: str, reason: str) -> None:
    desk = Desk(a_mailbox(senders=frozenset({"X26ABC1"})), READERS)

    found = desk.decide(a_parcel(a_birth(), sender=sender), arrival())

    assert found.reason == reason


def test_a_workflow_goes_where_the_file_says() -> None:
    desk = Desk(a_mailbox(workflows={"LOCAL_EVENTS": "fhir-message"}), READERS)

    found = desk.decide(a_parcel(a_birth(), workflow="LOCAL_EVENTS"), arrival())

    assert found.reason == "taken"


@pytest.mark.parametrize(
    "signal", [SIGNAL, b'{"specversion": "1.0", "id": "236a1d4a", "type": "pds-record-change-2"}']
)
def test_signals_go_on_by_a_route_of_their_own(signal: bytes) -> None:
    found = DESK.decide(a_parcel(signal, workflow="EXAMPLE_MNS"), arrival())

    assert (found.reason, found.entry.value) == ("taken", signal)
    assert found.entry.envelope.source == "mns-signal:example-trust"


@pytest.mark.parametrize(
    ("signal", "reason"),
    [(b"{}", "signal-id-missing"), (b'{"id": ', "json-invalid"), (b"[]", "content-not-fhir")],
)
def test_a_signal_without_an_id_is_parked(signal: bytes, reason: str) -> None:
    kept = letter(a_parcel(signal, workflow="EXAMPLE_MNS"))

    assert (kept.reason, kept.content) == (reason, signal)


def test_the_largest_that_is_kept_is_one_that_kafka_takes() -> None:
    found = DESK.decide(a_parcel(bytes(MAILBOX.max_bytes), workflow="OTHER_1"), arrival())

    # The producer's own limit: see runtime/durable.py.
    assert len(found.entry.value) < 7_900_000


def test_the_same_message_is_parked_as_the_same_letter() -> None:
    first, again = (DESK.decide(a_parcel(b"<x"), arrival()) for _ in range(2))
    other = DESK.decide(a_parcel(b"<x", own="M2"), arrival())

    assert first.entry == again.entry
    assert other.entry.envelope.id != first.entry.envelope.id


def head(draw: Any) -> Head:
    return Head(
        id="M1",
        workflow=draw(st.sampled_from([*NEMS, "EXAMPLE_MNS", "EXAMPLE_CPIS", "OTHER", ""])),
        kind=draw(st.sampled_from(["DATA", "REPORT", "X"])),
        status=draw(st.sampled_from(["", "00", "14", "EPL-151"])),
        encrypted=draw(st.booleans()),
    )


@given(st.binary(max_size=300), st.booleans(), st.data())
def test_any_bytes_become_exactly_one_record(
    content: bytes, gzipped: bool, data: st.DataObject
) -> None:
    parcel = Parcel(head(data.draw), (Chunk(content, gzip=gzipped),))

    found = DESK.decide(parcel, arrival())

    assert found.entry.topic in {"received.nhs", "dead-letters"}
    assert found.acknowledge
