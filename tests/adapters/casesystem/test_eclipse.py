"""Notifications of work, and what holds of every notification."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from kinbridge_casesystem.eclipse_table import EclipseTable
from kinbridge_casesystem.fields import AUTHORITY_KINDS
from kinbridge_schemas.events.kinds import KINDS
from kinbridge_schemas.problems import UnreadableError
from tests.adapters.casesystem.eclipses import (
    LATER,
    TABLE,
    a_form,
    a_person,
    assigned,
    delivered,
    mapped,
    one,
    reasons,
    related,
    told,
)

# -- work


@pytest.mark.parametrize(
    ("path", "began", "ended"),
    [
        ("CHILD.CP.NEGLECT", "cp_plan_started", "cp_plan_ended"),
        ("CHILD.LAC.S20", "looked_after_started", "looked_after_ended"),
        ("CHILD.CIN", "cin_plan_started", "cin_plan_ended"),
        ("CHILD.S47", "s47_started", "s47_ended"),
    ],
)
def test_a_classification_begins_ends_and_is_removed(path: str, began: str, ended: str) -> None:
    first = assigned(path)
    closed = assigned(path, "CLOSE", endDateTime="2026-03-01T10:00:00Z")
    removed = assigned(path, "REMOVE")

    assert told(first) == [(began, "assert")]
    assert told(closed) == [(began, "assert"), (ended, "assert")]
    assert told(removed) == [(began, "retract"), (ended, "retract")]
    assert {e.fact for e in removed.events} == {e.fact for e in closed.events}


def test_an_end_by_adoption_carries_its_code_and_a_placement_for_it_shields() -> None:
    closed = assigned("CHILD.LAC.S20", "CLOSE", endReason="ADOPTED", endDate="2026-03-01")

    assert one(closed, "looked_after_ended").detail.model_dump()["reason"] == "E11"
    assert told(assigned("CHILD.ADOPTION")) == [("adoption_shield_started", "assert")]


def test_what_lies_ahead_waits_for_a_person() -> None:
    begins = assigned("CHILD.CIN", startDateTime="2026-04-01T09:00:00Z")
    ends = assigned("CHILD.CIN", "CLOSE", endDateTime="2026-04-01T09:00:00Z")

    assert (told(begins), reasons(begins)) == ([], {"begins-ahead"})
    assert (told(ends), reasons(ends)) == ([("cin_plan_started", "assert")], {"ends-ahead"})


def test_a_team_that_holds_a_case_is_told_by_our_code_of_it() -> None:
    resource = {"id": "T1", "person": a_person(), "team": {"id": 412}, "startDate": "2026-02-01"}

    added = one(
        mapped(delivered("ClientPersonTeamRelationship_ADD", resource)),
        "lead_practitioner_allocated",
    )
    left = one(
        mapped(delivered("ClientPersonTeamRelationship_CLOSE", resource, at=LATER)),
        "lead_practitioner_allocated",
    )

    detail = added.detail.model_dump(mode="json")
    assert (detail["team"], detail["worker"], detail["until"]) == (
        "east-central",
        "team-412",
        None,
    )
    assert left.detail.model_dump(mode="json")["until"] == LATER
    assert left.fact == added.fact


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("Pre-birth assessment v3", ["assessment_started", "assessment_authorised"]),
        ("Strategy discussion", ["strategy_discussion_held"]),
        ("S47 enquiry", ["s47_started"]),
        ("Contact", ["contact_received"]),
        ("Referral", ["referral_received"]),
    ],
)
def test_a_form_says_by_its_name_what_was_done(name: str, kinds: list[str]) -> None:
    done = a_form(name)
    gone = a_form(name, "DELETE")

    assert told(done) == [(kind, "assert") for kind in kinds]
    assert told(gone) == [(kind, "retract") for kind in kinds]
    assert [e.fact for e in done.events] == [e.fact for e in gone.events]


def test_a_form_that_was_only_submitted_is_not_authorised() -> None:
    submitted = a_form("Pre-birth assessment", "SUBMITTED", dateCompleted=None)

    assert told(submitted) == [("assessment_started", "assert")]
    assert submitted.events[0].detail.model_dump()["of_kind"] == "pre-birth"


def test_a_form_of_a_group_is_told_of_each_member_and_one_meeting() -> None:
    members = [
        {"memberSubject": a_person()},
        {"memberSubject": a_person(id="E101", nhsNumber=None)},
        {"memberSubject": a_person(id="E102"), "excluded": True},
    ]

    found = a_form("Strategy discussion", formMembers=members)

    assert len({event.subject for event in found.events}) == 2
    assert len({e.detail.model_dump()["meeting_id"] for e in found.events}) == 1


def test_a_group_is_never_taken_for_a_child() -> None:
    group = {"__typename": "Group", "id": "G1"}

    with pytest.raises(UnreadableError, match="field-missing"):
        a_form("Contact", formInstanceSubject=group)


# -- the notification itself


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (delivered("TaskInstance_ACTIVE", a_person()), "type-not-mapped"),
        (delivered(None, a_person()), "type-not-said"),
        (delivered("Person_UPDATE", {"href": "x"}), "payload-without-resource"),
        (delivered("Person_UPDATE", None), "payload-without-resource"),
        (
            delivered(
                "PersonClassification_ADD",
                {"id": "C1", "person": a_person(), "classification": {"path": "X"}},
            ),
            "classification-not-in-table",
        ),
        (delivered("FormInstance_COMPLETE", {"id": "F1", "name": "X"}), "form-not-in-table"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_not_understood_ends_with_its_reason(content: bytes, reason: str) -> None:
    found = mapped(content)

    assert (found.events, reasons(found)) == ((), {reason})
    assert {end.end for end in found.ends} == {"parked-unsupported"}


def test_a_subscription_of_the_settings_says_its_type_and_the_body_is_the_resource() -> None:
    plain = delivered(None, None, subscription="77", **a_person())

    assert told(mapped(plain)) == [("person_registered", "assert")]


def test_a_child_may_be_known_by_the_identifier_that_people_see() -> None:
    table = TABLE.model_copy(update={"child_by": "person_identifier"})
    known = a_person(personIdentifier="PER0001")

    event = one(mapped(delivered("Person_ADD", known), table), "person_registered")

    found = event.subjects[0].la_child_id
    assert found is not None
    assert found.reveal() == "PER0001"
    with pytest.raises(UnreadableError, match="field-missing"):
        mapped(delivered("Person_ADD", a_person()), table)


def test_every_version_is_the_time_of_the_event() -> None:
    first, later = (mapped(delivered("Person_ADD", a_person(), at=at)) for at in (LATER, LATER))

    assert first == later
    assert first.events[0].version.updated.isoformat() == "2026-03-02T10:00:00+00:00"


@pytest.mark.parametrize(
    "wrong",
    [
        {"classifications": {"X": {"gives": "magic"}}},
        {"relationships": {"X": {"a": "parent"}}},
        {"teams": {"1": "East Central"}},
        {"nonsense": {}},
    ],
)
def test_a_table_is_closed(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        EclipseTable.model_validate(wrong)


def test_all_that_is_told_is_an_authoritys_to_tell() -> None:
    kinds = {e.detail.kind for found in (related(), assigned("CHILD.CIN")) for e in found.events}
    assert kinds <= set(AUTHORITY_KINDS) <= set(KINDS)
