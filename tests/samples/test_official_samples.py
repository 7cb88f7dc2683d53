"""Official samples, where they lie beside the repository: each fact ends in one stated way.

They are others' files and are not part of the project. Bare resources are put into a message
here, as a hospital's engine would send them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from kinbridge.mapping.stage import declare
from kinbridge.stage import At, Message
from kinbridge_schemas.base import derive_id
from kinbridge_schemas.dispositions import Disposition
from kinbridge_schemas.envelope import Envelope
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.received import Received
from tests.adapters.mapping import PSEUDONYMS
from tests.samples.from_schema import payload
from tests.samples.place import SAMPLES

NOW: Final = datetime(2026, 3, 2, 10, 20, tzinfo=UTC)
FHIR: Final = "http://hl7.org/fhir"
XML: Final = "application/fhir+xml"

pytestmark = pytest.mark.samples

End = tuple[str, str]
"""The kind of an event that goes on, or the end of a fact; and why."""


def received(content: bytes, kind: str, route: str) -> Message:
    own = derive_id("received", PSEUDONYMS.fingerprint(content))
    source = "nhs" if route == "fhir-message" else "209.sample"
    body = Received(id=own, content=content, content_type=kind, source=source, route=route)
    envelope = Envelope(
        id=own,
        type=Received.contract,
        source=f"{route}:{source}",
        recorded=NOW,
        correlation=own,
    )
    return Message("received.nhs", "sk-record", envelope, body)


def ends(content: bytes, kind: str = XML, route: str = "fhir-message") -> list[End]:
    """Map one sample by the stage and give each fact's end. A fact with two would show twice."""
    stage = declare(pseudonymiser=PSEUDONYMS)
    decision = stage.decide(stage.fresh(), received(content, kind, route), At(now=NOW, clock=NOW))
    found: dict[str, End] = {}
    for output in decision.outputs:
        match output.body:
            case ChildEvent() as event:
                assert event.fact not in found
                found[event.fact] = ("to-linking", event.detail.kind)
            case Disposition() as end:
                assert end.fact not in found
                found[end.fact] = (end.end, end.reason)
    return sorted(found.values())


def in_a_message(event: str, *resources: Path) -> bytes:
    """Put bare resources into a message Bundle, in the order given."""
    entries = "".join(_entry(etree.parse(path).getroot()) for path in resources)
    header = (
        '<entry><resource><MessageHeader><id value="wrapped"/><eventCoding>'
        '<system value="http://terminology.hl7.org/CodeSystem/v2-0003"/>'
        f'<code value="{event}"/></eventCoding></MessageHeader></resource></entry>'
    )
    return (
        f'<Bundle xmlns="{FHIR}"><id value="wrapped"/><type value="message"/>'
        f'<timestamp value="2026-03-02T10:15:00Z"/>{header}{entries}</Bundle>'
    ).encode()


def _entry(root: Any) -> str:
    own = root.find(f"{{{FHIR}}}id").get("value")
    kind = etree.QName(root).localname
    inner = etree.tostring(root).decode()
    return f'<entry><fullUrl value="{kind}/{own}"/><resource>{inner}</resource></entry>'


def _table() -> Iterator[tuple[str, bytes, str, str, list[End]]]:
    nhs = SAMPLES / "nhs"
    for name in ("BirthNotificationWithMother", "BirthNotificationWithoutMother"):
        content = (nhs / "nems-stu3" / f"{name}.xml").read_bytes()
        yield name, content, XML, "fhir-message", [("to-linking", "birth_notified")]
    bars = next((nhs / "bars-r4-simplifier").rglob("REFRESP01*.xml"))
    unsupported = "parked-unsupported"
    yield (
        "BaRS REFRESP01 with its noshow",
        bars.read_bytes(),
        XML,
        "fhir-message",
        [
            (unsupported, "encounter-of-a-referral"),
            # The sample's patient has a number with a wrong check digit.
            (unsupported, "no-usable-identifier"),
            *[(unsupported, "resource-not-used")] * 4,
        ],
    )
    core = nhs / "ukcore-r4"
    patient = core / "UKCore-Patient-RichardSmith-Example.xml"
    appointment = core / "UKCore-Appointment-OrthopaedicSurgery-Example.xml"
    encounter = core / "UKCore-Encounter-InpatientEncounter-Example.xml"
    missing = [(unsupported, "subject-missing")]
    for name, event, resource in (
        ("UK Core Appointment", "S12", appointment),
        ("UK Core Encounter", "A03", encounter),
    ):
        yield name, in_a_message(event, resource), XML, "fhir-message", missing
        with_patient = in_a_message(event, resource, patient)
        yield f"{name} with its patient", with_patient, XML, "fhir-message", PATIENT_ENDS[name]
    child, schema = dfe_child()
    jsonschema.validate([child], schema)
    kinds = [
        *("adoption_shield_started", "assessment_authorised", "assessment_started"),
        *("cin_plan_ended", "cin_plan_started", "cp_plan_ended", "cp_plan_started"),
        *("episode_closed", "icpc_held", "lead_practitioner_allocated", "looked_after_ended"),
        *("looked_after_started", "person_registered", "referral_received"),
        *("s47_ended", "s47_started"),
    ]
    content = json.dumps(child).encode()
    yield (
        "DfE API example",
        content,
        "application/json",
        "dfe-csc",
        [("to-linking", k) for k in kinds],
    )


PATIENT_ENDS: Final[dict[str, list[End]]] = {
    "UK Core Appointment": [("to-linking", "appointment_recorded")],
    "UK Core Encounter": [("to-linking", "admitted"), ("to-linking", "discharged")],
}


def dfe_child() -> tuple[dict[str, Any], dict[str, Any]]:
    """The child that the published OpenAPI gives as its example, and the schema of the body."""
    text = (SAMPLES / "la" / "dfe-csc-api" / "openapi.json").read_text(encoding="utf-8")
    schema = json.loads(text)["components"]["schemas"]["CSC"]
    return schema["items"]["example"], schema


TABLE: Final = list(_table())


@pytest.mark.parametrize(
    ("content", "kind", "route", "expected"),
    [pytest.param(*row[1:], id=row[0]) for row in TABLE],
)
def test_each_fact_of_a_sample_ends_in_exactly_one_stated_way(
    content: bytes, kind: str, route: str, expected: list[End], record_property: Any
) -> None:
    found = ends(content, kind, route)

    record_property("ends", found)
    print(*(f"\n  {end:<20}{why}" for end, why in found))  # noqa: T201 - the table, with `-s`
    assert found == sorted(expected)


@pytest.mark.parametrize(
    "path", sorted((SAMPLES / "nhs" / "nems-stu3").glob("*.xml")), ids=lambda p: p.stem
)
def test_every_event_of_the_national_service_ends(path: Path) -> None:
    found = ends(path.read_bytes())

    expected = "to-linking" if path.stem.startswith("Birth") else "parked-unsupported"
    assert [end for end, _ in found] == [expected]


def test_the_mother_with_a_wrong_number_keeps_none_and_the_baby_keeps_its_own() -> None:
    path = SAMPLES / "nhs" / "nems-stu3" / "BirthNotificationWithMother.xml"
    stage = declare(pseudonymiser=PSEUDONYMS)
    message = received(path.read_bytes(), XML, "fhir-message")

    (output,) = stage.decide(stage.fresh(), message, At(now=NOW, clock=NOW)).outputs

    event = output.body
    assert isinstance(event, ChildEvent)
    baby, mother = event.subjects
    assert baby.nhs_number is not None
    assert (mother.nhs_number, mother.name is None) == (None, False)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_the_published_schema_allows_is_mapped_or_named_by_its_field(
    data: st.DataObject,
) -> None:
    _, schema = dfe_child()
    child = data.draw(payload(schema["items"]))
    jsonschema.validate([child], schema)

    reasons = {"date-in-future", "id-repeated"}  # what a schema cannot say
    try:
        found = ends(json.dumps(child).encode(), "application/json", "dfe-csc")
    except UnreadableError as problem:
        found = [("dead-letter", problem.reason)]
    assert found
    assert found[0][0] != "dead-letter" or found[0][1] in reasons
