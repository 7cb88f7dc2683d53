"""What is asked of a FHIR server about subscriptions, and how its answers are read."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final, get_args

import pytest
from fhir.resources.R4B.subscription import Subscription as R4Subscription
from fhir.resources.subscription import Subscription as R5Subscription
from hypothesis import given, settings
from hypothesis import strategies as st

from kinbridge_fhir.heard import Kind
from kinbridge_fhir.notices import read_notice, read_status
from kinbridge_fhir.notifications import delivered, needed
from kinbridge_fhir.references import about_a_number, local
from kinbridge_fhir.subscribing import (
    FhirVersion,
    Payload,
    Wish,
    asked_for,
    is_resource,
    joined,
    next_page,
    standing,
    subscription,
)
from kinbridge_schemas.problems import UnreadableError
from tests.adapters.fhir.messages import appointment, patient
from tests.adapters.fuzz.parts import OPERATIONS, rearranged
from tests.services.intake.subscriptions.notified import (
    Account,
    Event,
    notification,
    searchset,
    status,
)

NOW: Final = datetime(2026, 3, 2, 10, 20, tzinfo=UTC)
BASE: Final = "https://fhir.example.org/r4"
VERSIONS: Final = get_args(FhirVersion)
JSON: Final = "application/fhir+json"
EVENTS: Final = (
    Event(2, "Appointment/a1", NOW),
    Event(3, "Appointment/a2", NOW, removed=True),
)
HOOK: Final = "https://door.example.org/nhs/subscriptions/appointments"


def an_account(version: FhirVersion = "4.0", count: int = 3) -> Account:
    return Account(version, BASE, "s1", "https://example.org/topic", "active", count, NOW)


def sent(body: dict[str, Any]) -> bytes:
    return json.dumps(body).encode()


@pytest.mark.parametrize("kind", get_args(Kind))
@pytest.mark.parametrize("version", VERSIONS)
def test_one_shape_is_read_of_every_version_and_kind(version: FhirVersion, kind: Kind) -> None:
    found = read_notice(sent(notification(an_account(version), kind, EVENTS)), JSON)

    assert (found.kind, found.status, found.since_start) == (kind, "active", 3)
    assert [(e.number, e.focus, e.removed) for e in found.events] == [
        (2, f"{BASE}/Appointment/a1", False),
        (3, f"{BASE}/Appointment/a2", True),
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_status_is_read_by_itself_in_a_search_and_as_a_notification(
    version: FhirVersion,
) -> None:
    alone = status(an_account(version), "query-status", (), named=False)
    untyped = {name: value for name, value in alone.items() if name != "type"}

    for body in (
        alone,
        untyped,
        searchset([alone], BASE),
        notification(an_account(version), "query-status"),
    ):
        found = read_status(sent(body), JSON)
        assert (found.kind, found.status, found.since_start) == ("query-status", "active", 3)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param({"resourceType": "Bundle", "type": "searchset"}, "status-missing", id="none"),
        pytest.param({"resourceType": "OperationOutcome"}, "status-missing", id="an outcome"),
        pytest.param([], "json-not-an-object", id="no object"),
    ],
)
def test_where_no_status_is_that_is_said(body: Any, reason: str) -> None:
    with pytest.raises(UnreadableError) as raised:
        read_status(json.dumps(body).encode(), JSON)

    assert raised.value.reason == reason


@pytest.mark.parametrize("said", ["-1", "1.5", "one", "1" * 16, "٣"])
def test_a_number_that_is_none_is_named_by_its_place(said: str) -> None:
    body = notification(an_account(), "event-notification", [Event(3, "Appointment/a1", NOW)])
    text = json.dumps(body).replace('"valueString": "3"', json.dumps({"valueString": said})[1:-1])

    with pytest.raises(UnreadableError) as raised:
        read_notice(text.encode(), JSON)

    assert (raised.value.reason, raised.value.path) == (
        "event-number-invalid",
        "Parameters.eventNumber",
    )


def test_more_events_than_anybody_sends_are_refused() -> None:
    events = [Event(number, "Appointment/a1", NOW) for number in range(1, 1_002)]

    with pytest.raises(UnreadableError, match="too-many-events"):
        read_notice(sent(notification(an_account("4.3"), "event-notification", events)), JSON)


@pytest.mark.parametrize(
    ("payload", "carried", "pointers", "unnamed"),
    [
        pytest.param("id-only", [], ["a1"], [], id="id-only: it is fetched"),
        pytest.param("empty", [], [], [3], id="empty: all is asked for"),
        pytest.param("full-resource", ["patient"], [], [], id="full: nothing is asked for"),
        pytest.param("full-resource", [], ["a1"], [], id="full, without its patient"),
    ],
)
@pytest.mark.parametrize("version", VERSIONS)
def test_what_a_notification_leaves_to_be_asked_for(
    version: FhirVersion, payload: Payload, carried: list[str], pointers: list[str], unnamed: Any
) -> None:
    resources = [appointment("a1", "mother"), *(patient(own, None, None) for own in carried)]
    resources = [r if r["id"] != "patient" else {**r, "id": "mother"} for r in resources]
    body = notification(
        an_account(version),
        "event-notification",
        [Event(3, "Appointment/a1", NOW)],
        payload=payload,
        carried=resources,
    )

    found = delivered(sent(body), JSON)

    assert [p.reference for p in found.pointers] == [f"{BASE}/Appointment/{p}" for p in pointers]
    assert list(found.unnamed) == unnamed


def test_kinds_without_a_mapping_are_not_fetched() -> None:
    events = [Event(3, "Observation/o1", NOW)]

    found = delivered(sent(notification(an_account(), "event-notification", events)), JSON)

    assert (found.pointers, found.unnamed) == ((), ())


def a_wish(version: FhirVersion = "4.0", **changes: Any) -> Wish:
    said: dict[str, Any] = {
        "version": version,
        "topic": "https://example.org/topic",
        "filters": ("Appointment?service-type=560&status:not=booked", "Appointment?priority=1"),
        "payload": "id-only",
        "endpoint": HOOK,
        "header": {"Authorization": "Bearer made-up"},
        "heartbeat": 300,
        "timeout": 30,
        "max_count": 20,
        "end": NOW,
        **changes,
    }
    return Wish(**said)


@pytest.mark.parametrize("heartbeat", [0, 300])
@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_asked_for_is_what_each_version_allows(
    version: FhirVersion, heartbeat: int
) -> None:
    body = subscription(a_wish(version, heartbeat=heartbeat), "s1")
    model = R5Subscription if version == "5.0" else R4Subscription

    assert model.model_validate_json(body).id == "s1"
    assert ("heartbeat" in body.decode()) == bool(heartbeat)


@pytest.mark.parametrize("version", VERSIONS)
def test_ours_is_known_by_its_endpoint_and_compared_with_what_is_wanted(
    version: FhirVersion,
) -> None:
    wish = a_wish(version)
    ours, other = json.loads(subscription(wish, "s1")), json.loads(subscription(wish, "s2"))
    holder = other if version == "5.0" else other["channel"]
    holder["endpoint"] = "https://other.example.org"

    found = standing(sent(searchset([other, ours], BASE)), HOOK)

    assert found is not None
    assert (found.id, found.status, found.asked) == ("s1", "requested", asked_for(wish))
    assert found.asked != asked_for(a_wish(version, payload="empty"))
    assert found.asked != asked_for(a_wish(version, filters=wish.filters[:1]))
    assert found.asked == asked_for(a_wish(version, filters=wish.filters[::-1], end=NOW))
    assert standing(sent(searchset([other], BASE)), HOOK) is None
    assert standing(sent({**ours, "id": "../admin"}), HOOK) is None
    assert standing(sent(searchset([], BASE)), HOOK) is None


def test_the_secret_of_a_wish_does_not_print() -> None:
    assert "made-up" not in repr(a_wish())


@pytest.mark.parametrize(
    ("target", "place"),
    [
        ("Appointment/a1", ("Appointment", "a1")),
        (f"{BASE}/Appointment/a1/_history/3", ("Appointment", "a1")),
        ("https://other.example.org/r4/Appointment/a1", None),
        (f"{BASE}x/Appointment/a1", None),
        ("urn:uuid:00000000-0000-4000-8000-000000000001", None),
        ("Appointment/../Patient", None),
        ("Appointment/a1?x=1", None),
        ("#contained", None),
        ("appointment/a1", None),
    ],
)
def test_only_a_plain_reference_of_this_server_is_one(
    target: str, place: tuple[str, str] | None
) -> None:
    assert local(target, BASE) == place


@pytest.mark.parametrize(
    ("own", "is_one"),
    [
        *(("9000000009", True), ("9000000008", False), ("a1", False)),
        *(("nhs-9000000009", True), ("900-000-0009", True), ("9000000009.v2", True)),
    ],
)
def test_an_id_that_could_be_an_nhs_number_is_known(own: str, *, is_one: bool) -> None:
    assert about_a_number(own) is is_one


def test_answers_are_put_together_as_they_came() -> None:
    page = sent(searchset([appointment("a1", "mother")], BASE))
    whole = joined([page, sent(patient("mother", "9000000009", "1998-05-04"))])

    assert page in whole
    assert needed(page, JSON).references == ("Patient/mother",)
    assert needed(whole, JSON).references == ()
    assert next_page(sent(searchset([], BASE, f"{BASE}/page/2"))) == f"{BASE}/page/2"
    assert next_page(page) is None
    assert [is_resource(each) for each in (page, b"{}", b"[]", b"<", b"")] == [True, *[False] * 4]


READERS: Final = (
    lambda content: read_notice(content, JSON),
    lambda content: read_status(content, JSON),
    lambda content: delivered(content, JSON),
    lambda content: needed(content, JSON),
    lambda content: standing(content, HOOK),
    next_page,
)
SEEDS: Final = (
    *(sent(notification(an_account(v), "query-event", EVENTS)) for v in VERSIONS),
    *(sent(searchset([json.loads(subscription(a_wish(v), "s1"))], BASE)) for v in VERSIONS),
    sent(searchset([appointment("a1", "mother")], BASE, f"{BASE}/page/2")),
)


@settings(max_examples=150, deadline=None)
@given(
    content=st.one_of(
        st.binary(max_size=60),
        st.builds(
            rearranged,
            st.sampled_from(SEEDS),
            st.sampled_from(OPERATIONS),
            st.integers(0, 200),
            st.integers(0, 200),
        ),
    )
)
def test_whatever_a_server_answers_is_read_or_said_to_be_unreadable(content: bytes) -> None:
    for reader in READERS:
        with suppress(UnreadableError):
            reader(content)
