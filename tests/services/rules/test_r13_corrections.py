"""R13: a correction reaches everybody who had the alarm, and ends nothing else."""

from __future__ import annotations

import pytest

from kinbridge_schemas.concerns import Concern
from kinbridge_schemas.events.knowledge import VerifiedFact
from kinbridge_schemas.events.protection import (
    CancelReason,
    StrategyDiscussionCancelled,
    StrategyDiscussionScheduled,
)
from kinbridge_schemas.linked import LinkedEvent
from kinbridge_schemas.vocabulary import AppointmentStatus, Role
from tests.builders import a_changed_child, a_linked_event, an_unlinked_event
from tests.services.rules import facts
from tests.services.rules.facts import day
from tests.services.rules.play import Play, an_id, changed_policy, rules_of

CHILD = facts.unborn_at(37)
MISS = facts.appointment(CHILD, day(0))
MISSED = facts.missed_fact(CHILD)
LATER = day(1)
NEXT = CHILD.model_copy(update={"revision": 5})


def alarmed() -> Play:
    """The alarm is out: one miss under a plan."""
    play = Play(day(0, 3))
    play.send(facts.plan(CHILD), MISS)
    play.clock(LATER)
    return play


def only(play: Play) -> Concern:
    (concern,) = play.of("R1")
    return concern


REASONS = [
    pytest.param(
        facts.verified(CHILD, LATER, fact, MISSED), fact.value, id=f"verified: {fact.value}"
    )
    for fact in VerifiedFact
    if fact not in {VerifiedFact.PREGNANCY_ENDED, VerifiedFact.UNKNOWN}
] + [
    pytest.param(
        facts.verified(CHILD, LATER, VerifiedFact.UNKNOWN, MISSED),
        "no-longer-applies",
        id="verified: a word we do not know",
    ),
    pytest.param(
        facts.verified(CHILD, LATER, VerifiedFact.PREGNANCY_ENDED, MISSED),
        "no-longer-applies",
        id="verified: the pregnancy ended",
    ),
    pytest.param(facts.lost(CHILD, LATER), "no-longer-applies", id="the pregnancy ended"),
    pytest.param(
        facts.appointment(CHILD, day(0), AppointmentStatus.ATTENDED, version=2),
        "attended",
        id="the source corrects it: attended",
    ),
    pytest.param(
        facts.appointment(CHILD, day(0), AppointmentStatus.CANCELLED_BY_PROVIDER, version=2),
        "cancelled-by-provider",
        id="the source corrects it: cancelled by the provider",
    ),
    pytest.param(
        facts.appointment(CHILD, day(0), AppointmentStatus.TRANSFERRED, version=2),
        "care-transferred",
        id="the source corrects it: moved to another provider",
    ),
    pytest.param(
        facts.appointment(CHILD, day(0), AppointmentStatus.CAME_TOO_LATE, version=2),
        "came-too-late",
        id="the source corrects it: she came too late",
    ),
    pytest.param(
        facts.appointment(CHILD, day(0), version=2, act="retract"),
        "retracted-by-source",
        id="the source takes it back",
    ),
    pytest.param(an_unlinked_event(MISS, child=NEXT), "linked-in-error", id="the link was wrong"),
    pytest.param(facts.transferred(CHILD, day(-1)), "care-transferred", id="a late transfer"),
    pytest.param(
        facts.arrival(CHILD, day(0), relation=Role.MOTHER),
        "in-hospital-that-day",
        id="a late attendance of that day",
    ),
]


@pytest.mark.parametrize(("event", "reason"), REASONS)
def test_what_takes_an_alarm_back(event: LinkedEvent, reason: str) -> None:
    play = alarmed()
    before = only(play)
    play.send(event)
    after = only(play)

    assert (before.status, after.status, after.withdrawn) == ("active", "withdrawn", reason)
    assert after.concern == before.concern
    assert after.corrects == (MISSED,)
    assert after.asked.owner == before.asked.owner
    assert after.asked.copies == before.asked.copies
    assert after.urgency == before.urgency
    assert after.basis == before.basis
    assert ("withdraw", reason) in play.verdicts
    assert [d.rule for d in play.decisions if d.concern == after.concern] == ["R1", "R13"]


def test_a_verified_fact_is_shown_with_what_it_corrects() -> None:
    play = alarmed()
    play.send(facts.verified(CHILD, LATER, VerifiedFact.CARE_TRANSFERRED, MISSED))
    concern = only(play)

    assert [(f.outcome, f.provider, f.withdrawn) for f in concern.facts] == [
        ("did-not-attend", "Hospital Here", True),
        ("care-transferred", "Hospital There", False),
    ]
    assert concern.last_seen == day(-1)
    assert "Care had moved to another provider." in concern.why


def test_a_new_provider_is_not_named_if_restricted() -> None:
    play = alarmed()
    restricted = CHILD.model_copy(update={"restriction": "sensitive", "revision": 3})
    play.send(facts.verified(restricted, LATER, VerifiedFact.CARE_TRANSFERRED, MISSED))

    assert {f.provider for f in only(play).facts} == {None}


def test_a_pregnancy_that_ended_is_not_to_be_read_anywhere() -> None:
    play = alarmed()
    play.send(facts.lost(CHILD, LATER))
    concern = only(play)

    assert concern.why == "This no longer applies. Please speak to the health lead."
    assert concern.facts == ()
    assert concern.checks == ()
    assert (concern.whom.edd, concern.whom.gestation_days) == (None, None)
    assert (concern.next_appointment, concern.last_seen) == (None, None)
    assert "pregnancy" not in concern.model_dump_json(exclude={"basis"})
    assert {d.reason for d in play.decisions} == {"rule-met", "no-longer-applies"}


def test_a_verified_fact_ends_no_plan_and_no_clock() -> None:
    play = Play(day(0, 3))
    play.send(facts.plan(CHILD), facts.required(CHILD), MISS)
    play.clock(LATER)
    meeting = StrategyDiscussionScheduled(meeting_id=an_id("meeting"), start_at=day(3))
    play.send(a_linked_event(meeting, child=CHILD, at=LATER))
    play.send(facts.verified(CHILD, LATER, VerifiedFact.CARE_TRANSFERRED, MISSED))
    concern = only(play)

    assert concern.status == "withdrawn"
    assert concern.stays_open == (
        "child-protection-plan",
        "pre-birth-assessment",
        "strategy-discussion",
    )
    assert concern.situation.next_meeting == day(3)
    assert {c.status for c in play.of("R2")} == {"active"}
    assert "cancel" not in f"{concern.why} {concern.asked.sentence}".lower()


def test_the_authority_s_cancellation_is_shown_and_the_plan_stays() -> None:
    play = alarmed()
    meeting = an_id("meeting")
    scheduled = StrategyDiscussionScheduled(meeting_id=meeting, start_at=day(3))
    cancelled = StrategyDiscussionCancelled(
        meeting_id=meeting, reason=CancelReason.FACTS_ESTABLISHED, cancelled_by="sw-4"
    )
    play.send(a_linked_event(scheduled, child=CHILD, at=LATER))
    before = only(play)
    play.send(a_linked_event(cancelled, child=CHILD, at=LATER))
    after = only(play)

    assert before.situation.next_meeting_kind == "strategy-discussion"
    assert after.situation.meeting_cancelled
    assert after.stays_open == ("child-protection-plan",)


def test_who_has_left_the_case_hears_the_withdrawal_only() -> None:
    play = alarmed()
    closed = CHILD.model_copy(update={"open": False, "revision": 4})
    play.send(a_changed_child(closed))
    ended = only(play)
    play.send(facts.appointment(closed, day(1), name="2"))
    play.clock(day(3))
    play.send(facts.verified(closed, LATER, VerifiedFact.PROVIDER_ERROR, MISSED))

    assert (ended.status, ended.withdrawn) == ("ended", "case-closed")
    assert only(play).status == "withdrawn"


def test_whoever_had_it_hears_though_the_policy_names_others_now() -> None:
    play = alarmed()

    def change(data: dict[str, dict[str, dict[str, list[dict[str, object]]]]]) -> None:
        data["rules"]["r1"]["recipients"][0]["owner"] = "designated_nurse"

    play.rules = rules_of(changed_policy(change))
    play.send(facts.verified(CHILD, LATER, VerifiedFact.PROVIDER_ERROR, MISSED))

    assert only(play).asked.owner == "macpt_health_lead"


def test_a_correction_passes_a_disclosure_risk() -> None:
    play = alarmed()
    play.send(facts.risk(CHILD), facts.verified(CHILD, LATER, VerifiedFact.PROVIDER_ERROR, MISSED))

    assert only(play).status == "withdrawn"


def test_a_verified_fact_that_is_itself_taken_back_restores_the_alarm() -> None:
    play = alarmed()
    fact = facts.verified(CHILD, LATER, VerifiedFact.PROVIDER_ERROR, MISSED)
    play.send(fact)
    play.send(
        facts.verified(CHILD, LATER, VerifiedFact.PROVIDER_ERROR, MISSED, version=2, act="retract")
    )

    assert only(play).status == "active"


def test_a_retraction_before_what_it_retracts_leaves_nothing_said() -> None:
    play = Play(day(0, 3))
    play.send(facts.plan(CHILD), facts.appointment(CHILD, day(0), version=2, act="retract"))
    play.clock(LATER)
    play.send(MISS)

    assert play.proposed == []


def test_an_unlinking_before_its_link_leaves_nothing_said() -> None:
    play = Play(day(0, 3))
    play.send(facts.plan(CHILD), an_unlinked_event(MISS, child=NEXT))
    play.clock(LATER)
    play.send(MISS)

    assert play.proposed == []


def test_a_link_made_again_counts_again() -> None:
    play = alarmed()
    play.send(an_unlinked_event(MISS, child=NEXT))
    again = MISS.model_copy(update={"child": CHILD.model_copy(update={"revision": 9})})
    play.send(again)

    assert only(play).status == "active"


def test_a_correction_is_said_once() -> None:
    play = alarmed()
    event = facts.verified(CHILD, LATER, VerifiedFact.PROVIDER_ERROR, MISSED)
    play.send(event)

    assert play.send(event, MISS, event) == []
    assert play.clock(day(3)) == []
