"""Whom an event concerns beside the person it is about, and which children are one family."""

from __future__ import annotations

from itertools import permutations
from typing import Final

import pytest

from kinbridge_schemas.base import Value
from kinbridge_schemas.events import ChildEvent, Subject
from kinbridge_schemas.events.care import (
    CpisAccessNotice,
    EdAttended,
    ParentServiceContact,
    PdsChanged,
    SafeguardingConcernRaised,
)
from kinbridge_schemas.events.contact import EpisodeClosed, ReferralReceived
from kinbridge_schemas.events.persons import (
    AddressChanged,
    Purged,
    RecordRestricted,
    RecordUnrestricted,
    RelationshipEnded,
    RelationshipRecorded,
)
from kinbridge_schemas.vocabulary import Role
from tests.services.linking.desk import (
    ADA,
    BEN,
    FATHER,
    MOTHER,
    OTHER_MOTHER,
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

CRISIS: Final = ParentServiceContact(step="mental-health-crisis")
DAD: Final = person(Role.FATHER, "dad", FATHER)


def opened(name: str, *others: Subject, at: float = 0, **more: str) -> ChildEvent:
    detail = ReferralReceived(referral_id=f"referral-{name}")
    return la(detail, child(name), *others, at=day(at), **more)


def related(
    name: str, other: Subject, relation: Role, *, main: bool = False, at: float = 1
) -> ChildEvent:
    detail = RelationshipRecorded(
        relationship_id=f"relationship-{name}", relation=relation, main_carer=main
    )
    return la(detail, child(name), other, at=day(at))


# -- Think Family


@pytest.mark.parametrize("relation", [Role.MOTHER, Role.FATHER, Role.CARER])
def test_an_event_about_a_parent_or_carer_reaches_the_child_with_the_relation(
    relation: Role,
) -> None:
    adult = person(relation, nhs=FATHER)
    desk = play([opened("ada"), related("ada", adult, relation)])

    end = desk.tell(event(CRISIS, adult, at=day(2)))

    assert end.end == "mapped-and-linked"
    assert desk.linked_to()[-1].relation is relation


def test_an_event_about_a_mother_reaches_each_of_her_open_children() -> None:
    desk = play([opened(name, mother()) for name in ("ada", "ben", "cat")])
    desk.tell(la(EpisodeClosed(episode_id="e-1"), child("cat"), at=day(1)))

    desk.tell(event(CRISIS, mother(), at=day(2)))

    assert [desk.linked_to(n)[-1].detail.kind for n in ("ada", "ben", "cat")] == [
        "parent_service",
        "parent_service",
        "episode_closed",
    ]


def test_a_mother_named_by_the_authoritys_id_is_followed_by_it() -> None:
    mum = mother(None, "mum")
    desk = play([opened("ada", mum)])

    desk.tell(la(AddressChanged(), mum, at=day(1)))

    assert desk.linked_to()[-1].relation is Role.MOTHER


def test_relations_are_told_in_either_direction() -> None:
    detail = RelationshipRecorded(relationship_id="relationship-1", relation=Role.CHILD)
    desk = play([opened("ada"), la(detail, mother(), child("ada"), at=day(1))])

    assert [r.relation for r in desk.record().related] == [Role.MOTHER]


def test_a_relationship_that_ended_reaches_no_further_and_takes_nothing_back() -> None:
    desk = play([opened("ada"), related("ada", DAD, Role.FATHER)])
    desk.tell(event(CRISIS, DAD, at=day(2)))

    ending = RelationshipEnded(relationship_id="relationship-ada", relation=Role.FATHER)
    desk.tell(la(ending, child("ada"), DAD, at=day(3)))

    assert desk.record().related == ()
    assert desk.unlinked_from() == []
    assert desk.tell(event(CRISIS, DAD, at=day(4))).end == "not-known"


def test_a_relationship_that_never_was_takes_back_what_came_by_it() -> None:
    wrong = related("ada", DAD, Role.FATHER)
    crisis = event(CRISIS, DAD, at=day(2))
    desk = play([opened("ada"), wrong, crisis])

    desk.tell(retracted(wrong))

    assert [(u.fact, u.reason) for u in desk.unlinked_from()] == [(crisis.fact, "link-rejected")]


def test_a_purged_person_leaves_the_childs_record() -> None:
    desk = play([opened("ada"), related("ada", DAD, Role.FATHER)])

    desk.tell(la(Purged(scope="person"), DAD, at=day(2)))

    assert desk.record().related == ()
    assert desk.tell(event(CRISIS, DAD, at=day(3))).end == "not-known"


def test_only_what_matters_to_them_reaches_brothers_and_sisters() -> None:
    desk = play([
        la(ReferralReceived(referral_id="referral-1"), child("ada", ADA), mother()),
        opened("ben", mother()),
    ])  # fmt: skip

    desk.tell(event(SafeguardingConcernRaised(), person(Role.CHILD, nhs=ADA), at=day(1)))
    desk.tell(event(CpisAccessNotice(), person(Role.CHILD, nhs=ADA), at=day(2)))

    assert [(h.detail.kind, h.relation) for h in desk.linked_to("ben")[1:]] == [
        ("safeguarding_concern_raised", Role.SIBLING)
    ]


def test_a_stand_in_that_a_crowd_shares_is_nobodys_mother() -> None:
    desk = play([opened(f"c{n}", mother()) for n in range(32)])

    end = desk.tell(event(CRISIS, mother(), at=day(2)))

    assert (end.end, end.reason) == ("awaiting-identity", "number-of-many")
    assert len({desk.record(f"c{n}").family for n in range(32)}) == 32


# -- families


def test_children_of_one_mother_are_one_family_in_any_order() -> None:
    events = [opened(name, mother()) for name in ("ada", "ben", "cat")]
    found = [play(order) for order in permutations(events)]

    assert {desk.record(n).family for desk in found for n in ("ada", "ben", "cat")} == {
        found[0].record("ada").family
    }


def test_a_main_carer_makes_a_family_and_a_father_does_not() -> None:
    desk = play([opened("ada"), opened("ben"), related("ada", DAD, Role.FATHER)])
    desk.tell(related("ben", DAD, Role.FATHER))
    apart = (desk.record("ada").family, desk.record("ben").family)

    for name in ("ada", "ben"):
        desk.tell(related(name, person(Role.CARER, "nan"), Role.CARER, main=True, at=2))

    assert apart[0] != apart[1]
    assert desk.record("ada").family == desk.record("ben").family


def test_a_family_that_grows_keeps_its_reference_and_one_that_joins_says_from_where() -> None:
    desk = play([opened("ada", mother()), opened("ben")])
    before = {name: desk.record(name).family for name in ("ada", "ben")}

    desk.tell(related("ben", mother(), Role.MOTHER))

    after = {name: desk.record(name) for name in ("ada", "ben")}
    assert after["ada"].family == after["ben"].family
    assert {f for r in after.values() for f in r.merged_from} == set(before.values()) - {
        after["ada"].family
    }


def test_a_family_parts_when_what_joined_it_was_wrong() -> None:
    wrong = related("ben", mother(), Role.MOTHER)
    desk = play([opened("ada", mother()), opened("ben"), wrong])

    desk.tell(retracted(wrong))

    assert desk.record("ada").family != desk.record("ben").family
    assert desk.record("ada").siblings == ()


def test_a_sister_is_told_of_as_long_as_her_case_is_open() -> None:
    desk = play([opened("ada", mother()), opened("ben", mother())])
    both = desk.record("ada").siblings

    desk.tell(la(EpisodeClosed(episode_id="e-1"), child("ben"), at=day(1)))

    assert both == (ref("ben"),)
    assert desk.record("ada").siblings == ()
    assert desk.changes_of("ada")[-1].revision == desk.record("ada").revision


def test_two_authorities_never_share_a_family() -> None:
    elsewhere = child("ben", authority=SOUTHWARK)
    referral = ReferralReceived(referral_id="referral-ben")
    desk = play([opened("ada", mother()), la(referral, elsewhere, mother(), authority=SOUTHWARK)])

    assert desk.record("ada").family != desk.record("ben", SOUTHWARK).family
    assert desk.record("ada").siblings == ()


def test_a_mother_known_by_two_identifiers_is_one_person() -> None:
    desk = play([
        opened("ada", mother(None, "mum")),
        opened("ben", mother(MOTHER)),
        opened("cat", mother(MOTHER, "mum")),
    ])  # fmt: skip

    assert len({desk.record(n).family for n in ("ada", "ben", "cat")}) == 1
    assert len(desk.record("cat").related) == 1


# -- restrictions


def test_the_highest_restriction_counts_and_only_its_setter_lifts_it() -> None:
    ada = child("ada", ADA)
    desk = play([la(ReferralReceived(referral_id="referral-1"), ada)])
    pds = person(Role.CHILD, nhs=ADA)

    desk.tell(la(RecordRestricted(level="sensitive"), ada, at=day(1)))
    desk.tell(event(PdsChanged(change="sensitive-on"), pds, at=day(2), source="pds"))
    desk.tell(la(RecordUnrestricted(), ada, at=day(3)))
    still = desk.record().restriction
    desk.tell(event(PdsChanged(change="sensitive-off"), pds, at=day(4), source="pds"))

    assert still == "sensitive"
    assert desk.record().restriction == "none"


def test_a_restriction_lifted_and_set_in_the_wrong_order_ends_as_told() -> None:
    ada = child("ada")
    on = la(RecordRestricted(level="locked"), ada, at=day(1))
    off = la(RecordUnrestricted(), ada, at=day(2))

    for order in permutations([opened("ada"), on, off]):
        assert play(order).record().restriction == "none"


def test_a_mothers_restriction_shows_on_every_child_even_one_that_comes_later() -> None:
    desk = play([opened("ada", mother())])
    desk.tell(event(PdsChanged(change="sensitive-on"), mother(), at=day(1), source="pds"))

    desk.tell(opened("ben", mother(), at=2))

    for name in ("ada", "ben"):
        assert [r.restriction for r in desk.record(name).related] == ["sensitive"]
        assert desk.record(name).restriction == "none"


def test_a_restriction_of_a_closed_child_is_still_said_to_those_who_hold_its_alerts() -> None:
    desk = play([opened("ada"), la(EpisodeClosed(episode_id="e-1"), child("ada"), at=day(1))])

    desk.tell(la(RecordRestricted(level="locked"), child("ada"), at=day(2)))

    assert desk.last().child.restriction == "locked"


# -- not known


NOBODYS: Final[list[object]] = [
    pytest.param(EdAttended(attendance_id="a-1", arrived=START), id="an attendance"),
    pytest.param(PdsChanged(change="sensitive-on"), id="a restriction"),
]


@pytest.mark.parametrize("detail", NOBODYS)
@pytest.mark.parametrize("closed", [False, True], ids=["unknown", "closed"])
def test_who_has_no_open_case_leaves_no_trace(
    detail: Value,
    closed: bool,
) -> None:
    desk = Desk()
    if closed:
        desk.tell(la(ReferralReceived(referral_id="referral-1"), child("ben", BEN)))
        desk.tell(la(EpisodeClosed(episode_id="e-1"), child("ben", BEN), at=day(1)))
    before, said = dict(desk.kept), len(desk.said)

    end = desk.tell(event(detail, person(Role.CHILD, nhs=BEN), mother(OTHER_MOTHER), at=day(2)))

    assert end.end == "not-known"
    assert desk.kept == before
    assert len(desk.said) == said
