"""What is told of an adult: that care concerns the child, and nothing of the adult's own."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import pytest

from kinbridge_schemas.base import derive_id
from kinbridge_schemas.events.care import AppointmentRecorded, ChildNotBrought, HvContact
from kinbridge_schemas.events.maternity import EddRevised
from kinbridge_schemas.linked import EventLinked, LinkedEvent
from kinbridge_schemas.vocabulary import AppointmentStatus, Provider, Role, Service
from tests.builders import a_child, a_linked_event
from tests.services.rules import facts
from tests.services.rules.facts import day
from tests.services.rules.play import Play

UNBORN: Final = facts.unborn_at(30)
MISSED: Final = facts.appointment(UNBORN, day(0))
BOOKED: Final = AppointmentStatus.BOOKED
ATTENDED: Final = AppointmentStatus.ATTENDED
ADULTS: Final = [Role.MOTHER, Role.FATHER, Role.PARENT, Role.CARER]


def other_care(at: datetime, status: AppointmentStatus, relation: Role) -> LinkedEvent:
    """An adult's appointment that is no maternity care."""
    detail = AppointmentRecorded(
        appointment_id=derive_id("appointment", "other"),
        service=Service.ADULT_MENTAL_HEALTH,
        status=status,
        start=at,
        provider=Provider(name="Clinic Secret"),
        raw_status="secret",
    )
    return a_linked_event(detail, child=UNBORN, at=at, relation=relation)


def alarmed(*events: LinkedEvent) -> Play:
    play = Play(day(0, 3))
    play.send(facts.plan(UNBORN), *events, MISSED)
    return play


@pytest.mark.parametrize("adult", ADULTS)
def test_other_care_of_an_adult_is_no_next_appointment(adult: Role) -> None:
    (concern,) = alarmed(other_care(day(3), BOOKED, adult)).of("R1")

    assert concern.next_appointment is None


@pytest.mark.parametrize("adult", ADULTS)
def test_other_care_of_an_adult_is_not_when_the_child_was_last_seen(adult: Role) -> None:
    (concern,) = alarmed(other_care(day(-3), ATTENDED, adult)).of("R1")

    assert concern.last_seen is None


@pytest.mark.parametrize("adult", [Role.FATHER, Role.PARENT, Role.CARER])
def test_another_pregnancy_of_a_carer_tells_nothing_of_this_one(adult: Role) -> None:
    expected = EddRevised(edd=day(20))
    play = alarmed(
        facts.appointment(UNBORN, day(2), BOOKED, name="2", relation=adult),
        facts.appointment(UNBORN, day(-2), ATTENDED, name="3", relation=adult),
        a_linked_event(expected, child=UNBORN, at=day(-1), relation=adult),
        a_linked_event(
            HvContact(contact="antenatal", status="completed"),
            child=UNBORN,
            at=day(-1),
            relation=adult,
        ),
        facts.transferred(UNBORN, day(-2)).model_copy(
            update={"happened": _of(facts.transferred(UNBORN, day(-2)), adult)}
        ),
    )
    (concern,) = play.of("R1")

    assert concern.status == "active"
    assert (concern.next_appointment, concern.last_seen) == (None, None)
    assert concern.whom.edd == UNBORN.edd
    assert [f.outcome for f in concern.facts] == ["did-not-attend"]


def _of(linked: LinkedEvent, relation: Role) -> object:
    return linked.happened.model_copy(update={"relation": relation})


def test_a_mothers_next_pregnancy_is_not_told_on_her_born_child() -> None:
    child = a_child(born=None)
    play = Play(day(0, 3))
    play.send(facts.plan(child), facts.appointment(child, day(0)))
    play.clock(day(2))

    assert play.proposed == []


@pytest.mark.parametrize("adult", [Role.FATHER, Role.PARENT, Role.CARER])
def test_an_arrival_of_another_adult_concerns_no_child(adult: Role) -> None:
    play = Play(day(0))
    play.send(facts.plan(UNBORN), facts.arrival(UNBORN, day(0), relation=adult))

    assert play.proposed == []


def test_a_mothers_stay_that_is_no_maternity_care_says_neither_ward_nor_hospital() -> None:
    play = Play(day(0))
    play.send(facts.plan(UNBORN), facts.admission(UNBORN, day(0), relation=Role.MOTHER))
    (concern,) = play.of("R7")

    assert [(f.outcome, f.provider, f.place) for f in concern.facts] == [("admitted", None, None)]


def test_a_ward_is_never_told() -> None:
    child = a_child(born=day(-2000))
    play = Play(day(0))
    play.send(facts.plan(child), facts.admission(child, day(0)))
    (concern,) = play.of("R7")

    assert [(f.provider, f.place) for f in concern.facts] == [(facts.HERE.name, None)]


def test_an_appointment_told_as_kept_that_was_not_is_not_when_the_child_was_seen() -> None:
    child = a_child()
    kept = AppointmentRecorded(
        appointment_id=derive_id("appointment", "clinic"),
        service=Service.COMMUNITY_PAEDIATRICS,
        status=ATTENDED,
        start=day(-1),
        raw_status="5",
    )
    missed = ChildNotBrought(
        appointment_id=kept.appointment_id, service=kept.service, raw_status="3"
    )
    fact = derive_id("fact", "clinic")
    first, second = (
        a_linked_event(detail, child=child, at=at, fact=fact)
        for detail, at in ((kept, day(-1)), (missed, day(0)))
    )
    play = Play(day(0, 3))
    play.send(facts.plan(child), first, second, facts.arrival(child, day(-2)))
    (concern,) = play.of("R7")

    assert concern.last_seen == day(-2)


def test_an_antenatal_miss_that_was_another_clinics_is_an_alarm_no_more() -> None:
    play, missed = alarmed(), MISSED.happened
    assert isinstance(missed, EventLinked)
    detail = AppointmentRecorded(
        appointment_id=derive_id("appointment", "other"),
        service=Service.OUTPATIENT,
        status=ATTENDED,
        start=day(0),
        raw_status="5",
    )
    play.send(
        a_linked_event(detail, child=UNBORN, at=day(0, 2), fact=missed.fact, relation=Role.MOTHER)
    )
    (concern,) = play.of("R1")

    assert concern.status == "withdrawn"
