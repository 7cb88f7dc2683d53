"""What holds for every message: JSON and XML alike, ids, versions, references."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from kinbridge_schemas.events.care import EdAttended
from kinbridge_schemas.events.maternity import AntenatalAppointment, BirthNotified
from kinbridge_schemas.vocabulary import Role
from tests.adapters.fhir import care
from tests.adapters.fhir.messages import (
    ACT,
    BARS,
    CHILD,
    MOTHER,
    NHS_NUMBER,
    SENT,
    Resource,
    appointment,
    as_json,
    as_xml,
    birth,
    encounter,
    message,
    organisation,
    patient,
)
from tests.adapters.mapping import map_one

MOTHER_PATIENT = patient("mother", MOTHER, "1998-05-04")
CHILD_PATIENT = patient("child", CHILD, "2019-09-01")


@pytest.mark.parametrize(
    "bundle",
    [
        pytest.param(birth(), id="birth"),
        pytest.param(message(appointment(), MOTHER_PATIENT, organisation()), id="appointment"),
        pytest.param(message(encounter(), CHILD_PATIENT, organisation()), id="encounter"),
        pytest.param(message(appointment(status="forgotten"), MOTHER_PATIENT), id="parked"),
        pytest.param(care.sent(care.episode()), id="episode of care"),
        pytest.param(care.sent(care.flag()), id="flag"),
        pytest.param(
            care.bars(care.referral(), care.flag(), event="servicerequest-request"), id="referral"
        ),
        pytest.param(care.sent(care.related()), id="related person"),
        pytest.param(care.sent(care.cpis_flag(), care.care_plan(), care.care_team()), id="CP-IS"),
    ],
)
def test_a_message_means_the_same_in_json_and_in_xml(bundle: Resource) -> None:
    from_json = map_one("fhir-message", as_json(bundle), "application/fhir+json")
    from_xml = map_one("fhir-message", as_xml(bundle), "application/fhir+xml")

    assert from_xml == from_json
    assert from_json.events or from_json.ends


def test_the_header_of_a_birth_is_the_mothers_and_the_baby_is_found_by_the_link() -> None:
    event = map_one("fhir-message", birth()).events[0]

    baby, mother = event.subjects
    assert (baby.role, mother.role) == (Role.CHILD, Role.MOTHER)
    assert baby.nhs_number != mother.nhs_number
    assert isinstance(event.detail, BirthNotified)
    assert event.occurred.at == datetime(2026, 3, 1, 23, 41, tzinfo=UTC)


def test_a_time_of_birth_on_another_day_than_the_date_is_not_believed() -> None:
    event = map_one("fhir-message", birth(changes={"birthDate": "2026-02-28"})).events[0]

    assert event.occurred.precision.value == "day"


def test_a_birth_has_one_fact_however_often_it_is_told_anew() -> None:
    first = map_one("fhir-message", birth()).events[0]
    second_message = birth()
    second_message["entry"][0]["resource"]["id"] = "m2"
    second = map_one("fhir-message", second_message).events[0]

    assert second.fact == first.fact


def test_an_appointment_is_known_by_its_identifier_and_not_by_the_id_of_a_message() -> None:
    other = appointment("a1")
    other["id"] = "made-anew"

    first = map_one("fhir-message", message(appointment("a1"), MOTHER_PATIENT)).events[0]
    second = map_one("fhir-message", message(other, MOTHER_PATIENT)).events[0]

    assert second.fact == first.fact


def test_an_id_that_holds_an_identifier_is_not_in_ours() -> None:
    leaky = appointment(identifier=[{"system": NHS_NUMBER, "value": MOTHER}], id=MOTHER)

    event = map_one("fhir-message", message(leaky, MOTHER_PATIENT)).events[0]

    assert isinstance(event.detail, AntenatalAppointment)
    assert MOTHER not in f"{event.id} {event.fact} {event.detail.appointment_id} {event.subject}"


@pytest.mark.parametrize(
    ("meta", "expected"),
    [
        pytest.param({"versionId": "7", "lastUpdated": SENT}, (0, SENT), id="its own meta"),
        pytest.param({"versionId": 'W/"4"'}, (0, SENT), id="an ETag, and the message's time"),
        pytest.param({"versionId": "1.0.0"}, (0, SENT), id="no number"),
        pytest.param(None, (0, SENT), id="no meta at all"),
    ],
)
def test_the_version_of_an_account(meta: Any, expected: tuple[int, str]) -> None:
    event = map_one("fhir-message", message(appointment(meta=meta), MOTHER_PATIENT)).events[0]

    number, updated = expected
    assert event.version.number == number
    assert event.version.updated == datetime.fromisoformat(updated)


@pytest.mark.parametrize(
    "reference",
    ["Patient/child", "Patient/child/_history/3", "https://example.org/fhir/Patient/child"],
)
def test_a_reference_finds_its_resource_however_it_is_written(reference: str) -> None:
    bundle = message(encounter(subject={"reference": reference}), CHILD_PATIENT)

    assert map_one("fhir-message", bundle).events


def test_a_reference_by_identifier_alone_is_enough() -> None:
    by_number = {"identifier": {"system": NHS_NUMBER, "value": CHILD}}

    event = map_one("fhir-message", message(encounter(subject=by_number))).events[0]

    assert event.subjects[0].nhs_number is not None


def test_somebody_elses_triage_is_not_an_arrival() -> None:
    mapped = map_one(
        "fhir-message",
        message(encounter(), CHILD_PATIENT, event="servicerequest-request", system=BARS),
    )

    assert not [e for e in mapped.events if isinstance(e.detail, EdAttended)]
    assert [e.reason for e in mapped.ends] == ["encounter-of-a-referral"]


def test_who_is_eighteen_on_the_day_is_responsible_for_coming() -> None:
    def missed(born: str) -> str:
        away = appointment(status="noshow", serviceType=None)
        told = map_one("fhir-message", message(away, patient("mother", MOTHER, born)))
        return told.events[0].detail.kind

    assert missed("2008-03-09") == "appointment_recorded"
    assert missed("2008-03-10") == "child_not_brought"


def test_several_facts_of_one_message_each_have_an_end() -> None:
    clinic = encounter("e2") | {"class": {"system": ACT, "code": "AMB"}}
    bundle = message(
        appointment("a1"), encounter("e1"), clinic, MOTHER_PATIENT, CHILD_PATIENT, organisation()
    )

    mapped = map_one("fhir-message", bundle)

    facts = [e.fact for e in mapped.events] + [e.fact for e in mapped.ends]
    assert len(facts) == len(set(facts)) == 3
