"""What must outlive the memory of passing facts, and the opening of a case it was told in."""

from __future__ import annotations

from typing import Final

from kinbridge_schemas.base import derive_id
from kinbridge_schemas.events.knowledge import VerifiedFact
from kinbridge_schemas.events.persons import FamilyAgreementRecorded, FamilyAgreementWithdrawn
from kinbridge_schemas.linked import LinkedEvent
from tests.builders import a_changed_child, a_child, a_linked_event, an_unlinked_event
from tests.services.rules import facts
from tests.services.rules.facts import day
from tests.services.rules.play import LEWISHAM, Play
from tests.services.rules.test_r23_earliest_stage import contact

CHILD: Final = a_child(born=day(-2000))
LATER: Final = LEWISHAM.keep_days + 2


def _long_after(*events: LinkedEvent) -> Play:
    """These facts, and so much time that what is passing of them is forgotten."""
    play = Play(day(0))
    play.send(*events)
    play.clock(day(LATER))
    return play


def test_a_plan_that_ended_long_ago_does_not_begin_again() -> None:
    play = _long_after(facts.plan(CHILD), facts.plan_ended(CHILD, day(-1)))
    play.send(facts.arrival(CHILD, day(LATER)))

    assert play.of("R7") == []


def test_a_pregnancy_that_ended_is_never_spoken_of_again() -> None:
    child = facts.unborn_at(20)
    play = _long_after(facts.plan(child), facts.required(child), facts.lost(child, day(0)))
    play.send(facts.appointment(child, day(LATER, -3)))
    play.clock(day(LATER + 3))

    assert play.proposed == []


def test_an_end_that_health_verified_is_remembered_too() -> None:
    child = facts.unborn_at(20)
    ended = facts.verified(child, day(0), VerifiedFact.PREGNANCY_ENDED, derive_id("fact", "x"))
    play = _long_after(facts.plan(child), facts.required(child), ended)
    play.clock(day(LATER + 3))

    assert play.proposed == []


def test_an_agreement_that_was_withdrawn_long_ago_stays_withdrawn() -> None:
    agreement = derive_id("agreement", "1")
    recorded = FamilyAgreementRecorded(agreement_id=agreement)
    withdrawn = FamilyAgreementWithdrawn(agreement_id=agreement)
    play = Play(day(0))
    play.send(
        a_linked_event(recorded, child=CHILD, at=day(-9)),
        a_linked_event(withdrawn, child=CHILD, at=day(-8)),
    )
    play.clock(day(LATER))
    play.send(contact(CHILD, LATER))
    play.clock(day(LATER, 1))

    assert play.proposed == []
    assert play.verdicts == [("do-not-share", "no-ground-recorded")]


def test_a_link_that_was_taken_back_is_not_made_again_by_time() -> None:
    begun = facts.plan(CHILD)
    taken = CHILD.model_copy(update={"revision": 2})
    play = Play(day(0))
    play.send(begun, an_unlinked_event(begun, child=taken))
    play.clock(day(1))
    play.send(facts.arrival(taken, day(1), name="1"))
    play.clock(day(LATER))
    play.send(facts.arrival(taken, day(LATER), name="2"))

    assert play.of("R7") == []


def test_a_disclosure_risk_holds_in_the_next_opening_too() -> None:
    closed = CHILD.model_copy(update={"open": False, "revision": 2})
    reopened = CHILD.model_copy(update={"revision": 3, "opening": 2})
    play = Play(day(0))
    play.send(facts.risk(CHILD), a_changed_child(closed))
    play.clock(day(2))
    play.send(facts.plan(reopened), facts.arrival(reopened, day(2)))

    assert play.proposed == []
    assert play.verdicts == [("hold", "disclosure-risk")]


def test_a_risk_that_was_cleared_long_ago_stays_cleared() -> None:
    play = _long_after(facts.plan(CHILD), facts.risk(CHILD), facts.risk_cleared(CHILD))
    play.send(facts.arrival(CHILD, day(LATER)))

    assert len(play.of("R7")) == 1
