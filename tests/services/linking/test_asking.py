"""Whom PDS is asked about: people on the record of an open case, when there is a reason."""

from __future__ import annotations

from itertools import permutations
from typing import Any, Final

import pytest

from kinbridge.sources.pds import Pds
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.events.care import EdAttended, PdsChanged
from kinbridge_schemas.events.contact import EpisodeClosed, ReferralReceived
from kinbridge_schemas.events.persons import (
    AddressChanged,
    AdoptionShieldStarted,
    RecordRestricted,
    RecordUnrestricted,
    RelationshipEnded,
    RelationshipRecorded,
)
from kinbridge_schemas.identifiers import NhsNumber
from kinbridge_schemas.retrieval import PDS, DemographicsWanted, Retrieval
from kinbridge_schemas.vocabulary import Role
from tests.builders import PSEUDONYMS
from tests.services.linking.desk import (
    ADA,
    BEN,
    FATHER,
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
    unborn,
)

ASKS: Final = Pds(address_setting="KINBRIDGE_PDS")
REFERRAL: Final = ReferralReceived(referral_id="referral-1")
MAIN: Final = RelationshipRecorded(
    relationship_id="relation-1", relation=Role.MOTHER, main_carer=True
)
NEARLY: Final = RelationshipRecorded(relationship_id="relation-2", relation=Role.FATHER)


def played(*events: ChildEvent, pds: Pds | None = ASKS) -> Desk:
    desk = Desk(pds)
    desk.tell(*events)
    return desk


def asked(desk: Desk) -> list[tuple[NhsNumber, Role, str]]:
    return [(each.nhs_number, each.relation, each.why) for each in desk.asked]


def opened() -> list[ChildEvent]:
    ada = child("ada", ADA)
    return [la(REFERRAL, ada), la(MAIN, ada, mother(), at=day(0.1))]


def signal(who: NhsNumber = MOTHER, at: float = 1, version: int | None = None) -> ChildEvent:
    detail = PdsChanged(change="record", record_version=version)
    return event(detail, person(Role.UNKNOWN, nhs=who), at=day(at), source="mns", version=0)


def told(who: NhsNumber, version: int, at: float, role: Role = Role.MOTHER) -> ChildEvent:
    """What PDS answered of somebody."""
    return event(
        RecordUnrestricted(), person(role, nhs=who), at=day(at), source=PDS, version=version
    )


# -- a case opens


def test_the_child_and_its_main_carer_are_asked_about_when_the_case_opens() -> None:
    desk = played(*opened())

    assert asked(desk) == [
        (ADA, Role.CHILD, "case-opened"),
        (MOTHER, Role.MOTHER, "person-recorded"),
    ]
    (first, _) = desk.asked
    assert first.person == PSEUDONYMS.of_nhs_number(ADA)
    assert (first.child, first.authority) == (None, None)
    assert first.wanted == DemographicsWanted()


def test_an_unborn_childs_mother_is_asked_about() -> None:
    desk = played(la(REFERRAL, unborn("bump"), mother()))

    assert asked(desk) == [(MOTHER, Role.MOTHER, "case-opened")]


def test_relatives_of_a_child_are_asked_for_where_the_file_says_so() -> None:
    desk = played(*opened(), pds=Pds(address_setting="KINBRIDGE_PDS", related=True))

    assert [each.wanted for each in desk.asked] == [
        DemographicsWanted(related=True),
        DemographicsWanted(),
    ]


def test_without_pds_nobody_is_asked_about() -> None:
    assert played(*opened(), signal(), pds=None).asked == []


def test_whoever_is_neither_birth_mother_nor_main_carer_is_not_asked_about() -> None:
    father = person(Role.FATHER, nhs=FATHER)

    assert FATHER not in {
        n for n, _, _ in asked(played(*opened(), la(NEARLY, child("ada"), father)))
    }


def test_a_repeat_and_an_event_that_brings_nobody_new_ask_nothing_more() -> None:
    events = opened()
    desk = played(*events)
    before = len(desk.asked)

    desk.tell(*events)
    desk.tell(la(ReferralReceived(referral_id="referral-2"), child("ada", ADA), at=day(2)))

    assert len(desk.asked) == before


def test_a_number_that_is_put_right_is_asked_about() -> None:
    desk = played(*opened())

    desk.tell(la(ReferralReceived(referral_id="referral-2"), child("ada", BEN), at=day(3)))

    assert asked(desk)[-1] == (BEN, Role.CHILD, "person-recorded")


def test_a_case_that_opens_again_is_asked_about_again() -> None:
    desk = played(*opened())
    before = len(desk.asked)
    desk.tell(la(EpisodeClosed(episode_id="e-1"), child("ada"), at=day(5)))
    closed = len(desk.asked)

    desk.tell(la(ReferralReceived(referral_id="referral-9"), child("ada"), at=day(9)))

    assert closed == before
    assert {n for n, _, _ in asked(desk)[before:]} == {ADA, MOTHER}


def test_a_number_said_to_be_two_peoples_is_not_asked_about() -> None:
    two = la(REFERRAL, child("ben", ADA), at=day(1))

    desk = played(*opened(), two)

    assert [n for n, _, _ in asked(desk)].count(ADA) == 1


# -- a signal


@pytest.mark.parametrize(
    "who", [pytest.param(MOTHER, id="the mother"), pytest.param(ADA, id="the child")]
)
def test_a_signal_about_somebody_on_an_open_record_is_followed(who: NhsNumber) -> None:
    desk = played(*opened(), signal(who))

    relation = Role.CHILD if who == ADA else Role.MOTHER
    assert asked(desk)[-1] == (who, relation, "signal")
    assert (desk.ends[-1].end, desk.ends[-1].reason) == ("mapped-and-linked", "linked")


def test_a_signal_about_somebody_unknown_is_counted_and_leaves_nothing() -> None:
    desk = played(signal(BEN))

    assert desk.asked == []
    assert desk.kept == {}
    assert desk.said == []
    assert (desk.ends[-1].end, desk.ends[-1].reason) == ("not-known", "no-open-case")


def test_a_signal_about_somebody_whose_case_is_closed_is_not_followed() -> None:
    desk = played(*opened(), la(EpisodeClosed(episode_id="e-1"), child("ada"), at=day(1)))
    before, kept = len(desk.asked), dict(desk.kept)

    end = desk.tell(signal(at=2))

    assert len(desk.asked) == before
    assert desk.kept == kept
    assert end.end == "not-known"


def test_a_signal_that_comes_twice_is_followed_once() -> None:
    desk = played(*opened(), signal(), signal())

    assert [why for _, _, why in asked(desk)].count("signal") == 1


def test_one_person_on_two_open_records_is_asked_about_once() -> None:
    ben = child("ben", authority=SOUTHWARK)
    elsewhere = [
        la(REFERRAL, ben, authority=SOUTHWARK, at=day(0.2)),
        la(MAIN, ben, mother(), authority=SOUTHWARK, at=day(0.3)),
    ]
    desk = played(*opened(), *elsewhere)
    before = len(desk.asked)

    desk.tell(signal())

    assert len(desk.asked) == before + 1


@pytest.mark.parametrize(
    "detail",
    [
        pytest.param(PdsChanged(change="record"), id="a NEMS record change"),
        pytest.param(AddressChanged(), id="a NEMS change of address"),
    ],
)
def test_what_nems_says_too_little_of_is_asked_about(detail: Any) -> None:
    news = event(detail, person(Role.UNKNOWN, nhs=MOTHER), at=day(1), source="nems", version=7)

    # The number is the publisher's own of its messages, and none of PDS's versions.
    desk = played(*opened(), told(MOTHER, 9, 0.5), news)

    assert asked(desk)[-1][2] == "signal"


@pytest.mark.parametrize(
    "detail",
    [
        pytest.param(PdsChanged(change="death", formal=True), id="a death, told whole"),
        pytest.param(PdsChanged(change="sensitive-on"), id="a mark"),
        pytest.param(EdAttended(attendance_id="a-1", arrived=START), id="an attendance"),
    ],
)
def test_what_says_enough_by_itself_asks_nothing(detail: Any) -> None:
    desk = played(*opened())
    before = len(desk.asked)

    desk.tell(event(detail, person(Role.UNKNOWN, nhs=MOTHER), at=day(1), source="nems"))

    assert len(desk.asked) == before


def test_an_answer_of_pds_asks_nothing_of_pds() -> None:
    desk = played(*opened())
    before = len(desk.asked)
    who = person(Role.MOTHER, nhs=MOTHER)

    for detail in (PdsChanged(change="record"), AddressChanged(), RecordRestricted()):
        desk.tell(event(detail, who, at=day(1), source=PDS))

    assert len(desk.asked) == before


# -- versions


@pytest.mark.parametrize(
    ("known", "said", "followed"),
    [(4, 4, False), (4, 3, False), (4, 5, True), (0, 4, True), (4, None, True)],
)
def test_a_version_that_was_told_already_is_not_asked_for_again(
    known: int, said: int | None, followed: bool
) -> None:
    desk = played(*opened(), *([told(MOTHER, known, 0.5)] if known else []))
    before = len(desk.asked)

    desk.tell(signal(version=said))

    assert (len(desk.asked) > before) is followed


def test_the_version_of_a_list_of_relatives_is_none_of_the_persons_record() -> None:
    related = RelationshipRecorded(relationship_id="relation-3", relation=Role.MOTHER)
    listed = event(
        related, person(Role.CHILD, nhs=ADA), mother(), at=day(1), source=PDS, version=9
    )
    desk = played(*opened(), told(ADA, 3, 1, Role.CHILD), listed)

    desk.tell(signal(ADA, at=2, version=4))

    assert asked(desk)[-1] == (ADA, Role.CHILD, "signal")


def test_the_latest_version_is_kept_in_whatever_order_answers_come() -> None:
    for order in permutations([told(MOTHER, n, 0.1 * n) for n in (3, 4, 5)]):
        desk = played(*opened(), *order)
        before = len(desk.asked)

        desk.tell(signal(version=5))

        assert len(desk.asked) == before


def test_of_somebody_on_no_record_no_version_is_kept() -> None:
    assert played(told(BEN, 4, 1)).kept == {}


def test_a_version_goes_with_the_last_record_that_names_the_person() -> None:
    ada = child("ada", ADA)
    desk = played(*opened(), told(MOTHER, 4, 0.5))
    name = f"key:{PSEUDONYMS.of_nhs_number(MOTHER)}"
    assert name in desk.kept

    desk.tell(la(AdoptionShieldStarted(trigger="rc1"), ada, at=day(2)))

    assert name not in desk.kept


# -- what PDS says


def test_pds_lifts_what_nems_set_for_it() -> None:
    who = person(Role.CHILD, nhs=ADA)
    desk = played(*opened())
    desk.tell(event(PdsChanged(change="sensitive-on"), who, at=day(1), source="nems"))
    assert desk.record().restriction == "sensitive"

    desk.tell(told(ADA, 3, 2, Role.CHILD))

    assert desk.record().restriction == "none"


def test_pds_lifts_nothing_that_the_authority_set() -> None:
    ada = child("ada", ADA)
    desk = played(*opened(), la(RecordRestricted(level="locked"), ada, at=day(1)))

    desk.tell(told(ADA, 3, 2, Role.CHILD))

    assert desk.record().restriction == "locked"


def test_a_child_whose_number_is_invalidated_is_severed_and_asked_about_no_more() -> None:
    desk = played(*opened())
    invalidated = PdsChanged(change="invalidated")

    desk.tell(event(invalidated, person(Role.CHILD, nhs=ADA), at=day(1), source=PDS, version=0))
    before = len(desk.asked)
    desk.tell(signal(ADA, at=2))

    assert desk.last().child.shielded
    assert desk.child().ended == "shielded"
    assert len(desk.asked) == before
    assert desk.ends[-1].end == "not-known"
    assert not any(ADA.reveal().encode() in kept for kept in desk.kept.values())


def test_a_mothers_number_that_is_invalidated_ends_no_childs_record() -> None:
    desk = played(*opened())
    gone = PdsChanged(change="invalidated")

    desk.tell(event(gone, person(Role.MOTHER, nhs=MOTHER), at=day(1), source=PDS, version=0))

    assert desk.record().open
    assert not desk.record().shielded


def test_the_question_has_one_id_however_often_it_is_decided() -> None:
    ids: list[list[str]] = [[each.id for each in played(*opened(), signal()).asked] for _ in "ab"]

    assert ids[0] == ids[1]
    assert len(set(ids[0])) == len(ids[0])


def test_a_relation_that_ended_is_asked_about_no_more() -> None:
    over = RelationshipEnded(relationship_id="relation-1", relation=Role.MOTHER)
    desk = played(*opened(), la(over, child("ada"), mother(), at=day(1)))
    before = len(desk.asked)

    desk.tell(signal(at=2))

    assert len(desk.asked) == before


def test_nobody_is_named_in_what_a_question_prints() -> None:
    (first, *_) = played(*opened()).asked
    assert isinstance(first, Retrieval)

    assert ADA.reveal() not in repr(first)
