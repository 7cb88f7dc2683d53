"""Mapping: every record ends, repeats are told from conflicts, and nothing is kept in clear."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinbridge.mapping.stage import declare
from kinbridge.mapping.state import MappingState
from kinbridge.stage import At, Decision, Message, Output
from kinbridge_schemas.base import derive_id
from kinbridge_schemas.dispositions import Disposition
from kinbridge_schemas.envelope import Envelope
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.events.knowledge import HealthFactVerified, HealthResponseSupplied
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.received import Received
from kinbridge_schemas.responses import Response
from tests.adapters.fhir.messages import MOTHER, appointment, message, patient
from tests.adapters.mapping import PSEUDONYMS

NOW: Final = datetime(2026, 3, 2, 10, 20, tzinfo=UTC)
STAGE: Final = declare(pseudonymiser=PSEUDONYMS)
FAMILY: Final = PSEUDONYMS.family("209", "ada")
CHILD: Final = PSEUDONYMS.child("209", "ada")
MOTHER_PATIENT: Final = patient("mother", MOTHER, "1998-05-04")


def received(body: bytes | dict[str, Any], route: str = "fhir-message") -> Message:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    own = derive_id("received", PSEUDONYMS.fingerprint(content))
    record = Received(
        id=own,
        content=content,
        content_type="application/json",
        source="209.example",
        route=route,
    )
    envelope = Envelope(
        id=own,
        type=Received.contract,
        source=f"{route}:209.example",
        recorded=NOW,
        correlation=own,
    )
    return Message("received.nhs", "sk-record", envelope, record)


def at(now: datetime = NOW) -> At:
    return At(now=now, clock=now)


def play(*messages: Message) -> tuple[list[Decision[MappingState]], MappingState]:
    state, decisions = STAGE.fresh(), []
    for one in messages:
        decision = STAGE.decide(state, one, at())
        state = decision.state
        decisions.append(decision)
    return decisions, state


def ends(decision: Decision[MappingState]) -> list[tuple[str, str]]:
    bodies = [o.body for o in decision.outputs if o.topic == "dispositions"]
    return [(b.end, b.reason) for b in bodies if isinstance(b, Disposition)]


def events(outputs: tuple[Output, ...]) -> list[ChildEvent]:
    return [o.body for o in outputs if isinstance(o.body, ChildEvent)]


def booked(**changes: Any) -> dict[str, Any]:
    return message(appointment(**changes), MOTHER_PATIENT)


def test_an_event_goes_on_under_its_subjects_key_with_the_version_of_its_mapping() -> None:
    (decision,), _ = play(received(booked()))

    (output,) = decision.outputs
    event = output.body
    assert isinstance(event, ChildEvent)
    assert (output.topic, output.key) == ("child-events", event.subject)
    assert (decision.reason, output.mapping) == ("mapped", "fhir-message-1")


def test_the_same_content_again_is_a_duplicate() -> None:
    decisions, _ = play(received(booked()), received(booked()))

    assert ends(decisions[1]) == [("duplicate", "same-content")]
    assert not events(decisions[1].outputs)


def test_the_same_version_with_other_content_is_parked_and_never_dropped() -> None:
    decisions, _ = play(received(booked()), received(booked(status="fulfilled")))

    assert ends(decisions[1]) == [("parked-conflict", "same-version-other-content")]


def test_another_version_of_a_record_is_mapped_whatever_its_order() -> None:
    later = booked(status="fulfilled")
    later["entry"][0]["resource"]["meta"] = {"lastUpdated": "2026-03-02T11:00:00+00:00"}

    forwards, _ = play(received(booked()), received(later))
    backwards, _ = play(received(later), received(booked()))

    assert [d.reason for d in [*forwards, *backwards]] == ["mapped"] * 4
    told = {e.id for d in forwards for e in events(d.outputs)}
    assert told == {e.id for d in backwards for e in events(d.outputs)}


def test_a_fact_told_twice_in_one_message_is_one_fact() -> None:
    twice = message(appointment("a1"), appointment("a1"), MOTHER_PATIENT)

    (decision,), _ = play(received(twice))

    assert len(decision.outputs) == 1


def test_a_fact_told_in_two_ways_in_one_message_is_parked() -> None:
    torn = message(appointment("a1"), appointment("a1", status="noshow"), MOTHER_PATIENT)

    (decision,), _ = play(received(torn))

    assert not events(decision.outputs)
    assert ends(decision) == [("parked-conflict", "same-version-other-content")]


def test_of_two_versions_of_a_fact_in_one_message_the_later_goes_on() -> None:
    older = appointment("a1", meta={"versionId": "1", "lastUpdated": "2026-03-02T10:05:00Z"})
    newer = appointment(
        "a1", status="noshow", meta={"versionId": "2", "lastUpdated": "2026-03-02T10:15:00Z"}
    )

    (decision,), _ = play(received(message(newer, older, MOTHER_PATIENT)))

    assert [e.version.updated.minute for e in events(decision.outputs)] == [15]


def test_what_no_adapter_reads_is_a_dead_letter() -> None:
    with pytest.raises(UnreadableError) as raised:
        STAGE.decide(STAGE.fresh(), received(booked(), route="carrier-pigeon"), at())

    assert (raised.value.reason, raised.value.path) == ("route-unknown", "ce_source")


def test_only_keyed_hashes_are_kept_and_only_for_their_time() -> None:
    _, state = play(received(booked()))

    kept = state.model_dump_json()
    assert not [s for s in (MOTHER, "Example", "1998", "AP-a1") if s in kept]

    assert STAGE.on_due is not None
    before = STAGE.on_due(state, "sk-record", at(NOW + timedelta(days=29)))
    after = STAGE.on_due(state, "sk-record", at(NOW + timedelta(days=30)))
    assert (before.state, before.due) == (state, NOW + timedelta(days=30))
    assert (after.state, after.due) == (STAGE.fresh(), None)


def test_the_state_survives_the_store() -> None:
    snapshot = {"la_child_id": "C100", "child_details": {"date_of_birth": "2019-09-01"}}
    _, state = play(received(snapshot, "dfe-csc"))

    again = STAGE.state.model_validate_json(state.model_dump_json())

    assert again == state
    repeated = STAGE.decide(again, received(snapshot, "dfe-csc"), at())
    assert ends(repeated) == [("duplicate", "unchanged")]


def answered(said: dict[str, Any]) -> Message:
    response = Response.model_validate(
        {
            "id": "response-0123456789abcdef",
            "alert": f"{FAMILY}.macpt.1",
            "authority": "209",
            "by": "staff-417",
            "role": "macpt_health_lead",
            "at": NOW,
            "said": said,
        }
    )
    envelope = Envelope(
        id=response.id,
        type=Response.contract,
        source="responses:209.health",
        recorded=NOW,
        correlation=response.id,
    )
    return Message("responses", FAMILY, envelope, response)


def test_health_input_becomes_an_event_of_the_child() -> None:
    said = {
        "answer": "health-input",
        "child": CHILD,
        "request_id": "request-1",
        "status": "no-data",
    }

    (event,) = events(STAGE.decide(STAGE.fresh(), answered(said), at()).outputs)

    assert isinstance(event.detail, HealthResponseSupplied)
    assert (event.subjects[0].child, event.detail.role) == (CHILD, "macpt_health_lead")
    assert event.authority == "209"


def test_a_verified_fact_becomes_an_event_that_says_who_and_how() -> None:
    said = {
        "answer": "verified-fact",
        "child": CHILD,
        "fact": "care-transferred",
        "corrects": ["fact-1"],
        "how": "called-the-provider",
        "as_of": NOW - timedelta(days=2),
    }

    (event,) = events(STAGE.decide(STAGE.fresh(), answered(said), at()).outputs)

    assert isinstance(event.detail, HealthFactVerified)
    assert event.occurred.at == NOW - timedelta(days=2)
    assert (event.detail.verified_by, event.detail.corrects) == ("staff-417", ("fact-1",))


def test_an_answer_about_the_alert_alone_is_no_fact_and_ends_elsewhere() -> None:
    decision = STAGE.decide(STAGE.fresh(), answered({"answer": "acknowledge"}), at())

    assert (decision.reason, decision.outputs) == ("no-fact-in-answer", ())


_STATUSES: Final = st.sampled_from(["booked", "noshow", "fulfilled", "forgotten", "proposed"])


@settings(max_examples=60, deadline=None)
@given(statuses=st.lists(st.tuples(_STATUSES, st.integers(0, 2)), min_size=1, max_size=6))
def test_every_record_ends_and_repeating_all_of_it_says_nothing_new(
    statuses: list[tuple[str, int]],
) -> None:
    messages = []
    for status, hour in statuses:
        body = booked(status=status)
        body["entry"][0]["resource"]["meta"] = {"lastUpdated": f"2026-03-02T1{hour}:00:00Z"}
        messages.append(received(body))

    once, state = play(*messages)
    again = [STAGE.decide(state, one, at()) for one in messages]

    assert all(len(d.outputs) == 1 for d in once)
    assert not [e for d in again for e in events(d.outputs)]
