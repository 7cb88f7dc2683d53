"""Adoption severs, and a purge removes: afterwards nothing ties the old record to anything."""

from __future__ import annotations

import json
from typing import Final

import pytest

from kinbridge_schemas.base import Value
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.events.care import EdAttended, PdsChanged
from kinbridge_schemas.events.contact import EpisodeClosed, ReferralReceived
from kinbridge_schemas.events.persons import (
    AdoptionShieldStarted,
    LookedAfterEnded,
    LookedAfterPlacementChanged,
    LookedAfterStarted,
    PersonMerged,
    Purged,
    RelationshipRecorded,
)
from kinbridge_schemas.events.protection import CpPlanStarted
from kinbridge_schemas.identifiers import PersonName
from kinbridge_schemas.linked import ChildRecord
from kinbridge_schemas.retrieval import PDS
from kinbridge_schemas.vocabulary import Role
from tests.builders import PSEUDONYMS, when
from tests.services.linking.desk import (
    ADA,
    BABY,
    BEN,
    MOTHER,
    SOUTHWARK,
    Desk,
    child,
    day,
    event,
    la,
    la_key,
    mother,
    person,
    play,
    ref,
)

BORN: Final = when("2024-05-01 00:00")
NAME: Final = "Ada Obi"
OLD: Final = child("ada", ADA, name=NAME, born=BORN)
SHIELD: Final = AdoptionShieldStarted(trigger="placed")
ATTENDED: Final = EdAttended(attendance_id="attendance-1", arrived=day(1))

BY_AUTHORITY: Final[list[object]] = [
    pytest.param(SHIELD, id="the authority says so"),
    pytest.param(EpisodeClosed(episode_id="e-1", reason="RC1"), id="closed as adopted"),
    pytest.param(LookedAfterEnded(episode_id="e-2", reason="E11"), id="ceased, unopposed"),
    pytest.param(LookedAfterEnded(episode_id="e-2", reason="E12"), id="ceased, dispensed with"),
    pytest.param(LookedAfterStarted(episode_id="e-2", placement_type="A3"), id="placed A3"),
    pytest.param(
        LookedAfterPlacementChanged(episode_id="e-2", placement_type="A6"), id="placed A6"
    ),
]
NO_ADOPTION: Final[list[object]] = [
    pytest.param(EpisodeClosed(episode_id="e-1", reason="RC7"), id="closed otherwise"),
    pytest.param(LookedAfterEnded(episode_id="e-2", reason="E4A"), id="home again"),
    pytest.param(LookedAfterStarted(episode_id="e-2", placement_type="U1"), id="fostered"),
]


def family() -> Desk:
    """Ada with a mother, a brother who has her as his sister, and an attendance."""
    sister = RelationshipRecorded(relationship_id="relationship-1", relation=Role.SIBLING)
    return play([
        la(ReferralReceived(referral_id="referral-1"), OLD, mother()),
        la(ReferralReceived(referral_id="referral-2"), child("ben", BEN), mother()),
        la(sister, child("ben", BEN), person(Role.SIBLING, "ada", ADA)),
        event(ATTENDED, person(Role.CHILD, nhs=ADA, name=NAME, born=BORN), at=day(1)),
    ])  # fmt: skip


def shielded(detail: Value = SHIELD) -> ChildEvent:
    return la(detail, OLD, at=day(2))


def traces(desk: Desk, *of: str) -> list[str]:
    return [f"{name} {body!r}" for name, body in desk.kept.items() for each in of
            if each in name or each.encode() in body]  # fmt: skip


@pytest.mark.parametrize("detail", BY_AUTHORITY)
def test_the_stream_ends_with_one_last_bare_record(detail: Value) -> None:
    desk = family()
    before = len(desk.linked_to("ada"))

    desk.tell(shielded(detail))

    last = desk.last("ada").child
    assert len(desk.linked_to("ada")) == before + 1
    assert last == ChildRecord(
        child=ref("ada"),
        family=last.family,
        authority="209",
        revision=last.revision,
        open=False,
        opening=1,
        shielded=True,
    )
    revisions = [s.child.revision for s in desk.said if s.child_ref == ref("ada")]
    assert last.revision == max(revisions)
    assert revisions.count(last.revision) == 1


@pytest.mark.parametrize("detail", NO_ADOPTION)
def test_what_is_no_adoption_shields_nothing(detail: Value) -> None:
    desk = family()

    desk.tell(shielded(detail))

    assert not desk.last("ada").child.shielded
    assert desk.tell(la(CpPlanStarted(plan_id="plan-1"), OLD, at=day(3))).end == (
        "mapped-and-linked"
    )


def test_an_invalidated_number_without_successor_shields_and_a_merged_one_does_not() -> None:
    invalidated = event(PdsChanged(change="invalidated"), person(Role.CHILD, nhs=ADA), at=day(2))
    successor = PSEUDONYMS.of_nhs_number(BEN)
    merged = event(PersonMerged(into=successor), person(Role.CHILD, nhs=ADA), at=day(1))
    alone, followed = family(), play([la(ReferralReceived(referral_id="r-1"), OLD), merged])

    alone.tell(invalidated)
    followed.tell(invalidated)

    assert alone.last("ada").child.shielded
    assert followed.record("ada").open


def test_nothing_of_the_old_identity_is_left() -> None:
    desk = family()

    desk.tell(shielded())

    keys = (PSEUDONYMS.of_nhs_number(ADA), la_key("ada"))
    facts = [s for s in desk.kept if s.startswith(f"facts:{ref('ada')}")]
    assert traces(desk, ADA.reveal(), NAME, *keys) == []
    assert facts == []
    assert traces(desk, ref("ada")) == [f"child:{ref('ada')} {desk.kept['child:' + ref('ada')]!r}"]
    bare = json.loads(desk.kept[f"child:{ref('ada')}"])
    said = {name for name, value in bare.items() if value}
    assert said == {"child", "authority", "since", "ended", "ended_at", "signs", "revision"}


NEW: Final = child("new", BABY, name="Eve Lee", born=BORN)
BY_A_TRUST: Final = event(
    PersonMerged(into=PSEUDONYMS.of_nhs_number(BABY)), person(Role.UNKNOWN, nhs=ADA), at=day(1)
)


def adopted(*more: ChildEvent) -> Desk:
    """Ada's old record, and the one under her new name, with what else was told."""
    referred = ReferralReceived(referral_id="referral-3")
    return play([
        la(ReferralReceived(referral_id="referral-1"), OLD, mother()),
        la(referred, NEW, authority=SOUTHWARK),
        *more,
    ])  # fmt: skip


@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
def test_a_trusts_merge_of_old_and_new_ties_nothing_once_the_child_is_adopted(
    *, late: bool
) -> None:
    order = [shielded(), BY_A_TRUST] if late else [BY_A_TRUST, shielded()]
    desk = adopted(*order)
    end = desk.tell(event(ATTENDED, person(Role.CHILD, nhs=ADA, born=BORN), at=day(3)))

    assert traces(desk, PSEUDONYMS.of_nhs_number(ADA), ADA.reveal()) == []
    assert end.reason == "no-open-case"
    assert desk.record("new", SOUTHWARK).open


def test_what_a_trust_merged_does_not_speak_against_pds() -> None:
    gone = event(
        PdsChanged(change="invalidated"), person(Role.CHILD, nhs=ADA), at=day(2), source=PDS
    )
    desk = adopted(BY_A_TRUST, gone)

    assert desk.last("ada").child.shielded
    assert desk.record("new", SOUTHWARK).open
    assert traces(desk, PSEUDONYMS.of_nhs_number(ADA), ADA.reveal()) == []


def test_brothers_and_sisters_forget_the_adopted_child() -> None:
    desk = family()

    desk.tell(shielded())

    record = desk.record("ben")
    assert record.siblings == ()
    assert [r.relation for r in record.related] == [Role.MOTHER]
    assert desk.changes_of("ben")[-1] == record


LATER: Final[list[object]] = [
    pytest.param(la(CpPlanStarted(plan_id="p-9"), OLD, at=day(3)), "shielded", id="authority"),
    pytest.param(
        event(ATTENDED, person(Role.CHILD, nhs=ADA), at=day(1)), "no-open-case", id="health"
    ),
    pytest.param(shielded(), "shielded", id="the shield again"),
]


@pytest.mark.parametrize(("later", "reason"), LATER)
def test_what_comes_later_for_the_old_identity_is_not_known(
    later: ChildEvent, reason: str
) -> None:
    desk = family()
    desk.tell(shielded())
    before, said = dict(desk.kept), len(desk.said)

    end = desk.tell(later)

    assert (end.end, end.reason) == ("not-known", reason)
    assert (desk.kept, len(desk.said)) == (before, said)


def test_the_birth_mothers_events_no_longer_reach_the_adopted_child() -> None:
    desk = family()
    desk.tell(shielded())
    before = len(desk.linked_to("ada"))

    desk.tell(event(ATTENDED, mother(), at=day(3)))

    assert len(desk.linked_to("ada")) == before
    assert desk.linked_to("ben")[-1].relation is Role.MOTHER


def test_a_shield_that_comes_before_anything_else_holds() -> None:
    desk = play([shielded()])

    end = desk.tell(la(ReferralReceived(referral_id="referral-1"), OLD))

    assert (end.end, end.reason) == ("not-known", "shielded")
    assert desk.said == []
    assert traces(desk, ADA.reveal(), NAME, PSEUDONYMS.of_nhs_number(ADA)) == []


def test_a_new_person_with_the_same_name_and_birth_date_is_tied_to_nothing_old() -> None:
    desk = family()
    desk.tell(shielded())
    old_documents = dict(desk.kept)
    old_outputs = len(desk.said)

    new = child("new-1", person(Role.CHILD, nhs=BEN).nhs_number, name=NAME, born=BORN)
    adopter = person(Role.PARENT, "adopter")
    desk.tell(
        la(
            ReferralReceived(referral_id="referral-9"),
            new.model_copy(update={"nhs_number": None}),
            adopter,
            at=day(9),
        )
    )

    new_traces = (ref("new-1"), la_key("new-1"), "new-1")
    new_documents = {n: b for n, b in desk.kept.items() if old_documents.get(n) != b}
    assert all(
        ref("ada") not in n and ref("ada").encode() not in b for n, b in new_documents.items()
    )
    assert not any(t in n or t.encode() in b for n, b in old_documents.items() for t in new_traces)
    for said in desk.said[old_outputs:]:
        assert ref("ada") not in said.model_dump_json()
        assert desk.record("ben").family not in said.model_dump_json()
    assert desk.record("new-1").family not in {s.child.family for s in desk.said[:old_outputs]}


# -- a placement that broke down


def taken_back(detail: Value, fact: str, on: int) -> ChildEvent:
    return la(detail, OLD, at=day(on), fact=fact, act="retract")


def test_a_placement_that_broke_down_lets_the_child_be_heard_of_anew_and_of_nothing_before() -> (
    None
):
    desk = family()
    desk.tell(la(SHIELD, OLD, at=day(2), fact="placed"))
    end = desk.tell(taken_back(SHIELD, "placed", 4))

    late = desk.tell(la(CpPlanStarted(plan_id="plan-1"), OLD, at=day(1)))
    anew = desk.tell(la(ReferralReceived(referral_id="referral-9"), OLD, at=day(4)))

    assert (end.end, end.reason) == ("not-known", "shielded")
    assert (late.end, late.reason) == ("not-known", "purged")
    assert anew.end == "mapped-and-linked"
    record = desk.record("ada")
    assert (record.open, record.shielded, record.related) == (True, False, ())


def test_as_long_as_one_sign_stands_the_record_stays_severed() -> None:
    desk = family()
    desk.tell(la(SHIELD, OLD, at=day(2), fact="placed"))
    desk.tell(la(LookedAfterEnded(episode_id="e-2", reason="E12"), OLD, at=day(3), fact="order"))
    desk.tell(taken_back(SHIELD, "placed", 4))

    end = desk.tell(la(ReferralReceived(referral_id="referral-9"), OLD, at=day(5)))

    assert (end.end, end.reason) == ("not-known", "shielded")


# -- purge


def test_a_purge_removes_the_record_and_its_ties() -> None:
    desk = family()

    desk.tell(la(Purged(scope="child"), OLD, at=day(2)))

    last = desk.last("ada").child
    assert (last.open, last.shielded, last.name) == (False, False, None)
    assert traces(desk, ADA.reveal(), NAME, PSEUDONYMS.of_nhs_number(ADA)) == []
    assert desk.record("ben").siblings == ()


def test_after_a_purge_only_what_is_newer_begins_anew_with_a_higher_revision() -> None:
    desk = family()
    desk.tell(la(Purged(scope="child"), OLD, at=day(2)))
    purged = desk.last("ada").child.revision

    old = desk.tell(la(CpPlanStarted(plan_id="plan-1"), OLD, at=day(1)))
    new = desk.tell(la(CpPlanStarted(plan_id="plan-2"), OLD, at=day(3)))

    assert (old.end, old.reason) == ("not-known", "purged")
    assert new.end == "mapped-and-linked"
    assert desk.record("ada").revision > purged


def test_the_mothers_number_stays_hers() -> None:
    desk = family()

    desk.tell(shielded())

    name = f"key:{PSEUDONYMS.of_nhs_number(MOTHER)}"
    assert name in desk.kept
    assert PersonName(NAME).reveal().encode() not in desk.kept[name]
