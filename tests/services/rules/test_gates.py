"""What stops a share: closed cases, risks, shields, grounds, history. Each leaves its record."""

from __future__ import annotations

from datetime import datetime

import pytest

from kinbridge.rules.state import ChildState
from kinbridge.stage import At
from kinbridge_schemas.disclosure import ON_HOLD
from kinbridge_schemas.events.care import AppointmentRecorded
from kinbridge_schemas.events.knowledge import VerifiedFact
from kinbridge_schemas.events.maternity import AntenatalAppointment, BirthNotified
from kinbridge_schemas.events.persons import LookedAfterStarted, PersonRegistered, Purged
from kinbridge_schemas.linked import ChildRecord, LinkedEvent
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.vocabulary import AppointmentStatus, Role, Service
from tests.builders import (
    a_changed_child,
    a_child,
    a_family_ref,
    a_linked_event,
    a_message,
    an_event,
    detail_and_fact,
    fact_of,
)
from tests.services.rules import facts
from tests.services.rules.facts import day
from tests.services.rules.play import LEWISHAM, Play, an_id, changed_policy, rules_of

CHILD = a_child(born=day(-2000))
PLAN = facts.plan(CHILD)
ARRIVED = facts.arrival(CHILD, day(0))


def test_a_disclosure_risk_holds_the_share_with_a_record_and_sends_nothing() -> None:
    play = Play(day(0))
    play.send(PLAN, facts.risk(CHILD), ARRIVED)

    assert play.proposed == []
    assert play.verdicts == [("hold", "disclosure-risk")]
    assert play.decisions[0].tier is None
    assert play.decisions[0].roles[0] == "allocated_social_worker"


def test_a_hold_is_recorded_once() -> None:
    play = Play(day(0))
    play.send(PLAN, facts.risk(CHILD), ARRIVED)
    play.send(facts.arrival(CHILD, day(0), version=2, left_before_seen=True), PLAN)
    play.clock(day(1))

    assert play.verdicts == [("hold", "disclosure-risk")]


def test_a_risk_that_a_person_cleared_lets_the_share_go() -> None:
    play = Play(day(0))
    play.send(PLAN, facts.risk(CHILD), ARRIVED)
    play.send(facts.risk_cleared(CHILD))

    assert len(play.of("R7")) == 1
    assert play.verdicts == [("hold", "disclosure-risk"), ("share", "rule-met")]


def test_a_closed_case_says_nothing_new_and_records_why() -> None:
    closed = CHILD.model_copy(update={"open": False, "revision": 2})
    play = Play(day(0))
    play.send(PLAN, a_changed_child(closed))
    play.clock(day(0, 1))
    play.send(facts.arrival(closed, day(0, 1)))

    assert play.proposed == []
    assert play.verdicts == [("do-not-share", "case-closed")]


def test_a_new_opening_does_not_say_again_what_the_old_one_said() -> None:
    closed = CHILD.model_copy(update={"open": False, "revision": 2})
    reopened = CHILD.model_copy(update={"revision": 3, "opening": 2})
    play = Play(day(0))
    play.send(PLAN, ARRIVED, a_changed_child(closed))
    play.clock(day(2))
    said = play.send(facts.plan(reopened), facts.arrival(reopened, day(0)))

    assert said == []
    assert [c.withdrawn for c in play.of("R7")] == ["case-closed"]


def test_an_older_revision_does_not_open_what_a_newer_one_closed() -> None:
    closed = CHILD.model_copy(update={"open": False, "revision": 7})
    play = Play(day(0))
    play.send(a_changed_child(closed), PLAN, ARRIVED)

    assert play.proposed == []


def test_adoption_severs_and_keeps_nothing() -> None:
    shielded = CHILD.model_copy(update={"shielded": True, "revision": 2})
    play = Play(day(0))
    play.send(PLAN, ARRIVED)
    play.send(a_changed_child(shielded), facts.arrival(shielded, day(0), name="2"))
    play.clock(day(30))
    alarm, last = [p.concern for p in play.proposed]

    assert (last.concern, last.status) == (alarm.concern, "ended")
    assert (last.whom.name, last.whom.nhs_number, last.whom.la_child_id) == (None, None, None)
    assert (last.facts, last.contacts, last.last_seen) == ((), (), None)
    assert play.state.picture.facts == {}
    assert play.state.said == {}
    assert play.state.due is None
    assert play.reasons[-1] == "shielded"


def test_a_purge_ends_what_was_said_and_keeps_nothing() -> None:
    play = Play(day(0))
    play.send(PLAN, ARRIVED)
    bare = a_child(revision=2, open=False, la_child_id=None)
    play.send(a_linked_event(Purged(scope="record"), child=bare, at=day(0)))
    (last,) = play.of("R7")

    assert (last.status, last.facts, last.whom.la_child_id) == ("ended", (), None)
    assert play.state.picture.facts == {}
    assert play.state.said == {}
    assert play.reasons[-1] == "purged"


def test_an_authority_without_a_partnership_keeps_nothing() -> None:
    play = Play(day(0))
    play.send(facts.arrival(a_child(authority="213"), day(0)))

    assert play.state == ChildState()
    assert play.reasons == ["authority-unknown"]


def test_a_ground_that_is_no_longer_in_force_stops_the_share() -> None:
    def end(data: dict[str, list[dict[str, object]]]) -> None:
        for basis in data["bases"]:
            basis["valid_to"] = "2026-10-01"

    play = Play(day(0), changed_policy(end))
    play.send(PLAN, ARRIVED)

    assert play.proposed == []
    assert play.verdicts == [("do-not-share", "no-basis-in-force")]


def test_a_correction_goes_out_though_the_ground_has_ended() -> None:
    play = Play(day(0))
    play.send(PLAN, ARRIVED)

    def end(data: dict[str, list[dict[str, object]]]) -> None:
        for basis in data["bases"]:
            basis["valid_to"] = "2026-10-05"

    play.rules = rules_of(changed_policy(end))
    fact = fact_of(ARRIVED)
    play.send(facts.verified(CHILD, day(0), VerifiedFact.WRONG_PERSON, fact))

    assert [c.status for c in play.of("R7")] == ["withdrawn"]


@pytest.mark.parametrize("rule", ["r1", "r2", "r3", "r7", "r23"])
def test_a_rule_that_is_not_enabled_says_nothing(rule: str) -> None:
    child = facts.unborn_at(37)
    policy = changed_policy(lambda d: d["rules"][rule].update(enabled=False))
    play = Play(day(0, 3), policy)
    play.send(
        facts.plan(child),
        facts.required(child),
        facts.appointment(child, day(0)),
        facts.arrival(child, day(-1), relation=Role.MOTHER),
        facts.assessment(child, day(0), "2"),
    )
    play.clock(day(1))
    play.send(facts.birth(child, day(1)))
    said = {c.rule for c in play.last.values()}

    assert said == {"R1", "R2", "R3", "R7", "R23"} - {rule.upper()}


# First load.


def _load(observed_days: float) -> Play:
    """Everything that is known of a child comes at once, on day 0."""
    child = facts.unborn_at(30)
    past = [-250, -120, -60, -30, -20]
    events = [facts.plan(child, day(-260))]
    for number, when in enumerate(past):
        events.append(
            facts.appointment(
                child, day(when), name=f"a{number}", observed=day(when + observed_days)
            )
        )
        events.append(facts.arrival(child, day(when), name=f"b{number}", relation=Role.MOTHER))
    play = Play(day(0, 3))
    play.send(*events)
    play.clock(day(2))
    return play


@pytest.mark.parametrize("observed_days", [0, 1, 20])
def test_a_first_load_is_silent(observed_days: float) -> None:
    assert _load(observed_days).proposed == []


def test_history_still_counts_for_what_is_new() -> None:
    child = facts.unborn_at(20)
    play = Play(day(0, 3))
    old = facts.appointment(child, day(-20), name="old")
    play.send(facts.required(child, day(-40)), old, facts.appointment(child, day(0)))
    play.clock(day(1, 3))

    assert len(play.of("R1")) == 1
    assert len(play.state.picture.facts) == 3


def test_how_a_fact_came_does_not_make_it_history() -> None:
    play = Play(day(0, 3))
    fetched = facts.arrival(CHILD, day(-13), source="fhir:retrieval")
    play.send(PLAN, fetched)

    assert len(play.of("R7")) == 1


# The record.


def test_a_family_that_changed_takes_what_is_open_along() -> None:
    play = Play(day(0))
    play.send(PLAN, ARRIVED)
    moved = CHILD.model_copy(update={"family": a_family_ref("other"), "revision": 2})
    play.send(a_changed_child(moved))
    last = play.proposed[-1]

    assert last.concern.family == a_family_ref("other")
    assert last.supersedes_family == CHILD.family
    assert [p.supersedes_family for p in play.proposed] == [None, CHILD.family]


def test_a_restriction_that_comes_later_is_told_without_the_place() -> None:
    play = Play(day(0))
    play.send(PLAN, ARRIVED)
    restricted = CHILD.model_copy(update={"restriction": "locked", "revision": 2})
    play.send(a_changed_child(restricted))
    (concern,) = play.of("R7")

    assert concern.whom.restriction == "locked"
    assert [f.place for f in concern.facts] == [None]


def test_an_event_that_no_rule_reads_changes_nothing() -> None:
    play = Play(day(0))
    play.send(PLAN)
    state = play.state
    play.send(a_linked_event(PersonRegistered(), child=CHILD, at=day(0)))

    assert play.state == state
    assert play.reasons[-1] == "not-relevant"


def test_a_record_that_is_no_linked_event_is_unreadable() -> None:
    play = Play(day(0))
    event = an_event(detail_and_fact(ARRIVED)[0], at=day(0))

    with pytest.raises(UnreadableError, match="contract-unexpected"):
        play.rules.decide(
            ChildState(), a_message(event, recorded=day(0)), At(now=day(0), clock=day(0))
        )


def test_what_is_long_past_is_forgotten_and_not_taken_back() -> None:
    play = Play(day(0))
    play.send(PLAN, ARRIVED)
    play.clock(day(LEWISHAM.keep_days + 2))
    play.send(facts.plan(CHILD))
    said = play.send(facts.arrival(CHILD, day(LEWISHAM.keep_days + 2), name="2"))

    assert [c.status for c in said] == ["active"]
    assert len(play.state.said) == 1
    kinds = {told[-1].detail.kind for told in play.state.picture.facts.values()}
    assert kinds == {"cp_plan_started", "ed_attended"}


def test_appointments_of_a_detail_no_rule_knows_are_kept_as_told() -> None:
    child = facts.unborn_at(30)
    play = Play(day(0))
    play.send(facts.appointment(child, day(0)))
    (accounts,) = play.state.picture.facts.values()

    assert isinstance(accounts[0].detail, AntenatalAppointment)


# What was said and may still wait to be read.


def test_a_risk_holds_what_was_said_and_may_not_have_been_read() -> None:
    play = Play(day(0))
    play.send(PLAN, ARRIVED)
    play.send(facts.risk(CHILD))
    (concern,) = play.of("R7")

    assert concern.status == "active"
    assert ON_HOLD in concern.handling
    assert play.verdicts == [("share", "rule-met"), ("hold", "disclosure-risk")]


def test_what_was_held_after_it_was_said_is_told_again_when_the_risk_is_cleared() -> None:
    play = Play(day(0))
    play.send(PLAN, ARRIVED)
    play.send(facts.risk(CHILD), PLAN)
    play.send(facts.risk_cleared(CHILD))
    (concern,) = play.of("R7")

    assert ON_HOLD not in concern.handling
    assert len(play.proposed) == 3


def test_a_looked_after_child_under_a_plan_is_told_of_to_both() -> None:
    began = LookedAfterStarted(episode_id=an_id("episode"))
    play = Play(day(0))
    play.send(PLAN, a_linked_event(began, child=CHILD, at=day(-10)), ARRIVED)
    (concern,) = play.of("R7")

    assert {"lac_nurse", "lcpp", "macpt_health_lead"} <= set(concern.asked.copies)


def test_a_stillbirth_of_an_earlier_pregnancy_does_not_silence_this_one() -> None:
    child = facts.unborn_at(30)
    earlier = BirthNotified(live=False)
    told = a_linked_event(earlier, child=child, at=day(-300), relation=Role.MOTHER)
    play = Play(day(0, 3))
    play.send(facts.plan(child), told, facts.appointment(child, day(0)))

    assert [c.status for c in play.of("R1")] == ["active"]


def _seen(child: ChildRecord, status: AppointmentStatus, at: datetime) -> LinkedEvent:
    detail = AppointmentRecorded(
        appointment_id=an_id("appointment", status),
        service=Service.OUTPATIENT,
        status=status,
        start=at,
        raw_status=status,
    )
    return a_linked_event(detail, child=child, at=at)


def test_an_appointment_brings_nothing_and_is_shown_on_what_is_said_next() -> None:
    play = Play(day(0))
    play.send(PLAN, ARRIVED)
    said = play.send(
        _seen(CHILD, AppointmentStatus.BOOKED, day(4)),
        _seen(CHILD, AppointmentStatus.ATTENDED, day(-1)),
    )
    (concern,) = play.send(facts.arrival(CHILD, day(0), name="2"))

    assert said == []
    assert concern.next_appointment == day(4)


def test_after_adoption_not_even_an_appointment_is_kept() -> None:
    shielded = CHILD.model_copy(update={"shielded": True, "revision": 2})
    play = Play(day(0))
    play.send(a_changed_child(shielded), _seen(shielded, AppointmentStatus.BOOKED, day(4)))

    assert play.state.picture.facts == {}
