"""R3, guard by guard."""

from __future__ import annotations

import pytest

from kinbridge_schemas.events.knowledge import VerifiedFact
from kinbridge_schemas.events.persons import UnbornBorn
from kinbridge_schemas.events.protection import CoreGroupHeld, ReviewHeld
from kinbridge_schemas.linked import ChildRecord, LinkedEvent, Related
from kinbridge_schemas.vocabulary import Precision, Role, Urgency
from tests.builders import PSEUDONYMS, a_linked_event, fact_of
from tests.services.rules import facts
from tests.services.rules.facts import day
from tests.services.rules.play import Play, an_id

CHILD = facts.unborn_at(39)
BIRTH = facts.birth(CHILD, day(0))
NIGHT = day(-0.5)


def born(*events: LinkedEvent, child: ChildRecord = CHILD) -> Play:
    play = Play(day(-1))
    play.send(facts.plan(child))
    play.clock(day(0, 0.1))
    play.send(*events)
    return play


def test_a_birth_is_said_at_once_and_completely() -> None:
    (concern,) = born(BIRTH).of("R3")

    assert concern.urgency is Urgency.U1
    assert concern.never_suppressed
    assert concern.basis.code == "CP"
    assert concern.asked.owner == "lcpp"
    assert set(concern.asked.copies) == {
        "allocated_social_worker",
        "emergency_duty_team",
        "macpt_health_lead",
        "safeguarding_nurse_0_19",
        "named_safeguarding_midwife",
    }
    assert [(f.outcome, f.place) for f in concern.facts] == [("live-birth", "Hospital Here")]
    assert concern.whom.label == "Newborn baby"
    assert concern.whom.born == day(0)
    assert concern.stays_open == ("child-protection-plan", "review-or-core-group-by-2026-10-15")
    assert "15 October 2026" in concern.threshold
    assert "20 days" in concern.threshold
    assert "NHS number" in concern.asked.sentence


def test_a_birth_at_night_is_said_at_night() -> None:
    play = Play(NIGHT)
    play.send(facts.plan(CHILD))

    assert len(play.send(facts.birth(CHILD, NIGHT))) == 1


AT_RISK = [
    pytest.param([facts.plan(CHILD)], "CP", id="a plan"),
    pytest.param([facts.s47(CHILD)], "CP", id="an open enquiry"),
    pytest.param([facts.required(CHILD)], "CIN", id="a pre-birth assessment"),
    pytest.param([facts.s47(CHILD), facts.s47_ended(CHILD, day(-1))], None, id="an ended enquiry"),
    pytest.param([], None, id="nothing"),
]


@pytest.mark.parametrize(("events", "basis"), AT_RISK)
def test_whose_birth_is_said(events: list[LinkedEvent], basis: str | None) -> None:
    play = Play(day(0, 0.1))
    play.send(*events)
    play.clock(day(0, 0.2))
    play.send(BIRTH)

    assert [c.basis.code for c in play.of("R3")] == ([basis] if basis else [])


NEVER = [
    pytest.param([facts.birth(CHILD, day(0), live=False)], id="a stillbirth"),
    pytest.param([BIRTH, facts.lost(CHILD, day(0))], id="the pregnancy ended"),
    pytest.param([facts.birth(CHILD, day(-20))], id="long past when it reached us"),
]


@pytest.mark.parametrize("events", NEVER)
def test_what_is_never_said_as_a_birth(events: list[LinkedEvent]) -> None:
    assert [c for c in born(*events).of("R3") if c.status == "active"] == []


def test_a_stillbirth_says_nothing_at_all() -> None:
    assert born(facts.birth(CHILD, day(0), live=False)).proposed == []


def test_a_correction_to_stillbirth_takes_it_back_without_saying_why() -> None:
    play = born(BIRTH)
    play.send(facts.birth(CHILD, day(0), live=False, version=2))
    (concern,) = play.of("R3")

    assert (concern.status, concern.withdrawn) == ("withdrawn", "no-longer-applies")
    assert concern.facts == ()
    assert "speak to the health lead" in concern.why


def test_where_the_outcome_is_not_stated_a_person_asks_maternity_first() -> None:
    (concern,) = born(facts.birth(CHILD, day(0), live=None)).of("R3")

    assert [f.outcome for f in concern.facts] == ["outcome-not-stated"]
    assert "confirm-with-maternity-before-contact" in concern.handling
    assert "before anybody contacts the family" in concern.asked.sentence


def test_two_sources_of_one_birth_are_one_concern() -> None:
    recorded = a_linked_event(
        UnbornBorn(), child=CHILD, at=day(0, -8), precision=Precision.DAY, relation=Role.UNBORN
    )
    play = born(BIRTH, recorded)

    assert len(play.of("R3")) == 1
    assert [len(c.facts) for c in play.of("R3")] == [2]


def test_twins_are_two_concerns() -> None:
    play = born(
        facts.birth(CHILD, day(0), births=2, birth_order=1),
        facts.birth(CHILD, day(0, 0.05), births=2, birth_order=2),
    )

    assert len(play.of("R3")) == 2


def test_a_sibling_s_birth_is_not_the_child_s() -> None:
    sibling = CHILD.model_copy(update={"unborn": False, "born": day(-900), "edd": None})
    play = born(
        BIRTH.model_copy(
            update={
                "child": sibling,
                "happened": BIRTH.happened.model_copy(update={"relation": Role.SIBLING}),
            }
        ),
        child=sibling,
    )

    assert play.of("R3") == []


def test_the_baby_takes_its_mother_s_restriction_until_its_own_is_known() -> None:
    mother = Related(
        person=PSEUDONYMS.person("mother"), relation=Role.MOTHER, restriction="very-restricted"
    )
    child = facts.unborn_at(39, related=(mother,))
    (concern,) = born(facts.birth(child, day(0)), child=child).of("R3")

    assert concern.whom.restriction == "very-restricted"
    assert [(f.place, f.provider) for f in concern.facts] == [(None, None)]


@pytest.mark.parametrize(
    "held",
    [
        pytest.param(CoreGroupHeld(plan_id=an_id("plan")), id="core group"),
        pytest.param(ReviewHeld(plan_id=an_id("plan")), id="review conference"),
    ],
)
def test_the_clock_of_ten_days(held: CoreGroupHeld | ReviewHeld) -> None:
    play = born(BIRTH)
    on_time = play.clock(day(10, 14.9))
    late = play.clock(day(10, 15))
    play.send(a_linked_event(held, child=CHILD, at=day(11)))
    (after,) = play.of("R3")

    assert on_time == []
    assert "review-or-core-group-late-since-2026-10-15" in late[0].stays_open
    assert after.stays_open == ("child-protection-plan",)


def test_a_birth_verified_as_the_wrong_person_s_is_taken_back() -> None:
    play = born(BIRTH)
    fact = fact_of(BIRTH)
    play.send(facts.verified(CHILD, day(0), VerifiedFact.WRONG_PERSON, fact))

    assert [(c.status, c.withdrawn) for c in play.of("R3")] == [("withdrawn", "wrong-person")]


def test_a_missed_appointment_after_the_birth_is_not_said() -> None:
    play = born(BIRTH, facts.appointment(CHILD, day(1)))
    play.clock(day(2))

    assert play.of("R1") == []
