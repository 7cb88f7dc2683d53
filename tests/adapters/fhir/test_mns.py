"""Signals of MNS: that something changed, about whom, and no more."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from kinbridge.mapping.routes import ROUTES
from kinbridge_fhir.mns import read_signal
from kinbridge_fhir.mns_codes import ASK_PDS, NOT_USED
from kinbridge_schemas.events.care import PdsChanged
from kinbridge_schemas.mapped import Given, Mapped
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.received import Received
from kinbridge_schemas.vocabulary import Role
from tests.adapters.fhir.messages import CHILD, MOTHER, Resource
from tests.adapters.fhir.pds import cloud_event, signal
from tests.adapters.mapping import NOW, PSEUDONYMS, map_one
from tests.builders import when

_AT: Final = when("2026-03-02 10:00")
_PATIENT: Final = "https://api.example/personal-demographics/FHIR/R4/Patient"


def mapped(body: Resource | bytes) -> Mapped:
    return map_one("mns-signal", body)


def ends(body: Resource) -> list[tuple[str, str]]:
    return [(end.end, end.reason) for end in mapped(body).ends]


@pytest.mark.parametrize("kind", sorted(ASK_PDS))
@pytest.mark.parametrize("made", [signal, cloud_event], ids=["bundle", "cloud-event"])
def test_a_signal_of_pds_says_that_the_record_changed_and_not_what(made: Any, kind: str) -> None:
    (event,) = mapped(made(kind)).events

    (subject,) = event.subjects
    assert event.detail == PdsChanged(change="record")
    assert (event.occurred.at, event.observed) == (_AT, _AT)
    assert (subject.role, subject.name, subject.born) == (Role.UNKNOWN, None, None)
    assert subject.nhs_number is not None
    assert subject.nhs_number.reveal() == CHILD


def test_each_signal_is_a_fact_of_its_own_whatever_order_they_come_in() -> None:
    facts = [_received(own).events[0].fact for own in ("received-one", "received-two")]

    assert facts[0] != facts[1]


def _received(own: str) -> Mapped:
    received = Received(
        id=own,
        content=json.dumps(signal()).encode(),
        content_type="application/json",
        source="mns",
        route="mns-signal",
    )
    return ROUTES["mns-signal"](received, Given(PSEUDONYMS, NOW))


@pytest.mark.parametrize(
    ("tag", "version"),
    [('W/"4"', 4), ("4", None), ('W/"x"', None), ('W/"99999999999999999999"', None), (None, None)],
)
def test_the_version_of_the_record_is_told_where_it_is_an_etag(
    tag: str | None, version: int | None
) -> None:
    (event,) = mapped(signal(record_version=tag)).events

    assert isinstance(event.detail, PdsChanged)
    assert event.detail.record_version == version
    assert event.version.number == 0


@pytest.mark.parametrize("kind", sorted(NOT_USED))
def test_a_signal_that_is_known_and_not_used_is_parked_as_such(kind: str) -> None:
    assert ends(signal(kind)) == [("parked-unsupported", "signal-not-used")]


def test_a_signal_that_nobody_listed_is_parked_for_a_person() -> None:
    assert ends(signal("pds-something-new-1")) == [("parked-unsupported", "signal-unknown")]


@pytest.mark.parametrize("kind", ["mns-test-signal-1", "mns-test-signal-2"])
def test_the_services_test_signal_is_a_heartbeat_and_about_nobody(kind: str) -> None:
    assert ends(signal(kind)) == [("no-fact", "heartbeat")]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(signal(subject="9000000008"), "no-usable-identifier", id="a wrong digit"),
        pytest.param(signal(subject=None), "no-usable-identifier", id="nobody"),
        pytest.param(signal(focus=f"{_PATIENT}/{MOTHER}"), "subjects-disagree", id="two numbers"),
    ],
)
def test_a_signal_about_nobody_who_can_be_named_is_parked(body: Resource, reason: str) -> None:
    assert ends(body) == [("parked-unsupported", reason)]


def test_the_focus_names_the_person_where_the_subject_is_left_out() -> None:
    (event,) = mapped(signal(subject=None, focus=f"{_PATIENT}/{CHILD}")).events

    assert event.subjects[0].nhs_number is not None
    assert event.subjects[0].nhs_number.reveal() == CHILD


def test_a_resource_that_is_sent_along_is_left_unread() -> None:
    body = signal()
    body["entry"].append({"fullUrl": "https://x.example/1", "resource": {"parameter": "no list"}})

    assert len(mapped(body).events) == 1


def _without(body: Resource, parameter: int, part: int) -> Resource:
    del body["entry"][0]["resource"]["parameter"][parameter]["part"][part]
    return body


BROKEN: Final = [
    pytest.param(b"<Bundle/>", "json-invalid", id="XML"),
    pytest.param(b"[]", "json-not-an-object", id="a list"),
    pytest.param({"resourceType": "Bundle"}, "fhir-shape-wrong", id="an empty Bundle"),
    pytest.param({**signal(), "type": "message"}, "not-a-signal", id="a message"),
    pytest.param({**signal(), "entry": []}, "not-a-signal", id="without entries"),
    pytest.param(_without(signal(), 4, 0), "event-type-missing", id="without its type"),
    pytest.param(_without(signal(), 3, 1), "time-missing", id="without its time"),
    pytest.param(signal(at="yesterday"), "time-invalid", id="a time that is none"),
    pytest.param(cloud_event(time="2026-03-02T10:00:00"), "time-without-zone", id="no zone"),
    pytest.param(cloud_event(subject={"nhsNumber": CHILD}), "fhir-shape-wrong", id="an old form"),
]


@pytest.mark.parametrize(("body", "reason"), BROKEN)
def test_what_is_no_signal_is_unreadable_and_says_nothing_of_the_input(
    body: Resource | bytes, reason: str
) -> None:
    with pytest.raises(UnreadableError) as raised:
        mapped(body)

    assert raised.value.reason == reason
    assert CHILD not in f"{raised.value!r} {raised.value.path}"


def test_a_signal_does_not_print() -> None:
    assert CHILD not in repr(read_signal(json.dumps(cloud_event()).encode()))
