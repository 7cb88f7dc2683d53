"""Validating all that came, as an option: it finds flaws, and it never refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from kinbridge.mapping.decide import NOT_VALID
from kinbridge.mapping.routes import NOT_FHIR, ROUTES, routes_of
from kinbridge.mapping.stage import declare
from kinbridge.sources.loader import parse_sources
from kinbridge.stage import At, Message
from kinbridge_fhir.strict import MOST_FLAWS, Strict, flaws
from kinbridge_schemas.envelope import Envelope
from kinbridge_schemas.mapped import Given
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.received import Received
from tests.adapters.fuzz.inputs import Input, inputs
from tests.adapters.mapping import NOW, PSEUDONYMS, SOURCES

JSON: Final = "application/fhir+json"
XML: Final = "application/fhir+xml"

FHIR_ROUTES: Final = sorted(set(ROUTES) - NOT_FHIR)

# What golden inputs have wrong on purpose, and what is left out of births: a message is
# understood without its time. The rest of them is valid FHIR.
UNTIMED: Final = ("MessageHeader.timestamp", "model_field_validation.missing")
WRONG_ON_PURPOSE: Final = {
    "antenatal-with-a-clinic-end": ("Schedule.actor", "missing"),
    "nems-nipe-sent-58-hours-from-zulu": ("MessageHeader.timestamp", "value_error"),
    "nems-vaccination-not-given-missing": (
        "Immunization.notGiven",
        "model_field_validation.missing",
    ),
    "one-of-two-unreadable": ("Appointment.start", "value_error"),
    "practice-unreadable": (
        "Patient.generalPractitioner[0].identifier.period.start",
        "value_error",
    ),
}


def received(given: Input) -> Received:
    return Received(
        id="received-0123456789abcdef",
        content=given.content,
        content_type=given.content_type,
        source=SOURCES[given.route],
        route=given.route,
    )


def a_message(**changes: Any) -> dict[str, Any]:
    patient = {
        "resourceType": "Patient",
        "id": "p",
        "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9000000009"}],
        "birthDate": "2019-01-01",
    }
    appointment = {
        "resourceType": "Appointment",
        "id": "a",
        "status": "noshow",
        "start": "2026-03-02T09:00:00Z",
        "participant": [{"actor": {"reference": "Patient/p"}, "status": "accepted"}],
        **changes,
    }
    header = {
        "resourceType": "MessageHeader",
        "id": "m",
        "eventCoding": {"system": "http://terminology.hl7.org/CodeSystem/v2-0003", "code": "S26"},
        "source": {"endpoint": "https://trust.example/engine"},
    }
    entries = [{"resource": each} for each in (header, patient, appointment)]
    return {"resourceType": "Bundle", "id": "b", "type": "message", "entry": entries}


def told(message: dict[str, Any]) -> list[tuple[str, str]]:
    return [(f.place, f.problem) for f in flaws(json.dumps(message).encode(), JSON)]


@pytest.mark.parametrize("route", FHIR_ROUTES)
def test_whatever_is_found_the_facts_are_the_same(route: str) -> None:
    adapter = ROUTES[route]
    strict = Strict(adapter, {SOURCES[route].partition(".")[0]})
    given = Given(PSEUDONYMS, NOW)

    for each in inputs(route)[:12]:
        record = received(each)
        try:
            plain = adapter(record, given)
        except UnreadableError as problem:
            with pytest.raises(UnreadableError, match=problem.reason):
                strict(record, given)
            continue
        assert strict(record, given).model_copy(update={"flaws": ()}) == plain
    assert (strict.version, strict.compares) == (adapter.version, adapter.compares)


def test_a_valid_message_has_no_flaw() -> None:
    assert told(a_message()) == []


def test_a_flaw_is_named_by_its_field_and_never_by_what_stood_there() -> None:
    private = "Rosa 9000000009"
    changes = {
        "start": private,
        private: 1,
        "minutesDuration": -1,
        "serviceType": [{"coding": private}],
    }

    found = told(a_message(**changes))

    assert {place for place, _ in found} >= {"Appointment", "Appointment.start"}
    assert private not in json.dumps(found)
    assert "Rosa" not in json.dumps(found)


def test_one_bad_resource_says_nothing_of_its_neighbours() -> None:
    message = a_message(unheard=1)

    assert {place.partition(".")[0] for place, _ in told(message)} == {"Appointment"}


def test_an_unknown_kind_of_resource_is_a_flaw() -> None:
    message = a_message()
    for kind in ("Surprise", "Coding", "fhirtypes", "__class__", "9000000009"):
        message["entry"].append({"resource": {"resourceType": kind}})

    assert told(message) == [("resource", "unknown-type")]


def test_comments_are_no_flaw() -> None:
    content = (
        b'<Patient xmlns="http://hl7.org/fhir"><!-- about --><id value="p"/>'
        b'<!-- more --><birthDate value="2019-01-01"/></Patient>'
    )

    assert flaws(content, XML) == ()


def test_what_xml_has_and_fhir_has_not_is_a_flaw() -> None:
    content = (
        b'<Patient xmlns="http://hl7.org/fhir"><id value="p"/><surprise value="x"/></Patient>'
    )

    assert [flaw.place for flaw in flaws(content, XML)] == ["Patient"]


def test_each_release_is_held_to_its_own_models() -> None:
    stu3 = {"resourceType": "Encounter", "status": "finished", "reason": [{"text": "x"}]}
    as_r4 = {"resourceType": "Encounter", "status": "finished", "class": {"code": "AMB"}}
    for resource in (stu3, as_r4):
        content = json.dumps(resource).encode()
        found = {v: flaws(content, f"{JSON}; fhirVersion={v}") for v in ("3.0", "4.0")}

        assert (not found["3.0"], not found["4.0"]) == (True, resource is as_r4)


def test_r5_is_not_validated() -> None:
    message = a_message(unheard=1) | {"type": "subscription-notification"}

    assert told(message) == []


def test_flaws_have_an_end() -> None:
    message = a_message()
    message["entry"] += [
        {"resource": {"resourceType": "Appointment", "participant": [{"status": 1}] * n}}
        for n in range(60)
    ]

    assert len(told(message)) == MOST_FLAWS


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"<a", b"{" * 100])
def test_what_cannot_be_read_has_no_flaws(content: bytes) -> None:
    assert flaws(content, JSON) == flaws(content, XML) == ()


def _depths() -> Iterator[bytes]:
    inner: Any = {"url": "x", "valueString": "y"}
    for _ in range(300):
        inner = {"url": "x", "extension": [inner]}
    yield json.dumps({"resourceType": "Patient", "extension": [inner]}).encode()
    deep = b"<extension>" * 200 + b"</extension>" * 200
    yield b'<Patient xmlns="http://hl7.org/fhir">' + deep + b"</Patient>"


def test_nesting_is_a_flaw_and_no_fault() -> None:
    for content in _depths():
        assert flaws(content, XML if content.startswith(b"<") else JSON)


def _reason(source: str, sources: str) -> str:
    content = json.dumps(a_message(unheard=1)).encode()
    own = "received-0123456789abcdef"
    record = Received(
        id=own, content=content, content_type=JSON, source=source, route="fhir-message"
    )
    envelope = Envelope(
        id=own,
        type=Received.contract,
        source=f"fhir-message:{source}",
        recorded=NOW,
        correlation=own,
    )
    stage = declare(pseudonymiser=PSEUDONYMS, routes=routes_of(parse_sources(sources)))
    message = Message("received.nhs", own, envelope, record)
    return stage.decide(stage.fresh(), message, At(now=NOW, clock=NOW)).reason


def test_it_is_off_until_a_source_is_named_and_then_warns_of_that_source_alone() -> None:
    assert _reason("example-trust", "") == "mapped"
    assert _reason("example-trust", "strict: [another-trust]") == "mapped"
    assert _reason("example-trust", "strict: [example-trust]") == NOT_VALID


def test_the_golden_inputs_are_valid_fhir() -> None:
    """What our own examples say is not only understood here: it is FHIR."""
    found: dict[str, tuple[str, str]] = {}
    for route in FHIR_ROUTES:
        for each in inputs(route):
            for flaw in flaws(each.content, each.content_type):
                found[each.name] = (flaw.place, flaw.problem)

    births = {name for name in found if name.startswith("birth-")}
    assert {found.pop(name) for name in births} <= {UNTIMED}
    assert found == WRONG_ON_PURPOSE


def test_a_worker_loads_no_models_of_fhir_where_nobody_asks() -> None:
    program = (
        "import sys, kinbridge.pipeline, kinbridge.mapping.routes, kinbridge.sending.agent\n"
        "from kinbridge.sources.model import Sources\n"
        "kinbridge.mapping.routes.routes_of(Sources())\n"
        "print([name for name in sys.modules if name.startswith(('fhir.', 'fhir_core'))])"
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "[]"
