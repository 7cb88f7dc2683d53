"""RelatedPerson: told only where both are known by their numbers, and never of an adoption."""

from __future__ import annotations

from typing import Any

import pytest

from kinbridge_schemas.events.persons import RelationshipEnded, RelationshipRecorded
from kinbridge_schemas.vocabulary import Role
from tests.adapters.fhir.care import ROLES, THE_CHILD, THE_MOTHER, mapped, reasons, related, sent
from tests.adapters.fhir.messages import BABY, MOTHER, Resource, concept, message, patient

UNVERIFIED = {
    "url": "https://fhir.hl7.org.uk/StructureDefinition/"
    "Extension-UKCore-NHSNumberVerificationStatus",
    "valueCodeableConcept": concept(
        "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatus", "02"
    ),
}


def tie(made: Resource) -> tuple[str, Role, list[Role]]:
    (event,) = mapped(sent(made)).events
    assert isinstance(event.detail, RelationshipRecorded | RelationshipEnded)
    return event.detail.kind, event.detail.relation, [s.role for s in event.subjects]


@pytest.mark.parametrize(
    ("code", "role"),
    [
        pytest.param("MTH", Role.MOTHER, id="mother"),
        pytest.param("GESTM", Role.MOTHER, id="mother who gave birth"),
        pytest.param("NFTH", Role.FATHER, id="natural father"),
        pytest.param("STPFTH", Role.PARENT, id="a step-parent is a parent, and not the father"),
        pytest.param("PRNFOST", Role.CARER, id="foster parent"),
        pytest.param("GUARD", Role.CARER, id="guardian"),
        pytest.param("HBRO", Role.SIBLING, id="half-brother"),
        pytest.param("GRMTH", Role.OTHER, id="grandmother"),
    ],
)
def test_the_code_says_what_they_are_to_the_child(code: str, role: Role) -> None:
    assert tie(related(code)) == ("relationship_recorded", role, [Role.CHILD, role])


def test_guardian_has_a_code_of_its_own_in_uk_core() -> None:
    system = "https://fhir.hl7.org.uk/CodeSystem/UKCore-AdditionalPersonRelationshipRole"

    assert tie(related(relationship=[concept(system, "Guardian")]))[1] is Role.CARER


def test_a_parents_record_may_name_the_child_instead() -> None:
    child = patient("rel1", BABY, "2019-09-01")
    made = {**related("SON"), **child, "resourceType": "RelatedPerson"}
    made["patient"] = {"reference": "Patient/mother"}

    kind, role, roles = tie(made)
    assert (kind, role, roles) == ("relationship_recorded", Role.PARENT, [Role.CHILD, Role.PARENT])


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"period": {"end": "2026-02-01"}}, id="its period has ended"),
        pytest.param({"active": False}, id="it is not in use"),
    ],
)
def test_a_relationship_ends(changes: dict[str, Any]) -> None:
    assert tie(related(**changes))[0] == "relationship_ended"


def test_an_end_that_is_still_to_come_is_none() -> None:
    assert tie(related(period={"end": "2030-02-01"}))[0] == "relationship_recorded"


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"identifier": None}, id="no number"),
        pytest.param(
            {
                "identifier": [
                    {**THE_MOTHER["identifier"][0], "value": MOTHER, "extension": [UNVERIFIED]}
                ]
            },
            id="a number that is not verified",
        ),
        pytest.param({"patient": None}, id="nobody's relative"),
    ],
)
def test_without_both_numbers_it_only_explains_what_it_came_with(changes: dict[str, Any]) -> None:
    assert reasons(sent(related(**changes))) == ["message-without-facts"]


def test_a_relative_who_is_a_patient_too_is_known_by_that_record() -> None:
    link = [{"other": {"reference": "RelatedPerson/rel1"}, "type": "seealso"}]
    bundle = message(related(identifier=None), THE_CHILD, THE_MOTHER | {"link": link}, event="A01")

    (event,) = mapped(bundle).events
    assert [s.nhs_number is not None for s in event.subjects] == [True, True]


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        pytest.param(related("ADOPTM"), "relationship-of-an-adoption", id="adoptive mother"),
        pytest.param(
            related(relationship=[concept(ROLES, "MTH"), concept(ROLES, "ADOPTM")]),
            "relationship-of-an-adoption",
            id="a mother, who adopted",
        ),
        pytest.param(related("WIFE"), "relationship-not-used", id="a code in no table"),
        pytest.param(
            related("MTH", patient={"reference": "Patient/mother"}),
            "relationship-of-no-child",
            id="an adult's mother",
        ),
    ],
)
def test_what_is_no_childs_family_is_parked(made: Resource, reason: str) -> None:
    assert reasons(sent(made)) == [reason]
