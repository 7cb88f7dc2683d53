"""In whatever order and however often facts come, the registry ends the same."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from random import Random
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from kinbridge_schemas.events import ChildEvent, Subject
from kinbridge_schemas.events.care import EdAttended, ParentServiceContact, PdsChanged
from kinbridge_schemas.events.contact import (
    ContactReceived,
    EpisodeClosed,
    LeadPractitionerAllocated,
    ReferralReceived,
)
from kinbridge_schemas.events.maternity import AntenatalAppointment, BirthNotified, EddRevised
from kinbridge_schemas.events.persons import (
    EddChanged,
    PersonMerged,
    PersonRegistered,
    RecordRestricted,
    RecordUnrestricted,
    RelationshipEnded,
    RelationshipRecorded,
    UnbornBorn,
    UnbornRegistered,
)
from kinbridge_schemas.events.protection import (
    CpPlanEnded,
    CpPlanStarted,
    StrategyDiscussionCancelled,
    StrategyDiscussionScheduled,
)
from kinbridge_schemas.vocabulary import AppointmentStatus, Role
from tests.builders import PSEUDONYMS
from tests.services.linking.desk import (
    ADA,
    BABY,
    BEN,
    FATHER,
    START,
    Desk,
    child,
    day,
    event,
    la,
    la_key,
    mother,
    person,
    play,
    retracted,
    unborn,
)

FATHERS: Final = person(Role.FATHER, "dad", FATHER)
NAN: Final = person(Role.CARER, "nan")


def restated(told: ChildEvent, n: int, **changes: object) -> ChildEvent:
    """A later account of the same fact."""
    return event(
        told.detail.model_copy(update=changes),
        *told.subjects,
        at=told.occurred.at,
        observed=day(50 + n),
        version=n,
        authority=told.authority,
        source=told.source,
        fact=told.fact,
    )


def relation(name: str, other: Subject, role: Role, *, main: bool = False) -> ChildEvent:
    detail = RelationshipRecorded(
        relationship_id=f"relationship-{name}", relation=role, main_carer=main
    )
    return la(detail, child(name.partition("-")[0]), other, at=day(1))


WRONG: Final = relation("ben-mother", mother(), Role.MOTHER)
PLAN: Final = la(CpPlanStarted(plan_id="plan-1"), unborn(), at=day(1))
CONTACT: Final = la(ContactReceived(contact_id="contact-1"), child("ben"), at=day(2))

OF_AUTHORITY: Final[tuple[ChildEvent, ...]] = (
    la(ReferralReceived(referral_id="referral-ada"), child("ada", ADA), mother(), FATHERS),
    la(PersonRegistered(), child("ada", ADA, name="Ada Obi"), at=day(1)),
    la(PersonRegistered(), child("ada", BEN, name="Ada Smith"), at=day(5)),
    la(EpisodeClosed(episode_id="episode-ada"), child("ada"), at=day(9)),
    la(ReferralReceived(referral_id="referral-ada-2"), child("ada"), at=day(20)),
    la(RecordRestricted(level="locked"), child("ada"), at=day(3)),
    la(RecordUnrestricted(), child("ada"), at=day(6)),
    la(UnbornRegistered(edd=day(40)), unborn(), mother(la="mum")),
    la(EddChanged(edd=day(44)), unborn(), at=day(3)),
    PLAN,
    restated(PLAN, 2, category="NEG"),
    la(LeadPractitionerAllocated(role="lead", worker="w1"), unborn(), at=day(2)),
    la(StrategyDiscussionScheduled(meeting_id="m-1", start_at=day(9)), unborn(), at=day(4)),
    la(
        StrategyDiscussionCancelled(
            meeting_id="m-1", reason="facts-established", cancelled_by="w1"
        ),
        unborn(),
        at=day(5),
    ),
    la(CpPlanEnded(plan_id="plan-1"), unborn(), at=day(60)),
    CONTACT,
    restated(CONTACT, 2, outcome="nfa"),
    WRONG,
    retracted(WRONG),
    relation("ben", NAN, Role.CARER, main=True),
    relation("ada", NAN, Role.CARER, main=True),
    la(
        RelationshipEnded(relationship_id="relationship-ada", relation=Role.CARER),
        child("ada"),
        NAN,
        at=day(7),
    ),
)
# Two records that turn out to be one child.
JOINING: Final[tuple[ChildEvent, ...]] = (
    la(UnbornBorn(), unborn(), child("kid", BABY), at=day(38)),
    la(PersonRegistered(), child("kid", name="Kit Obi", born=day(38)), at=day(39)),
    la(PersonMerged(into=la_key("ben")), child("benny"), at=day(6)),
    la(ReferralReceived(referral_id="referral-benny"), child("benny"), at=day(4)),
)

MISSED: Final = event(
    AntenatalAppointment(
        appointment_id="appointment-1",
        status=AppointmentStatus.DID_NOT_ATTEND,
        start=day(2),
        raw_status="noshow",
    ),
    mother(),
    at=day(2),
)
ATTENDED: Final = event(
    EdAttended(attendance_id="attendance-1", arrived=day(3)), person(Role.CHILD, nhs=ADA)
)
OF_HEALTH: Final[tuple[ChildEvent, ...]] = (
    MISSED,
    restated(MISSED, 2, status=AppointmentStatus.CANCELLED_BY_PROVIDER),
    ATTENDED,
    retracted(ATTENDED),
    event(EddRevised(edd=day(41)), mother(), at=day(4)),
    event(EddRevised(edd=day(42)), mother(), at=day(8)),
    event(ParentServiceContact(step="mental-health-crisis"), FATHERS, at=day(5)),
    event(PdsChanged(change="sensitive-on"), mother(), at=day(5), source="pds"),
    event(PdsChanged(change="sensitive-off"), mother(), at=day(7), source="pds"),
    event(
        PersonMerged(into=PSEUDONYMS.of_nhs_number(BEN)), person(Role.CHILD, nhs=ADA), at=day(6)
    ),
    event(
        BirthNotified(live=True, births=1),
        person(Role.CHILD, nhs=BABY, born=day(38)),
        mother(),
        at=day(38),
    ),
)
OPENINGS: Final[tuple[ChildEvent, ...]] = (
    la(ReferralReceived(referral_id="referral-ada"), child("ada", ADA), mother(), FATHERS),
    la(UnbornRegistered(edd=day(40)), unborn(), mother(la="mum")),
    PLAN,
)


@cache
def of_authority() -> Desk:
    """What the authority's facts make in their order. It is only looked at."""
    return play(OF_AUTHORITY)


@cache
def joined() -> Desk:
    return play(OF_AUTHORITY + JOINING)


@cache
def of_health() -> Desk:
    return play([*OPENINGS, *OF_HEALTH])


def disordered(events: tuple[ChildEvent, ...], seed: int) -> list[ChildEvent]:
    """All of them in some order, a few of them twice or three times."""
    random = Random(seed)
    found = [*events, *random.choices(events, k=random.randint(0, 8))]
    random.shuffle(found)
    return found


@given(seed=st.integers(0, 2**32))
@settings(max_examples=15, deadline=None)
def test_an_authoritys_facts_end_the_same_in_any_order(seed: int) -> None:
    other = play(disordered(OF_AUTHORITY, seed))

    assert other.registry() == of_authority().registry()


@given(seed=st.integers(0, 2**32))
@settings(max_examples=12, deadline=None)
def test_records_that_are_one_child_stand_as_one_in_any_order(seed: int) -> None:
    other = play(disordered(OF_AUTHORITY + JOINING, seed))

    assert other.open_records() == joined().open_records()
    assert other.told() == joined().told()


@given(seed=st.integers(0, 2**32))
@settings(max_examples=15, deadline=None)
def test_healths_facts_end_the_same_in_any_order_once_the_cases_are_open(seed: int) -> None:
    other = play([*OPENINGS, *disordered(OF_HEALTH, seed)])

    assert other.registry() == of_health().registry()
    assert {f[:2] for f in other.in_force()} == {f[:2] for f in of_health().in_force()}


@given(seed=st.integers(0, 2**32))
@settings(max_examples=12, deadline=None)
def test_facts_end_once_ids_are_said_once_and_revisions_rise_with_every_change(seed: int) -> None:
    events = disordered(OF_AUTHORITY + JOINING + OF_HEALTH, seed)

    desk = play(events)

    assert [d.fact for d in desk.ends] == [e.fact for e in events]
    ids = [s.id for s in desk.said]
    assert len(ids) == len(set(ids))
    for ref in {s.child_ref for s in desk.said}:
        records = [s.child for s in desk.said if s.child_ref == ref]
        revisions = [r.revision for r in records]
        assert revisions == sorted(revisions)
        for one, other in pairwise(records):
            assert (one == other) == (one.revision == other.revision)


@given(seed=st.integers(0, 2**32))
@settings(max_examples=12, deadline=None)
def test_a_repeat_of_everything_changes_and_says_nothing(seed: int) -> None:
    events = disordered(OF_AUTHORITY + OPENINGS, seed)
    desk = play(events)
    kept, said = dict(desk.kept), len(desk.said)

    desk.tell(*events)

    assert (desk.kept, len(desk.said)) == (kept, said)
    assert {d.end for d in desk.ends[-len(events) :]} <= {"duplicate", "superseded"}


def test_the_facts_of_this_file_make_what_they_are_meant_to() -> None:
    desk, healths = of_authority(), of_health()

    assert desk.record("ada").opening == 2
    assert desk.record("bump").open is False
    assert healths.record("bump").unborn is False
    assert healths.record("bump").edd == day(42)
    assert {d.end for d in healths.ends} == {"mapped-and-linked"}
    assert day(1) > START
