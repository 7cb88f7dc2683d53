"""Who an event is about, and when that is not certain enough to link it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import pytest

from kinbridge_schemas.events import Subject
from kinbridge_schemas.events.care import EdAttended, PdsChanged
from kinbridge_schemas.events.contact import EpisodeClosed, ReferralReceived
from kinbridge_schemas.events.knowledge import HealthFactVerified, VerifiedFact
from kinbridge_schemas.events.persons import PersonMerged, PersonRegistered
from kinbridge_schemas.events.protection import CpPlanStarted, StrategyDiscussionHeld
from kinbridge_schemas.identifiers import NhsNumber
from kinbridge_schemas.vocabulary import Role
from tests.builders import PSEUDONYMS, when
from tests.services.linking.desk import (
    ADA,
    BEN,
    LEWISHAM,
    MOTHER,
    SOUTHWARK,
    START,
    Desk,
    child,
    day,
    event,
    la,
    mother,
    person,
    play,
    ref,
    retracted,
)

REFERRAL: Final = ReferralReceived(referral_id="referral-1")
ATTENDED: Final = EdAttended(attendance_id="attendance-1", arrived=START)
BORN: Final = when("2020-05-01 00:00")
OTHER_DAY: Final = when("2020-05-02 00:00")
GROWN: Final = when("1995-02-02 00:00")


def patient(
    nhs: NhsNumber = ADA, *, name: str | None = None, born: datetime | None = None
) -> Subject:
    return person(Role.CHILD, nhs=nhs, name=name, born=born)


def known(**demographics: object) -> Desk:
    """A registry with Ada's open case."""
    return play([la(REFERRAL, child("ada", ADA, **demographics))])


def test_an_nhs_number_that_the_authority_told_links_health_to_the_child() -> None:
    desk = known(name="Ada Obi", born=BORN)

    end = desk.tell(event(ATTENDED, patient(name="Ada Obi", born=BORN), at=day(1)))

    assert (end.end, end.reason) == ("mapped-and-linked", "linked")
    assert desk.last().child.matched_by == "nhs-number"
    assert desk.record().nhs_number == ADA


def test_birth_is_compared_by_the_day_in_london() -> None:
    desk = known(born=when("2020-04-30 23:00"))

    end = desk.tell(event(ATTENDED, patient(born=when("2020-05-01 14:30")), at=day(1)))

    assert end.end == "mapped-and-linked"


DISAGREEMENTS: Final = [
    pytest.param("Ada Obi", OTHER_DAY, "birth-date-disagrees", id="date of birth alone"),
    pytest.param("Zoe Kay", OTHER_DAY, "birth-date-and-name-disagree", id="both"),
]


@pytest.mark.parametrize(("name", "born", "reason"), DISAGREEMENTS)
def test_a_number_with_another_date_of_birth_waits(name: str, born: datetime, reason: str) -> None:
    desk = known(name="Ada Obi", born=BORN)
    before = dict(desk.kept)

    end = desk.tell(event(ATTENDED, patient(name=name, born=born), at=day(1)))

    assert (end.end, end.reason) == ("awaiting-identity", reason)
    assert len(desk.linked_to()) == 1
    assert desk.kept == before


def test_a_changed_name_alone_is_no_doubt() -> None:
    desk = known(name="Ada Obi", born=BORN)

    end = desk.tell(event(ATTENDED, patient(name="Ada Smith", born=BORN), at=day(1)))

    assert end.end == "mapped-and-linked"


def test_two_children_with_one_number_get_nothing_by_it() -> None:
    twins = [la(REFERRAL, child(name, ADA, born=BORN)) for name in ("ada", "ben")]
    desk = play(twins)

    end = desk.tell(event(ATTENDED, patient(born=BORN), at=day(1)))

    assert (end.end, end.reason) == ("awaiting-identity", "number-shared")
    assert desk.record("ada").nhs_number is None
    assert desk.record("ben").nhs_number is None


def test_what_reached_one_twin_is_taken_back_when_the_other_has_the_number_too() -> None:
    desk = known(born=BORN)
    attended = event(ATTENDED, patient(born=BORN), at=day(1))
    desk.tell(attended)

    desk.tell(la(REFERRAL, child("ben", ADA, born=BORN), at=day(2)))

    assert [u.fact for u in desk.unlinked_from("ada")] == [attended.fact]


def test_the_same_child_in_two_authorities_is_given_to_both() -> None:
    desk = known(born=BORN)
    elsewhere = child("a-1", ADA, born=BORN, authority=SOUTHWARK)
    desk.tell(la(REFERRAL, elsewhere, authority=SOUTHWARK, at=day(1)))

    desk.tell(event(ATTENDED, patient(born=BORN), at=day(2)))

    assert desk.linked_to("ada")[-1].detail == ATTENDED
    assert desk.linked_to("a-1", SOUTHWARK)[-1].detail == ATTENDED
    assert desk.record("ada").family != desk.record("a-1", SOUTHWARK).family


def test_an_authority_never_learns_from_another_authority() -> None:
    desk = known()
    elsewhere = child("a-1", ADA, authority=SOUTHWARK)

    desk.tell(la(REFERRAL, elsewhere, mother(), authority=SOUTHWARK, at=day(1)))

    assert len(desk.linked_to("ada")) == 1
    assert desk.record("ada").related == ()


def test_the_mothers_number_on_the_baby_is_relied_on_for_neither() -> None:
    desk = play([la(REFERRAL, child("ada", MOTHER), mother(MOTHER))])

    end = desk.tell(event(ATTENDED, patient(MOTHER), at=day(1)))

    assert (end.end, end.reason) == ("awaiting-identity", "number-of-two-persons")
    assert desk.record().nhs_number is None


def test_dates_of_birth_tell_a_mother_from_the_child_that_was_given_her_number() -> None:
    one = la(REFERRAL, child("ada", MOTHER, born=BORN), mother(MOTHER, born=GROWN))
    desk = play([one])

    desk.tell(event(ATTENDED, person(Role.MOTHER, nhs=MOTHER, born=GROWN), at=day(1)))

    assert desk.linked_to()[-1].relation is Role.MOTHER
    assert desk.record().nhs_number is None


def test_a_number_held_by_another_with_other_birth_date_is_not_verified() -> None:
    desk = known(born=BORN)
    elsewhere = child("a-1", ADA, born=OTHER_DAY, authority=SOUTHWARK)

    desk.tell(la(REFERRAL, elsewhere, authority=SOUTHWARK, at=day(1)))
    end = desk.tell(event(ATTENDED, patient(), at=day(2)))

    assert desk.record("ada").nhs_number is None
    assert (end.end, end.reason) == ("awaiting-identity", "birth-dates-disagree")


@pytest.mark.parametrize("text", ["0000000000", "1111111111"])
def test_a_placeholder_is_nobodys_number(text: str) -> None:
    desk = play([la(REFERRAL, child("ada", NhsNumber(text)))])

    end = desk.tell(event(ATTENDED, patient(NhsNumber(text)), at=day(1)))

    assert desk.record().nhs_number is None
    assert (end.end, end.reason) == ("not-known", "placeholder-number")


def test_a_corrected_number_takes_back_what_came_by_the_wrong_one() -> None:
    desk = known()
    wrong = event(ATTENDED, patient(ADA), at=day(1))
    desk.tell(wrong)

    desk.tell(la(PersonRegistered(), child("ada", BEN), at=day(2)))

    assert desk.record().nhs_number == BEN
    assert [(u.fact, u.reason) for u in desk.unlinked_from()] == [(wrong.fact, "link-superseded")]
    assert desk.tell(event(ATTENDED, patient(ADA), at=day(3))).end == "not-known"


def test_a_number_put_right_brings_back_what_was_taken_back() -> None:
    desk = known()
    attended = event(ATTENDED, patient(ADA), at=day(1))
    desk.tell(attended, la(PersonRegistered(), child("ada", BEN), at=day(2)))

    desk.tell(la(PersonRegistered(), child("ada", ADA), at=day(3)))
    end = desk.tell(attended)

    assert end.end == "mapped-and-linked"
    ids = [s.id for s in desk.said]
    assert len(ids) == len(set(ids))


def test_an_authoritys_own_child_without_its_id_waits_unless_found_by_number() -> None:
    nameless = person(Role.CHILD, nhs=ADA)
    stranger = Desk()
    desk = known()

    assert stranger.tell(la(REFERRAL, nameless)).reason == "child-without-authority-id"
    assert stranger.kept == {}
    assert desk.tell(la(CpPlanStarted(plan_id="plan-1"), nameless, at=day(1))).end == (
        "mapped-and-linked"
    )


def test_a_meeting_about_two_children_is_given_to_both() -> None:
    desk = play([la(REFERRAL, child("ada")), la(REFERRAL, child("ben"))])

    desk.tell(la(StrategyDiscussionHeld(meeting_id="meeting-1"), child("ada"), child("ben")))

    assert desk.linked_to("ada")[-1].detail.kind == "strategy_discussion_held"
    assert desk.linked_to("ben")[-1].detail.kind == "strategy_discussion_held"


VERIFIED = HealthFactVerified(
    fact=VerifiedFact.ATTENDED_ELSEWHERE,
    corrects=("fact-1",),
    verified_by="h1",
    role="macpt_health_lead",
    how="maternity-record",
    as_of=START,
)


def test_what_a_person_answers_about_a_child_reaches_that_child() -> None:
    desk = known()
    about = Subject(role=Role.CHILD, key=PSEUDONYMS.of_source_record("child", ref()), child=ref())

    end = desk.tell(event(VERIFIED, about, at=day(1), authority=LEWISHAM))

    assert end.end == "mapped-and-linked"
    assert desk.linked_to()[-1].detail == VERIFIED


def test_nobody_answers_about_a_child_of_another_authority() -> None:
    desk = known()
    about = Subject(role=Role.CHILD, key=PSEUDONYMS.of_source_record("child", ref()), child=ref())
    before = len(desk.linked_to())

    end = desk.tell(event(VERIFIED, about, at=day(1), authority=SOUTHWARK))

    assert (end.end, end.reason) == ("not-known", "no-open-case")
    assert len(desk.linked_to()) == before


def test_an_answer_about_a_closed_case_is_not_kept() -> None:
    desk = known()
    desk.tell(la(EpisodeClosed(episode_id="episode-1"), child("ada"), at=day(1)))
    about = Subject(role=Role.CHILD, key=PSEUDONYMS.of_source_record("child", ref()), child=ref())

    end = desk.tell(event(VERIFIED, about, at=day(2), authority=LEWISHAM))

    assert (end.end, end.reason) == ("not-known", "no-open-case")


# -- merges


def test_an_ordinary_merge_of_numbers_is_followed() -> None:
    desk = known()
    into = PSEUDONYMS.of_nhs_number(BEN)
    desk.tell(event(PersonMerged(into=into), patient(ADA), at=day(1)))

    end = desk.tell(event(ATTENDED, patient(BEN), at=day(2)))

    assert end.end == "mapped-and-linked"


def test_a_merge_taken_back_takes_back_what_came_by_it() -> None:
    desk = known()
    merged = event(PersonMerged(into=PSEUDONYMS.of_nhs_number(BEN)), patient(ADA), at=day(1))
    attended = event(ATTENDED, patient(BEN), at=day(2))
    desk.tell(merged, attended)

    desk.tell(retracted(merged))

    assert [u.fact for u in desk.unlinked_from()] == [attended.fact]
    assert desk.tell(event(ATTENDED, patient(BEN), at=day(3))).end == "not-known"


def test_a_merge_of_somebody_unknown_is_not_kept() -> None:
    desk = known()
    before = dict(desk.kept)

    end = desk.tell(event(PersonMerged(into=PSEUDONYMS.of_nhs_number(BEN)), patient(MOTHER)))

    assert end.end == "not-known"
    assert desk.kept == before


def test_a_merged_number_is_not_taken_for_an_adoption() -> None:
    desk = known()
    into = PSEUDONYMS.of_nhs_number(BEN)
    desk.tell(event(PersonMerged(into=into), patient(ADA), at=day(1)))

    desk.tell(event(PdsChanged(change="invalidated"), patient(ADA), at=day(2)))

    assert desk.record().open is True


def test_two_records_of_one_child_become_one_and_part_again() -> None:
    desk = play([la(REFERRAL, child("ada")), la(REFERRAL, child("ben"), at=day(1))])
    into = PSEUDONYMS.of_la_child("209", child("ben").la_child_id or pytest.fail("no id"))
    merged = la(PersonMerged(into=into), child("ada"), at=day(2))

    desk.tell(merged)
    desk.tell(la(CpPlanStarted(plan_id="plan-1"), child("ben"), at=day(3)))

    heads = [name for name in ("ada", "ben") if desk.record(name).open]
    assert len(heads) == 1
    assert desk.linked_to(heads[0])[-1].detail.kind == "cp_plan_started"

    desk.tell(retracted(merged))

    assert desk.record("ada").open
    assert desk.record("ben").open


def test_a_record_merged_into_one_not_heard_of_goes_on_under_the_new_id() -> None:
    desk = known()
    into = PSEUDONYMS.of_la_child("209", child("new").la_child_id or pytest.fail("no id"))
    desk.tell(la(PersonMerged(into=into), child("ada"), at=day(1)))

    desk.tell(la(EpisodeClosed(episode_id="episode-1"), child("new"), at=day(2)))

    assert desk.last("ada").child.open is False
    assert desk.linked_to("new") == []
