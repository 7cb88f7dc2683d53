"""Encounter: who came, who was admitted, who left; every class and status has its one end."""

from __future__ import annotations

from typing import Any

import pytest

from kinbridge_schemas.events.care import Admitted, EdAttended
from kinbridge_schemas.vocabulary import Service
from tests.adapters.fhir.care import (
    RESTRICTED_CHILD,
    THE_CHILD,
    flag,
    mapped,
    reasons,
    sent,
    told,
)
from tests.adapters.fhir.messages import (
    ACT,
    SNOMED,
    Resource,
    appointment,
    concept,
    encounter,
    message,
    organisation,
)

METHOD = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-AdmissionMethod"
METHODS = "https://fhir.hl7.org.uk/CodeSystem/UKCore-AdmissionMethodEngland"
LEFT = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-EmergencyCareDischargeStatus"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
STAY = {"class": {"system": ACT, "code": "IMP"}}
OVER = {"start": "2026-03-02T09:50:00+00:00", "end": "2026-03-02T18:00:00+00:00"}


def arrival(**changes: Any) -> EdAttended:
    detail = told(encounter(**changes)).detail
    assert isinstance(detail, EdAttended)
    return detail


def kinds(made: Resource) -> list[tuple[str, str]]:
    return [(event.detail.kind, event.act) for event in mapped(sent(made)).events]


@pytest.mark.parametrize("status", ["arrived", "triaged", "in-progress", "onleave", "finished"])
def test_whoever_is_there_or_was_has_come(status: str) -> None:
    assert kinds(encounter(status=status)) == [("ed_attended", "assert")]


@pytest.mark.parametrize("status", ["cancelled", "entered-in-error"])
@pytest.mark.parametrize("period", [OVER, None], ids=["with its time", "without"])
def test_what_did_not_take_place_is_taken_back(status: str, period: Any) -> None:
    assert kinds(encounter(status=status, period=period)) == [("ed_attended", "retract")]
    assert kinds(encounter(**STAY, status=status, period=period)) == [
        ("admitted", "retract"),
        ("discharged", "retract"),
    ]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"status": "planned"}, "encounter-planned", id="planned"),
        pytest.param({"status": "unknown"}, "encounter-status-unknown", id="unknown"),
        pytest.param({"class": {"code": "EMER"}}, "encounter-class-unknown", id="of no system"),
        *(
            pytest.param(
                {"class": {"system": ACT, "code": code}}, "encounter-class-not-used", id=what
            )
            for code, what in (
                ("AMB", "a clinic"),
                ("VR", "by video"),
                ("HH", "at home"),
                ("FLD", "an ambulance crew, who bring somebody or do not"),
                ("OBSENC", "under observation, after an arrival"),
                ("PRENC", "before an admission"),
                ("SS", "a short stay, after an arrival"),
            )
        ),
    ],
)
def test_what_is_no_arrival_and_no_stay_is_parked(changes: dict[str, Any], reason: str) -> None:
    assert reasons(sent(encounter(**changes))) == [reason]


@pytest.mark.parametrize(
    ("code", "service"),
    [
        pytest.param(None, Service.EMERGENCY_DEPARTMENT, id="no service said"),
        pytest.param("310000008", Service.EMERGENCY_DEPARTMENT, id="accident and emergency"),
        pytest.param("714088003", Service.MATERNITY, id="maternity triage"),
        pytest.param(
            "310117003", Service.EMERGENCY_DEPARTMENT, id="CAMHS in the emergency department"
        ),
    ],
)
def test_where_somebody_arrived(code: str | None, service: Service) -> None:
    said = {"serviceType": concept(SNOMED, code)} if code else {}

    assert arrival(**said).service is service


@pytest.mark.parametrize(
    ("code", "left"),
    [
        pytest.param("1066301000000103", True, id="left before anybody looked"),
        pytest.param("1066311000000101", False, id="left after somebody had"),
        pytest.param("182992009", False, id="treated"),
        pytest.param("424242", None, id="a code in no table"),
        pytest.param(None, None, id="not said"),
    ],
)
def test_whether_somebody_left_before_being_seen(code: str | None, left: bool | None) -> None:
    extra = {"url": LEFT, "valueCodeableConcept": concept(SNOMED, code)} if code else None

    assert arrival(extension=[extra] if extra else None).left_before_seen is left


@pytest.mark.parametrize(
    ("method", "planned"),
    [("11", True), ("13", True), ("21", False), ("2D", False), ("81", None), ("zz", None)],
)
@pytest.mark.parametrize("holder", ["hospitalization", "the encounter itself"])
def test_whether_an_admission_was_planned(method: str, planned: bool | None, holder: str) -> None:
    extra = {"extension": [{"url": METHOD, "valueCodeableConcept": concept(METHODS, method)}]}
    made = {"hospitalization": extra} if holder == "hospitalization" else extra

    detail = told(encounter(**STAY, **made)).detail
    assert isinstance(detail, Admitted)
    assert detail.planned is planned


def test_the_place_is_told_unless_the_record_is_restricted() -> None:
    def place(who: Resource) -> str | None:
        ward = {"resourceType": "Location", "id": "l1", "name": "Example Ward"}
        came = encounter(location=[{"location": {"reference": "Location/l1"}}])
        (event,) = mapped(message(came, ward, who, event="A04")).events
        assert isinstance(event.detail, EdAttended)
        return event.detail.place

    assert (place(THE_CHILD), place(RESTRICTED_CHILD)) == ("Example Ward", None)


@pytest.mark.parametrize("mark", ["R", "V", "REDACTED"])
@pytest.mark.parametrize(
    "made",
    [
        pytest.param(encounter(), id="an arrival"),
        pytest.param(encounter(**STAY, status="finished", period=OVER), id="a stay"),
        pytest.param(appointment("a1", "child"), id="an appointment"),
        pytest.param(flag(), id="a concern"),
    ],
)
def test_of_a_marked_record_nobody_reads_who_gave_the_care(made: Resource, mark: str) -> None:
    marked = {"meta": {"security": [{"system": CONFIDENTIALITY, "code": mark}]}}

    def providers(who: Resource) -> set[str | None]:
        found = mapped(message(made, who, organisation(), event="A04")).events
        said = [event.model_dump(mode="json")["detail"]["provider"] for event in found]
        assert said
        return {each["ods"] or each["name"] for each in said}

    assert providers(THE_CHILD) == {"RJ1"}
    assert providers(THE_CHILD | marked) == {None}


def test_a_stay_that_is_over_is_an_admission_and_a_discharge() -> None:
    events = mapped(sent(encounter(**STAY, status="finished", period=OVER))).events

    assert [(e.detail.kind, e.occurred.at.hour) for e in events] == [
        ("admitted", 9),
        ("discharged", 18),
    ]
    assert kinds(encounter(**STAY, status="finished")) == [("admitted", "assert")]
