"""Notifications of Eclipse: each type, its facts, and what takes them back."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from kinbridge_casesystem.eclipse import TYPES
from kinbridge_casesystem.eclipse_table import EclipseTable
from kinbridge_casesystem.fields import AUTHORITY_KINDS
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.events.kinds import KINDS
from kinbridge_schemas.mapped import Mapped
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.vocabulary import Precision, Role
from tests.adapters.casesystem.eclipses import TABLE, a_mother, a_person, delivered, mapped

LATER = "2026-03-02T10:00:00Z"


def told(found: Mapped) -> list[tuple[str, str]]:
    return [(event.detail.kind, event.act) for event in found.events]


def one(found: Mapped, kind: str) -> ChildEvent:
    (event,) = [event for event in found.events if event.detail.kind == kind]
    return event


def reasons(found: Mapped) -> set[str]:
    return {end.reason for end in found.ends}


def unborn(**changes: Any) -> dict[str, Any]:
    fields = {"dateOfBirth": None, "dueDate": "2026-06-20", "lifeState": "UNBORN", **changes}
    return a_person(**fields)


def related(kind: str = "ADD", **changes: Any) -> Mapped:
    resource = {
        "id": "R1",
        "relationshipKind": "Familial",
        "relationshipType": {"class": "ParentChild"},
        "roleAPerson": a_mother(),
        "roleBPerson": a_person(),
        "startDate": "2019-09-01",
        **changes,
    }
    return mapped(delivered(f"PersonPersonRelationship_{kind}", resource, at=LATER))


def assigned(path: str, kind: str = "ADD", **changes: Any) -> Mapped:
    resource = {
        "id": "C1",
        "person": a_person(),
        "classification": {"path": path},
        "startDateTime": "2026-02-27T14:00:00Z",
        **changes,
    }
    return mapped(delivered(f"PersonClassification_{kind}", resource))


def a_form(name: str, kind: str = "COMPLETE", **changes: Any) -> Mapped:
    resource = {
        "id": "F1",
        "name": name,
        "dateStarted": "2026-02-20T09:00:00Z",
        "dateCompleted": "2026-02-27T09:00:00Z",
        "formInstanceSubject": {"__typename": "Person", **a_person()},
        **changes,
    }
    return mapped(delivered(f"FormInstance_{kind}", resource))


# -- people


def test_a_child_is_registered_and_an_adult_alone_is_no_fact() -> None:
    assert told(mapped(delivered("Person_ADD", a_person()))) == [("person_registered", "assert")]
    assert reasons(mapped(delivered("Person_ADD", a_mother()))) == {"no-fact-of-a-child"}


def test_an_unborn_child_has_its_due_date_and_a_later_one_is_a_later_account() -> None:
    first = one(mapped(delivered("Person_ADD", unborn())), "unborn_registered")
    moved = mapped(delivered("Person_UPDATE", unborn(dueDate="2026-06-27"), at=LATER))
    later = one(moved, "unborn_registered")

    assert (first.fact, first.subjects[0].role) == (later.fact, Role.UNBORN)
    assert later.version.later_than(first.version)
    assert first.detail.model_dump(mode="json")["edd"] == "2026-06-19T23:00:00Z"


def test_a_birth_is_told_of_a_child_that_may_have_been_unborn() -> None:
    born = a_person(dateOfBirth={"lower": "2026-02-28", "upper": "2026-02-28"})

    event = one(mapped(delivered("Person_UPDATE", born)), "unborn_born")

    assert event.occurred.precision is Precision.DAY
    assert not [k for k, _ in told(mapped(delivered("Person_UPDATE", a_person()))) if "born" in k]


def test_a_pregnancy_that_ended_is_told_and_put_right() -> None:
    lost = unborn(lifeState="NOT_CARRIED_TO_TERM", notCarriedToTerm="MISCARRIAGE")
    ended = one(mapped(delivered("Person_UPDATE", lost)), "pregnancy_ended")
    again = one(mapped(delivered("Person_UPDATE", unborn(), at=LATER)), "pregnancy_ended")

    assert (ended.act, again.act, ended.fact) == ("assert", "retract", again.fact)
    assert "MISCARRIAGE" not in ended.model_dump_json()


@pytest.mark.parametrize(
    ("security", "level"),
    [
        ({"securityMetaData": {"secured": True}}, "sensitive"),
        ({"securedContext": {"subjectRestrictedViaLock": True}}, "locked"),
    ],
)
def test_a_secured_or_locked_record_is_restricted_whoever_it_is_of(
    security: dict[str, Any], level: str
) -> None:
    event = one(mapped(delivered("Person_UPDATE", a_mother(**security))), "record_restricted")

    assert event.detail.model_dump()["level"] == level
    assert event.act == "assert"


def test_a_restriction_is_lifted_only_by_a_record_that_says_it_is_open() -> None:
    opened = {
        "securityMetaData": {"secured": False},
        "securedContext": {"subjectRestrictedViaLock": False},
    }
    half = {"securityMetaData": {"secured": False}}

    lifted = one(mapped(delivered("Person_UPDATE", a_person(**opened))), "record_restricted")

    assert lifted.act == "retract"
    assert "record_restricted" not in dict(told(mapped(delivered("Person_ADD", a_person()))))
    silent = mapped(delivered("Person_UPDATE", a_person(**half)))
    assert "record_restricted" not in dict(told(silent))


def test_what_eclipse_does_not_show_its_own_client_is_locked() -> None:
    redacted = {"__typename": "RedactedResult"}
    named = mapped(delivered("Person_UPDATE", redacted, subject={"id": "E100"}))
    nobody = mapped(delivered("Person_UPDATE", redacted))

    event = one(named, "record_restricted")
    assert event.detail.model_dump()["level"] == "locked"
    restricted = mapped(delivered("Person_UPDATE", a_person(securityMetaData={"secured": True})))
    assert event.fact == one(restricted, "record_restricted").fact
    assert reasons(nobody) == {"redacted-of-nobody-named"}


def test_a_death_and_a_duplicate_wait_for_a_person() -> None:
    died = mapped(delivered("Person_DECEASED", a_person(lifeState="DECEASED")))
    double = mapped(delivered("Person_UPDATE", a_person(duplicateStatus="DUPLICATE")))

    assert (told(died), reasons(died)) == ([], {"death-told-by-authority"})
    assert reasons(double) == {"duplicate-master-unknown"}
    assert {end.end for end in (*died.ends, *double.ends)} == {"parked-unsupported"}


def test_an_address_that_is_not_to_be_disclosed_is_restricted_and_not_told() -> None:
    resource = {"id": "A1", "person": a_person(), "location": {"postcode": "SE13 6AA"}}
    hidden = mapped(delivered("PersonAddress_ADD", {**resource, "doNotDisclose": True}))
    ended = mapped(delivered("PersonAddress_CLOSE", {**resource, "doNotDisclose": True}, at=LATER))

    assert one(hidden, "address_changed").detail.model_dump()["postcode"] is None
    assert one(hidden, "record_restricted").act == "assert"
    assert one(ended, "record_restricted").act == "retract"
    assert one(ended, "record_restricted").fact == one(hidden, "record_restricted").fact


def test_a_secured_persons_address_is_not_told_either() -> None:
    whose = a_person(securityMetaData={"secured": True})
    resource = {"id": "A1", "person": whose, "location": {"postcode": "SE13 6AA"}}

    moved = one(mapped(delivered("PersonAddress_ADD", resource)), "address_changed")

    assert moved.detail.model_dump()["postcode"] is None


def test_an_address_is_of_the_subject_where_the_resource_names_nobody() -> None:
    resource = {"id": "A1", "location": {"postcode": "SE13 6AA"}}
    subject = {"id": "E100", "type": "PERSON"}

    found = mapped(delivered("PersonAddress_ADD", resource, subject=subject))

    key = one(mapped(delivered("Person_ADD", a_person())), "person_registered").subject
    assert one(found, "address_changed").subject == key
    with pytest.raises(UnreadableError, match="field-missing"):
        mapped(delivered("PersonAddress_ADD", resource))


# -- relationships


def test_a_mother_is_told_with_the_child_first() -> None:
    event = one(related(mainCarer="ROLE_A"), "relationship_recorded")

    assert [s.role for s in event.subjects] == [Role.CHILD, Role.MOTHER]
    assert event.detail.model_dump()["main_carer"] is True


@pytest.mark.parametrize("flag", ["adoptive", "step", "inLaw"])
def test_a_parent_by_adoption_or_marriage_is_no_mother(flag: str) -> None:
    marked: dict[str, Any] = {flag: True}

    event = one(related(**marked), "relationship_recorded")

    assert event.subjects[1].role is Role.PARENT


def test_siblings_are_told_of_each() -> None:
    brother = a_person(id="E101", nhsNumber=None)

    found = related(
        relationshipType={"class": "Siblings"}, roleAPerson=a_person(), roleBPerson=brother
    )

    assert told(found) == [("relationship_recorded", "assert")] * 2
    assert len({event.subject for event in found.events}) == 2


def test_a_relationship_ends_is_reopened_and_is_deleted() -> None:
    ended = one(related("CLOSE", closeDate="2026-03-01"), "relationship_ended")
    reopened = one(related("UPDATE", closeDate=None), "relationship_ended")
    gone = one(related("DELETE"), "relationship_recorded")

    assert (ended.act, reopened.act, gone.act) == ("assert", "retract", "retract")
    assert ended.fact == reopened.fact
    assert gone.fact == one(related(), "relationship_recorded").fact


@pytest.mark.parametrize(
    ("flag", "ground"),
    [("nonContact", "no-contact"), ("restrictedContact", "restricted-contact")],
)
def test_no_contact_holds_shares_until_the_flag_is_taken_back(flag: str, ground: str) -> None:
    found = one(related(**{flag: "ROLE_A"}), "disclosure_risk_set")
    ended = one(related("CLOSE", **{flag: "ROLE_A"}), "disclosure_risk_set")
    lifted = one(related("UPDATE", **{flag: None}), "disclosure_risk_set")

    assert found.detail.model_dump()["ground"] == ground
    assert (ended.act, lifted.act) == ("assert", "retract")
    assert found.fact == ended.fact == lifted.fact
    assert "disclosure_risk_set" not in dict(told(related("UPDATE")))


def test_no_contact_is_told_even_where_the_relationship_is_not_understood() -> None:
    found = related(relationshipType={"class": "Neighbour"}, nonContact="ROLE_A")

    assert told(found) == [("disclosure_risk_set", "assert")]
    assert reasons(found) == {"relationship-type-not-in-table"}


def test_a_childs_worker_is_told_by_reference_and_an_adults_is_not() -> None:
    worker = {"id": "W7", "name": "Sam Worker"}
    fields: dict[str, Any] = {
        "relationshipKind": "Professional",
        "allocatedWorker": "ROLE_A",
        "leadProfessional": "ROLE_A",
        "roleAPerson": worker,
    }

    found = related(**fields)

    assert told(found) == [("lead_practitioner_allocated", "assert")] * 2
    roles = {event.detail.model_dump()["role"] for event in found.events}
    assert roles == {"allocated_social_worker", "family_help_lead_practitioner"}
    assert "Sam" not in "".join(event.model_dump_json() for event in found.events)
    assert reasons(related(**fields, roleBPerson=a_mother())) == {"no-fact-of-a-child"}


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


def test_every_type_is_one_of_ours_to_name() -> None:
    assert all(name.rpartition("_")[2].isupper() for name in TYPES)
    assert len(TYPES) == 21


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
