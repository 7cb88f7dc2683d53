"""What is wrong goes in over HTTP at the running line: told at the door, or kept as a dead letter.

Nothing is lost, and nobody can be recognised in anything that the line says about it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kinbridge.pipeline import STAGES
from kinbridge_schemas.deadletters import DeadLetter
from kinbridge_schemas.dispositions import Disposition
from tests.integration.door import ACCEPTED, Door
from tests.integration.line import TOPICS, RunningLine, headers
from tests.integration.reconciling import reconcile
from tests.journey.people import Family, appointment, from_cases
from tests.logs import kinds_in

pytestmark = pytest.mark.integration

PERSON: Final = Family("bad", born="2019-09-01")
NUMBER: Final = PERSON.numbers["mother"]
POSTCODE: Final = "SE1 5LZ"
FHIR_JSON: Final = "application/fhir+json"
FHIR_XML: Final = "application/fhir+xml"
MESSAGES: Final = "/nhs/$process-message"
EVENTS: Final = "/cases/liquidlogic/events"
CHILDREN: Final = "/cases/liquidlogic/children"
HOSPITAL: Final = "example-maternity"
CASES: Final = "lewisham-cases"
PRIVATE: Final = f"Rosa Example, 2004-03-11, {NUMBER}, {POSTCODE}"

BOMB: Final = (
    '<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "' + PRIVATE + '"><!ENTITY b "&a;&a;&a;&a;">]>'
    '<Bundle xmlns="http://hl7.org/fhir">&b;</Bundle>'
).encode()
EXTERNAL: Final = (
    b'<!DOCTYPE b [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    b'<Bundle xmlns="http://hl7.org/fhir"><id value="&x;"/></Bundle>'
)


@pytest.fixture(scope="module")
def door(real_line: RunningLine) -> Iterator[Door]:
    with Door(real_line.door) as door:
        yield door


def now() -> datetime:
    return datetime.now(UTC)


def bundle(own: str) -> dict[str, Any]:
    """A good message about the mother, each with an id of its own."""
    made = appointment(PERSON, own, now() - timedelta(days=1), recorded=now())
    found: dict[str, Any] = json.loads(made.content)
    return found


def resource(message: dict[str, Any], kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        e["resource"] for e in message["entry"] if e["resource"]["resourceType"] == kind
    )
    return found


def as_bytes(message: Any) -> bytes:
    return json.dumps(message).encode()


@pytest.mark.parametrize(
    ("path", "key", "kind", "content", "status", "reason"),
    [
        pytest.param(MESSAGES, HOSPITAL, "text/plain", b"x", 415, "media-type", id="media type"),
        pytest.param(EVENTS, CASES, "text/plain", b"{}", 415, "media-type", id="cases media type"),
        pytest.param(
            MESSAGES, HOSPITAL, FHIR_JSON, PRIVATE.encode(), 400, "json-invalid", id="no JSON"
        ),
        pytest.param(
            MESSAGES,
            HOSPITAL,
            FHIR_JSON,
            as_bytes(bundle("cut"))[:-9],
            400,
            "json-invalid",
            id="JSON cut short",
        ),
        pytest.param(
            MESSAGES,
            HOSPITAL,
            FHIR_XML,
            f"<Bundle><id value='{PRIVATE}'".encode(),
            400,
            "xml-invalid",
            id="XML cut short",
        ),
        pytest.param(MESSAGES, HOSPITAL, FHIR_XML, BOMB, 400, "xml-dtd", id="an XML bomb"),
        pytest.param(MESSAGES, HOSPITAL, FHIR_XML, EXTERNAL, 400, "xml-dtd", id="an entity"),
        pytest.param(
            MESSAGES, HOSPITAL, FHIR_JSON, PRIVATE.encode() * 160_000, 413, "too-large", id="10 MB"
        ),
        pytest.param(
            EVENTS,
            CASES,
            "application/json",
            b" " * 10_000_000,
            413,
            "too-large",
            id="cases 10 MB",
        ),
        pytest.param(
            MESSAGES,
            HOSPITAL,
            FHIR_JSON,
            as_bytes({"resourceType": "Patient", "id": NUMBER}),
            400,
            "not-a-bundle",
            id="a bare resource",
        ),
        pytest.param(
            EVENTS,
            CASES,
            "application/json",
            PRIVATE.encode(),
            400,
            "json-invalid",
            id="cases JSON",
        ),
        pytest.param(
            CHILDREN,
            CASES,
            "application/json",
            as_bytes([{"la_child_id": PRIVATE}]),
            422,
            "field-invalid",
            id="a child's id that is none",
        ),
        pytest.param(
            EVENTS,
            "southwark-cases",
            "application/json",
            as_bytes({"id": NUMBER, "authority": "209"}),
            403,
            "system-not-of-key",
            id="another system's key",
        ),
        pytest.param(
            MESSAGES, NUMBER, FHIR_JSON, b"{}", 401, "key-unknown", id="a number for a key"
        ),
        pytest.param(f"/nhs/{NUMBER}", HOSPITAL, FHIR_JSON, b"{}", 404, "not-found", id="no door"),
        pytest.param(
            f"/alerts/{NUMBER}/responses",
            "lewisham-health-lead",
            "application/json",
            b"{}",
            404,
            "alert-unknown",
            id="a number for an alert",
        ),
    ],
)
def test_what_is_no_message_is_refused_at_the_door(
    door: Door, path: str, key: str, kind: str, content: bytes, status: int, reason: str
) -> None:
    answer = door.post(path, content, kind, key)

    assert (answer.status_code, reason in answer.text) == (status, True), answer.text
    if path.startswith("/nhs/"):
        assert answer.json()["resourceType"] == "OperationOutcome"


def unknown_event() -> dict[str, Any]:
    message = bundle("unknown-event")
    resource(message, "MessageHeader")["eventCoding"]["code"] = "Z99"
    return message


def without_zone() -> dict[str, Any]:
    message = bundle("no-zone")
    resource(message, "Appointment")["start"] = "2026-11-09T09:30:00"
    return message


def a_wrong_number() -> dict[str, Any]:
    message = bundle("wrong-number")
    patient = resource(message, "Patient")
    patient["identifier"][0]["value"] = NUMBER[:-1] + str((int(NUMBER[-1]) + 1) % 10)
    return message


def no_patient() -> dict[str, Any]:
    message = bundle("no-patient")
    message["entry"] = [e for e in message["entry"] if e["resource"]["resourceType"] != "Patient"]
    return message


def private_text() -> dict[str, Any]:
    message = bundle("private")
    resource(message, "Appointment").update(start=PRIVATE, comment=PRIVATE, description=PRIVATE)
    return message


def private_status() -> dict[str, Any]:
    message = bundle("private-status")
    resource(message, "Appointment").update(status=PRIVATE)
    return message


def event(kind: str, **data: Any) -> dict[str, Any]:
    return PERSON.event(kind, now(), **data)


WRONG: Final[dict[str, tuple[Any, str, str | None]]] = {
    "an unknown event code": (unknown_event(), "event-unknown", None),
    "a time without zone": (without_zone(), "time-without-zone", "Appointment.start"),
    "a wrong number": (a_wrong_number(), "no-usable-identifier", None),
    "no patient": (no_patient(), "subject-missing", None),
    "private text for a time": (private_text(), "time-invalid", "Appointment.start"),
    "private text for a status": (private_status(), "attendance-code-unknown", None),
    "an unknown kind": ([event("moon_landed")], "kind-unknown", None),
    "a number for a kind": ([event(NUMBER)], "kind-unknown", None),
    "a field named by a number": (
        [{**event("cp_plan_started", plan_id="p", category="NEG"), NUMBER: PRIVATE}],
        "contract-broken",
        "?",
    ),
    "private text for a date": (
        [{**event("contact_received", own="c2", contact_id="c"), "occurred": PRIVATE}],
        "contract-broken",
        "occurred",
    ),
    "private text for a count": (
        [event("cp_plan_started", own="c3", plan_id="p", previous_plans=PRIVATE)],
        "contract-broken",
        "data.previous_plans",
    ),
}
"""What is taken, by what is wrong with it: its content, the reason of its end, and the field."""


@pytest.fixture(scope="module")
def ends(real_line: RunningLine, door: Door) -> dict[str, set[tuple[str, str | None]]]:
    """Send all of it, and give the ends of each: reasons, and the fields of dead letters."""
    sent = {name: _taken(door, content) for name, (content, _, _) in WRONG.items()}
    real_line.until_settled()
    ended = [(d.message, (d.reason, None)) for d in dispositions(real_line)]
    dead = [(d.headers["ce_id"].decode(), (d.reason, d.path)) for d in letters(real_line)]
    return {
        name: {end for message, end in (*ended, *dead) if message == own}
        for name, own in sent.items()
    }


def _taken(door: Door, content: Any) -> str:
    if isinstance(content, list):
        answer = door.send(from_cases(*content))
    else:
        answer = door.post(MESSAGES, as_bytes(content), FHIR_JSON, HOSPITAL)
    own: str = answer.json()["id"]
    return own


@pytest.mark.parametrize("what", WRONG)
def test_what_says_something_wrong_is_taken_and_ends_with_a_reason(
    ends: dict[str, set[tuple[str, str | None]]], what: str
) -> None:
    assert ends[what] == {WRONG[what][1:]}


JUNK: Final = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([PRIVATE, NUMBER, POSTCODE, "", "2026", "booked", "\u0000", "é"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "value", "coding", NUMBER]), inner, max_size=3)
    ),
    max_leaves=5,
)


def places(node: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    match node:
        case dict():
            inner = list(node.items())
        case list():
            inner = list(enumerate(node))
        case _:
            inner = []
    found = [here] if here else []
    for key, part in inner:
        found += places(part, (*here, key))
    return found


@settings(
    max_examples=60,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(of_cases=st.booleans(), at=st.integers(0, 10_000), junk=JUNK, number=st.integers(0, 2**32))
def test_whatever_stands_in_a_field_the_door_answers_plainly(
    door: Door, of_cases: bool, at: int, junk: Any, number: int
) -> None:
    own = f"fuzz-{number}"
    good = event("contact_received", own=own, contact_id=own) if of_cases else bundle(own)
    spoilt = json.loads(json.dumps(good))
    found = places(spoilt)
    *way, last = found[at % len(found)]
    holder = spoilt
    for step in way:
        holder = holder[step]
    holder[last] = junk
    address = (EVENTS, "application/json", CASES) if of_cases else (MESSAGES, FHIR_JSON, HOSPITAL)

    answer = door.post(address[0], as_bytes(spoilt), *address[1:])
    # As many good ones: a source that sends mostly what cannot be read is suspended.
    kept = door.post(address[0], as_bytes(good), *address[1:])

    assert answer.status_code in {ACCEPTED, 400, 403, 422}
    assert kept.status_code == ACCEPTED


def test_after_all_that_every_record_came_to_its_end(real_line: RunningLine, door: Door) -> None:
    real_line.until_settled()
    sums = reconcile(real_line)

    assert sums.wrong == {}
    assert set(door.receipts) <= set(sums.records)
    assert sums.letters >= 4


def test_nobody_can_be_recognised_in_what_the_line_says(
    real_line: RunningLine, door: Door
) -> None:
    real_line.until_settled()
    said = {f"answer {n}": text for n, text in enumerate(door.said)}
    said |= {"log": real_line.log.read_text(encoding="utf-8"), "metrics": door.metrics()}
    for name, _ in TOPICS.expanded({"authority": ("209", "210")}):
        said[f"keys and headers of {name}"] = "\n".join(
            f"{(record.key() or b'').decode()} {outer(headers(record))}"
            for record in real_line.records(name)
        )
    said |= {f"metrics of {stage}": real_line.metrics(stage) for stage in STAGES}
    said["dispositions"] = "\n".join(d.model_dump_json() for d in dispositions(real_line))
    said["dead letters"] = "\n".join(
        f"{d.record} {d.reason} {d.path} {d.source} {d.content_type}" for d in letters(real_line)
    )

    assert {where: kinds for where, text in said.items() if (kinds := kinds_in(text))} == {}


def outer(head: dict[str, bytes]) -> dict[str, str]:
    return {name: value.decode(errors="replace") for name, value in head.items()}


def dispositions(line: RunningLine) -> list[Disposition]:
    return [body for body in line.bodies("dispositions") if isinstance(body, Disposition)]


def letters(line: RunningLine) -> list[DeadLetter]:
    return [body for body in line.bodies("dead-letters") if isinstance(body, DeadLetter)]
