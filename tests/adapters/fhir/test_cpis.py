"""CP-IS: flag, plan and team are one fact about the plan, whatever of it came, however spelt."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from kinbridge_schemas.events.protection import CpisStatus, CpisStatusRecorded
from kinbridge_schemas.vocabulary import Role
from tests.adapters.fhir.care import (
    PATIENT_FLAGS,
    RESTRICTED_CHILD,
    care_plan,
    care_team,
    cpis_flag,
    mapped,
    reasons,
    sent,
    told,
)
from tests.adapters.fhir.messages import SENT, SNOMED, Resource, as_xml, concept, message
from tests.adapters.mapping import map_one

LATER = "2026-03-05T08:00:00+00:00"


def plan(*resources: Resource) -> CpisStatusRecorded:
    detail = told(*resources).detail
    assert isinstance(detail, CpisStatusRecorded)
    return detail


def test_flag_plan_and_team_are_one_fact() -> None:
    event = told(cpis_flag(), care_plan(), care_team())

    assert event.detail == CpisStatusRecorded(
        status=CpisStatus.CHILD_PROTECTION_PLAN,
        started=datetime(2026, 1, 10, tzinfo=UTC),
        authority_code="EX99",
        authority_name="EXAMPLE CITY COUNCIL",
        office_hours="020 7946 0000",
        out_of_hours="07700 900000",
    )
    assert [subject.role for subject in event.subjects] == [Role.CHILD]


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("342191000000101", CpisStatus.CHILD_PROTECTION_PLAN),
        ("1064311000000109", CpisStatus.CHILD_PROTECTION_PLAN),
        ("224353004", CpisStatus.CHILD_PROTECTION_PLAN),
        ("764841000000100", CpisStatus.LOOKED_AFTER),
        ("818901000000100", CpisStatus.UNBORN_CHILD_PROTECTION_PLAN),
    ],
)
def test_every_code_of_a_plan(code: str, status: CpisStatus) -> None:
    assert plan(cpis_flag(), care_plan(code), care_team()).status is status


def test_the_record_of_an_unborn_child_is_its_mothers() -> None:
    mother = {"reference": "Patient/mother"}
    event = told(cpis_flag(subject=mother), care_plan("818901000000100", subject=mother))

    assert [subject.role for subject in event.subjects] == [Role.MOTHER]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(
            {"code": concept(PATIENT_FLAGS, "child-protection-information-sharing-flag")},
            id="information sharing",
        ),
        pytest.param(
            {
                "code": None,
                "category": [concept(PATIENT_FLAGS, "child-protection-information-system-flag")],
            },
            id="in the category",
        ),
    ],
)
def test_both_spellings_of_the_flag(changes: dict[str, Any]) -> None:
    assert plan(cpis_flag(**changes), care_plan()).status is CpisStatus.CHILD_PROTECTION_PLAN


def test_a_reference_that_differs_in_its_capitals_finds_the_plan() -> None:
    flag = cpis_flag()
    flag["extension"][0]["valueReference"]["reference"] = "CarePlan/cpis-plan-MADE-up"

    assert len(mapped(sent(flag, care_plan(), care_team())).events) == 1


def test_comments_and_an_extension_after_the_period_change_nothing() -> None:
    flag = cpis_flag()
    flag["extension"] = flag.pop("extension")
    bundle = sent(flag, care_plan(), care_team())
    content = as_xml(bundle).replace(b"<id ", b"<!-- made up --><id ")

    assert map_one("fhir-message", content, "application/fhir+xml") == mapped(bundle)


def test_a_plan_that_came_without_its_flag_is_the_same_fact() -> None:
    both, alone = told(cpis_flag(), care_plan()), told(care_plan())

    assert (alone.fact, alone.detail) == (both.fact, both.detail)


def test_a_team_that_says_the_plan_itself_is_one_too() -> None:
    early = care_team(
        name="Exampleton Local Authority",
        category=[concept(SNOMED, "342191000000101")],
        subject={"reference": "Patient/child"},
        period={"start": "2025-09-26", "end": "2026-01-31"},
    )

    found = plan(early)
    assert (found.status, found.authority_name, found.ended) == (
        CpisStatus.CHILD_PROTECTION_PLAN,
        "Exampleton Local Authority",
        datetime(2026, 1, 31, tzinfo=UTC),
    )
    assert len(mapped(sent(care_plan(), early)).events) == 1


def test_the_name_on_the_reference_serves_where_no_team_came() -> None:
    named = {"reference": "CareTeam/away", "display": "EX99 - EXAMPLE CITY COUNCIL"}

    found = plan(care_plan(careTeam=[named]))
    assert (found.authority_code, found.authority_name) == ("EX99", "EXAMPLE CITY COUNCIL")


@pytest.mark.parametrize(
    "name",
    ["Nora Example", "ring 07700 900123 about Rosa", "EX99", "The Smiths, 1 Example Road", None],
)
def test_what_is_no_name_of_an_authority_is_left_out(name: str | None) -> None:
    found = plan(care_plan(), care_team(name=name))

    assert (found.authority_code, found.authority_name) == (None, None)
    assert found.office_hours == "020 7946 0000"


@pytest.mark.parametrize(
    ("flag", "care", "ended"),
    [
        pytest.param(
            {}, {"period": {"start": "2026-01-10", "end": "2026-02-20"}}, "2026-02-20", id="said"
        ),
        pytest.param({}, {"status": "completed"}, SENT[:10], id="completed, and not since when"),
        pytest.param({"status": "inactive"}, {}, SENT[:10], id="the flag is shown no more"),
        pytest.param(
            {"status": "inactive", "meta": {"lastUpdated": LATER}},
            {},
            LATER[:10],
            id="the flag changed by itself",
        ),
    ],
)
def test_a_plan_that_is_over(flag: dict[str, Any], care: dict[str, Any], ended: str) -> None:
    found = plan(cpis_flag(**flag), care_plan(**care))

    assert found.ended is not None
    assert found.ended.date().isoformat() == ended


def test_entered_in_error_takes_it_back() -> None:
    wrong = told(cpis_flag(status="entered-in-error"), care_plan())

    assert (wrong.act, wrong.fact) == ("retract", told(care_plan()).fact)


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        pytest.param([cpis_flag()], "plan-missing", id="the flag alone"),
        pytest.param(
            [cpis_flag(), care_plan("424242")], "plan-code-unknown", id="a code in no table"
        ),
        pytest.param(
            [care_plan(modifierExtension=[{"url": "https://example.org/not"}])],
            "modifier-unknown",
            id="modified by an extension",
        ),
        pytest.param([care_plan("424242")], "resource-not-used", id="another plan of care"),
        pytest.param(
            [cpis_flag(subject=None), care_plan(subject=None)], "subject-missing", id="nobody's"
        ),
    ],
)
def test_what_cannot_be_told_is_parked(made: list[Resource], reason: str) -> None:
    assert reasons(sent(*made)) == [reason]


def test_of_a_marked_record_nobody_reads_which_authority_has_the_plan() -> None:
    resources = (cpis_flag(), care_plan(), care_team(), RESTRICTED_CHILD)
    (event,) = mapped(message(*resources, event="A01")).events

    assert event.detail == CpisStatusRecorded(
        status=CpisStatus.CHILD_PROTECTION_PLAN, started=datetime(2026, 1, 10, tzinfo=UTC)
    )
