"""Notifications of people: what becomes of them, and what takes it back."""

from __future__ import annotations

from typing import Any

import pytest

from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.vocabulary import Precision, Role
from tests.adapters.casesystem.eclipses import (
    LATER,
    a_mother,
    a_person,
    delivered,
    mapped,
    one,
    reasons,
    related,
    told,
    unborn,
)


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
