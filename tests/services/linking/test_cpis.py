"""A plan that CP-IS knows of opens no case: it reaches those whose case an authority opened."""

from __future__ import annotations

from typing import Final

import pytest

from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.events.contact import ReferralReceived
from kinbridge_schemas.events.persons import RelationshipRecorded
from kinbridge_schemas.events.protection import CpisStatus, CpisStatusRecorded, CpPlanStarted
from kinbridge_schemas.vocabulary import Role
from tests.services.linking.desk import (
    ADA,
    MOTHER,
    SOUTHWARK,
    child,
    event,
    la,
    mother,
    person,
    play,
    unborn,
)

PLAN: Final = CpisStatusRecorded(
    status=CpisStatus.CHILD_PROTECTION_PLAN, authority_name="EXAMPLE CITY COUNCIL"
)
EXPECTED: Final = CpisStatusRecorded(status=CpisStatus.UNBORN_CHILD_PROTECTION_PLAN)
REFERRAL: Final = ReferralReceived(referral_id="referral-1")
RELATED: Final = RelationshipRecorded(
    relationship_id="relation-1", relation=Role.MOTHER, main_carer=True
)


def seen(detail: CpisStatusRecorded = PLAN) -> ChildEvent:
    if detail.status is CpisStatus.UNBORN_CHILD_PROTECTION_PLAN:
        return event(detail, person(Role.MOTHER, nhs=MOTHER))
    return event(detail, person(Role.CHILD, nhs=ADA))


@pytest.mark.parametrize("detail", [PLAN, EXPECTED])
def test_of_somebody_with_no_open_case_nothing_is_kept(detail: CpisStatusRecorded) -> None:
    desk = play([])
    end = desk.tell(seen(detail))

    assert (end.end, end.reason) == ("not-known", "no-open-case")
    assert desk.kept == {}
    assert desk.said == []


def test_it_reaches_the_open_case_of_an_authority_and_changes_nothing_of_its_record() -> None:
    desk = play([la(REFERRAL, child("ada", ADA))])
    before = desk.record("ada")
    end = desk.tell(seen())

    assert (end.end, end.reason) == ("mapped-and-linked", "linked")
    assert desk.record("ada") == before
    assert desk.linked_to("ada")[-1].relation is Role.CHILD


def test_the_authority_s_own_plan_and_cp_is_s_are_two_facts_of_two_kinds() -> None:
    desk = play([la(REFERRAL, child("ada", ADA))])
    desk.tell(la(CpPlanStarted(plan_id="plan-1"), child("ada", ADA)), seen())

    kinds = [linked.detail.kind for linked in desk.linked_to("ada")]
    assert kinds == ["referral_received", "cp_plan_started", "cpis_status_recorded"]


def test_another_authority_s_plan_reaches_each_authority_with_an_open_case_of_the_child() -> None:
    desk = play([la(REFERRAL, child("ada", ADA))])
    other = ReferralReceived(referral_id="referral-2")
    desk.tell(la(other, child("ada-2", ADA, authority=SOUTHWARK), authority=SOUTHWARK), seen())

    assert desk.linked_to("ada")[-1].detail.kind == "cpis_status_recorded"
    assert desk.linked_to("ada-2", SOUTHWARK)[-1].detail.kind == "cpis_status_recorded"


def test_the_unborn_s_record_is_its_mother_s() -> None:
    desk = play([
        la(REFERRAL, unborn("bump")),
        la(RELATED, unborn("bump"), mother()),
    ])  # fmt: skip
    desk.tell(seen(EXPECTED))

    linked = desk.linked_to("bump")[-1]
    assert (linked.detail.kind, linked.relation) == ("cpis_status_recorded", Role.MOTHER)
