"""What the national events tell of services, screens and records raises and hides no alarm."""

from __future__ import annotations

from typing import Final

import pytest

from kinbridge_schemas.base import Value
from kinbridge_schemas.events.care import (
    GpDeregistered,
    GpRegistered,
    HealthServiceRecorded,
    ImmunisationOverdue,
    NewbornScreeningRecorded,
    PdsChanged,
    ScreeningStatus,
)
from kinbridge_schemas.events.persons import AddressChanged
from kinbridge_schemas.identifiers import PostcodeDistrict
from kinbridge_schemas.linked import LinkedEvent
from kinbridge_schemas.vocabulary import Provider, Role, Service
from tests.builders import a_child, a_linked_event
from tests.services.rules import facts
from tests.services.rules.facts import day
from tests.services.rules.play import Play

KINDS: Final[list[Value]] = [
    AddressChanged(district=PostcodeDistrict("ZZ99")),
    GpRegistered(practice=Provider(ods="A81001")),
    GpDeregistered(),
    PdsChanged(change="record"),
    PdsChanged(change="death", formal=True),
    HealthServiceRecorded(service=Service.MATERNITY),
    HealthServiceRecorded(service=Service.EMERGENCY_DEPARTMENT),
    ImmunisationOverdue(reason="not-brought"),
    NewbornScreeningRecorded(screen="hearing", status=ScreeningStatus.DECLINED),
]
UNBORN: Final = facts.unborn_at(30)
each = pytest.mark.parametrize("detail", KINDS, ids=lambda detail: repr(detail)[:48])


@each
def test_such_news_of_a_child_with_a_plan_is_no_alarm(detail: Value) -> None:
    child = a_child()
    play = Play(day(0, 3))
    play.send(facts.plan(child))

    said = play.send(a_linked_event(detail, child=child, at=day(0), relation=Role.CHILD))

    assert said == []
    assert play.reasons[-1] == "not-relevant"
    assert play.proposed == []


@each
@pytest.mark.parametrize("act", ["assert", "retract"])
def test_such_news_of_a_mother_changes_nothing_about_a_missed_appointment(
    detail: Value, act: str
) -> None:
    def alarmed(*events: LinkedEvent) -> Play:
        play = Play(day(0, 3))
        play.send(facts.plan(UNBORN), facts.appointment(UNBORN, day(0)), *events)
        return play

    news = a_linked_event(detail, child=UNBORN, at=day(0), relation=Role.MOTHER, act=act)

    assert alarmed(news).of("R1") == alarmed().of("R1")
    assert len(alarmed(news).of("R1")) == 1
    assert not alarmed(news).of("R7")
