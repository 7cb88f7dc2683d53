"""Official samples that need more than their own bytes, or of which more is said.

How every single file ends stands in `test_table.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema.validators import validator_for

from kinbridge.mapping.stage import declare
from kinbridge.stage import At
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.problems import UnreadableError
from tests.adapters.mapping import PSEUDONYMS
from tests.samples.from_schema import payload
from tests.samples.place import SAMPLES
from tests.samples.table import NOW, End, ends, received
from tests.samples.ways import XML, in_a_message

pytestmark = pytest.mark.samples


def _table() -> Iterator[tuple[str, bytes, str, str, list[End]]]:
    nhs = SAMPLES / "nhs"
    core = nhs / "ukcore-r4"
    patient = core / "UKCore-Patient-RichardSmith-Example.xml"
    appointment = core / "UKCore-Appointment-OrthopaedicSurgery-Example.xml"
    encounter = core / "UKCore-Encounter-InpatientEncounter-Example.xml"
    for name, event, resource in (
        ("UK Core Appointment", "S12", appointment),
        ("UK Core Encounter", "A03", encounter),
    ):
        with_patient = in_a_message(event, resource.read_bytes(), patient.read_bytes())
        yield f"{name} with its patient", with_patient, XML, "fhir-message", PATIENT_ENDS[name]
    child, schema = dfe_child()
    jsonschema.validate([child], schema)
    kinds = [
        *("assessment_authorised", "assessment_started"),
        *("cin_plan_ended", "cin_plan_started", "cp_plan_ended", "cp_plan_started"),
        *("episode_closed", "icpc_held", "lead_practitioner_allocated", "looked_after_ended"),
        *("looked_after_started", "person_registered", "referral_received"),
        *("s47_ended", "s47_started"),
    ]
    # It was placed for adoption, and so nothing else is told of it.
    adopted = json.dumps(child).encode()
    shield: End = ("to-linking", "adoption_shield_started")
    yield "DfE API example", adopted, "application/json", "dfe-csc", [shield]
    (placed,) = child["social_care_episodes"]
    del placed["adoption"]
    not_adopted = json.dumps(child).encode()
    told = [("to-linking", kind) for kind in kinds]
    yield "DfE API example, not adopted", not_adopted, "application/json", "dfe-csc", told


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
_SCHEMA: Final = dfe_child()[1]
BODY: Final = validator_for(_SCHEMA)(_SCHEMA)
ANY_CHILD: Final = payload(_SCHEMA["items"])


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
    child = data.draw(ANY_CHILD)
    BODY.validate([child])

    reasons = {"date-in-future", "id-repeated"}  # what a schema cannot say
    try:
        found = ends(json.dumps(child).encode(), "application/json", "dfe-csc")
    except UnreadableError as problem:
        found = [("dead-letter", problem.reason)]
    assert found
    assert found[0][0] != "dead-letter" or found[0][1] in reasons
