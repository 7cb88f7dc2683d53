"""R2, guard by guard."""

from __future__ import annotations

import pytest

from kinbridge_schemas.events.knowledge import VerifiedFact
from kinbridge_schemas.linked import LinkedEvent
from kinbridge_schemas.vocabulary import DisclosureTier, Urgency
from tests.builders import a_changed_child
from tests.services.rules import facts
from tests.services.rules.facts import MONDAY, day
from tests.services.rules.play import Play

CHILD = facts.unborn_at(28)
"""28 weeks on Monday."""


def test_it_is_said_when_the_desk_opens_on_the_day_of_the_threshold() -> None:
    play = Play(day(-3))
    play.send(facts.required(CHILD))
    due = play.state.due
    before = play.clock(day(0, -0.5))
    said = play.clock(day(0))

    assert before == []
    assert due == MONDAY
    assert {(c.arm, c.asked.owner, c.urgency, c.tier) for c in said} == {
        ("family-help", "family_help_lead_practitioner", Urgency.U3, DisclosureTier.CONTENT),
        ("macpt", "macpt_health_lead", Urgency.U3, DisclosureTier.CONTENT),
    }
    assert {c.basis.code for c in said} == {"PB"}
    assert play.state.due == day(28, 1)  # winter time


def test_it_tells_nothing_of_health() -> None:
    play = Play(day(-3))
    play.send(facts.required(CHILD), facts.assessment(CHILD, day(-10), of_kind="pre-birth"))
    (concern, _) = play.clock(day(0))

    assert [(f.outcome, f.provider, f.place) for f in concern.facts] == [
        ("pre-birth-assessment-started", None, None)
    ]
    assert concern.stays_open == ("pre-birth-assessment",)


def test_a_late_referral_fires_the_latest_threshold_once() -> None:
    child = facts.unborn_at(35)
    play = Play(day(0, 1))
    play.send(facts.required(child, day(0)))
    said = play.clock(day(0, 1.01))
    later = play.clock(day(0, 5))

    assert len(said) == 2
    assert {c.threshold for c in said} == {"Pre-birth assessment authorised by 34 weeks."}
    assert later == []


def test_a_further_threshold_revises_the_same_concern_more_urgently() -> None:
    play = Play(day(-1))
    play.send(facts.required(CHILD))
    first = play.clock(day(0))
    play.clock(day(28, 1))
    play.clock(day(42, 1))
    last = play.clock(day(56, 1))

    assert {c.concern for c in first} == {c.concern for c in last}
    assert {c.urgency for c in last} == {Urgency.U2}
    assert {c.threshold for c in last} == {"Pre-birth assessment authorised by 36 weeks."}
    assert play.state.due is None


ENDS = [
    pytest.param([facts.authorised(CHILD, day(0))], "ended", "authorised", id="authorised"),
    pytest.param(
        [facts.authorised(CHILD, day(0), "other", of_kind="pre-birth")],
        "ended",
        "authorised",
        id="authorised as pre-birth, by another id",
    ),
    pytest.param([facts.waived(CHILD, day(0))], "ended", "waived", id="waived"),
    pytest.param([facts.birth(CHILD, day(0))], "ended", "born", id="born"),
    pytest.param(
        [
            a_changed_child(
                CHILD.model_copy(update={"unborn": False, "born": day(0), "revision": 2})
            )
        ],
        "ended",
        "born",
        id="the registry says born",
    ),
    pytest.param(
        [facts.lost(CHILD, day(0))], "withdrawn", "no-longer-applies", id="pregnancy ended"
    ),
    pytest.param(
        [facts.birth(CHILD, day(0), live=False)],
        "withdrawn",
        "no-longer-applies",
        id="stillborn",
    ),
]


@pytest.mark.parametrize(("events", "status", "reason"), ENDS)
def test_what_ends_it(events: list[LinkedEvent], status: str, reason: str) -> None:
    play = Play(day(-1))
    play.send(facts.required(CHILD))
    play.clock(day(0))
    play.send(*events)
    later = play.clock(day(60))

    assert {(c.status, c.withdrawn) for c in play.of("R2")} == {(status, reason)}
    assert [c for c in later if c.rule == "R2"] == []


@pytest.mark.parametrize(("events", "status", "reason"), ENDS)
def test_what_ended_before_is_never_said(
    events: list[LinkedEvent], status: str, reason: str
) -> None:
    del status, reason
    play = Play(day(-1))
    play.send(facts.required(CHILD), *events)
    play.clock(day(60))

    assert play.of("R2") == []


NEVER_ENDS = [
    pytest.param(facts.authorised(CHILD, day(0), "other"), id="another assessment is authorised"),
    pytest.param(
        facts.verified(CHILD, day(0), VerifiedFact.CARE_TRANSFERRED, facts.missed_fact(CHILD)),
        id="a fact that health verified",
    ),
    pytest.param(facts.plan_ended(CHILD, day(0)), id="the plan has ended"),
]


@pytest.mark.parametrize("event", NEVER_ENDS)
def test_what_does_not_end_it(event: LinkedEvent) -> None:
    play = Play(day(-1))
    play.send(facts.required(CHILD))
    play.clock(day(0))
    play.send(event)
    play.clock(day(28))

    assert {c.status for c in play.of("R2")} == {"active"}


def test_an_assessment_of_no_kind_is_not_taken_for_a_pre_birth_one() -> None:
    play = Play(day(-1))
    play.send(facts.assessment(CHILD, day(-2)))
    play.clock(day(60))

    assert play.of("R2") == []


def test_without_an_expected_date_there_is_no_threshold() -> None:
    child = facts.unborn_at(None)
    play = Play(day(-1))
    play.send(facts.required(child))

    assert play.state.due is None


def test_a_fact_between_two_clock_records_brings_no_deadline_forward() -> None:
    play = Play(day(0, 1))
    said = play.send(facts.required(CHILD, day(0)))

    assert said == []
    assert len(play.clock(day(0, 1.001))) == 2


def test_a_later_date_takes_it_back_and_says_it_again_in_time() -> None:
    play = Play(day(-1))
    play.send(facts.required(CHILD))
    play.clock(day(0))
    play.send(facts.edd(CHILD, facts.edd_at(24, MONDAY), day(0)))
    between = {c.status for c in play.of("R2")}
    play.clock(day(28, 1))

    assert between == {"withdrawn"}
    assert {c.status for c in play.of("R2")} == {"active"}
