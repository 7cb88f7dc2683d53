"""R1, guard by guard."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kinbridge.rules.finding import concern_id
from kinbridge_schemas.events.knowledge import VerifiedFact
from kinbridge_schemas.linked import ChildRecord, LinkedEvent, Related
from kinbridge_schemas.vocabulary import (
    AppointmentStatus,
    DisclosureTier,
    InputStatus,
    Provider,
    Role,
    Urgency,
)
from tests.builders import PSEUDONYMS, detail_and_fact
from tests.services.rules import facts
from tests.services.rules.facts import MONDAY, day
from tests.services.rules.play import Play, an_id, changed_policy

CHILD = facts.unborn_at(37)
MISS = facts.appointment(CHILD, day(0))
AFTER = day(0, 3)
"""The clinic has closed an hour ago."""


def played(
    *events: LinkedEvent, child: ChildRecord = CHILD, weeks_under_plan: bool = True
) -> Play:
    play = Play(day(-1))
    if weeks_under_plan:
        play.send(facts.plan(child))
    play.clock(day(0, 1.5))
    play.send(*events)
    play.clock(AFTER)
    return play


def test_one_miss_under_a_plan_is_said_when_the_clinic_has_closed() -> None:
    play = Play(day(-1))
    play.send(facts.plan(CHILD))
    play.clock(day(0, 1))
    early = play.send(MISS)
    due = play.state.due
    said = play.clock(day(0, 2))

    assert early == []
    assert due == day(0, 2)
    assert [(c.rule, c.status, c.urgency, c.arm) for c in said] == [
        ("R1", "active", Urgency.U1, "macpt")
    ]


def test_what_is_said_is_complete() -> None:
    (concern,) = played(MISS).of("R1")

    assert concern.tier is DisclosureTier.CONTENT
    assert concern.basis.code == "PB"
    assert concern.whom.label == "Unborn baby"
    assert concern.whom.edd == CHILD.edd
    assert concern.whom.edd_source == "authority"
    assert concern.whom.gestation_days == 37 * 7
    assert concern.situation.protection_plan
    assert [(f.outcome, f.occurred.at, f.provider) for f in concern.facts] == [
        ("did-not-attend", day(0), "Hospital Here")
    ]
    assert {c.what for c in concern.checks} == {
        "rebooking",
        "transfer-of-care",
        "hospital-that-day",
        "birth",
    }
    assert {c.answer for c in concern.checks} == {InputStatus.NO_DATA}
    assert concern.asked.owner == "macpt_health_lead"
    assert concern.asked.cover == "deputy_health_lead"
    assert concern.asked.copies == (
        "lcpp",
        "family_help_lead_practitioner",
        "named_safeguarding_midwife",
    )
    assert concern.asked.by == day(0, 3)
    assert "case holder stays responsible" in concern.asked.sentence
    assert "5 October 2026" in concern.why
    assert concern.stays_open == ("child-protection-plan",)
    assert "speak-to-lead-practitioner-first" in concern.handling
    assert {c.role for c in concern.contacts} >= {"macpt_health_lead", "out_of_hours"}


NO_MISS = [
    pytest.param(
        [facts.appointment(CHILD, day(0), AppointmentStatus.ATTENDED)], id="it was attended"
    ),
    pytest.param(
        [facts.appointment(CHILD, day(0), AppointmentStatus.CANCELLED_BY_PROVIDER)],
        id="the provider cancelled it",
    ),
    pytest.param(
        [facts.appointment(CHILD, day(0), AppointmentStatus.CANCELLED_BY_PATIENT)],
        id="the mother cancelled it",
    ),
    pytest.param([facts.appointment(CHILD, day(0), AppointmentStatus.UNKNOWN)], id="nobody knows"),
    pytest.param(
        [facts.appointment(CHILD, day(0), AppointmentStatus.TRANSFERRED)],
        id="it was moved to another provider",
    ),
    pytest.param(
        [facts.appointment(CHILD, day(0), AppointmentStatus.CAME_TOO_LATE)],
        id="she came too late to be seen",
    ),
    pytest.param(
        [
            MISS,
            facts.appointment(
                CHILD,
                day(2),
                AppointmentStatus.BOOKED,
                name="2",
                replaces="1",
                observed=day(0, 1),
            ),
        ],
        id="it was rebooked before the clinic closed",
    ),
    pytest.param([MISS, facts.transferred(CHILD, day(-2))], id="care moved and was accepted"),
    pytest.param(
        [MISS, facts.arrival(CHILD, day(0, -5), relation=Role.MOTHER)],
        id="the mother was in the emergency department that day",
    ),
    pytest.param(
        [MISS, facts.admission(CHILD, day(-2), relation=Role.MOTHER)],
        id="the mother was admitted and not discharged",
    ),
    pytest.param([MISS, facts.birth(CHILD, day(0, -4))], id="the birth was that day"),
    pytest.param([MISS, facts.birth(CHILD, day(-3))], id="the birth was before"),
    pytest.param([MISS, facts.lost(CHILD, day(-3))], id="the pregnancy has ended"),
    pytest.param([MISS, facts.birth(CHILD, day(-3), live=False)], id="the child was stillborn"),
    pytest.param(
        [
            MISS,
            facts.verified(
                CHILD, day(0), VerifiedFact.ATTENDED_ELSEWHERE, facts.missed_fact(CHILD)
            ),
        ],
        id="somebody verified that it was attended elsewhere",
    ),
    pytest.param([facts.appointment(CHILD, day(0), act="retract")], id="the source took it back"),
    pytest.param(
        [facts.appointment(CHILD, day(0), relation=Role.SIBLING)],
        id="it was another person's appointment",
    ),
]


@pytest.mark.parametrize("events", NO_MISS)
def test_no_miss_is_said(events: list[LinkedEvent]) -> None:
    assert played(*events).of("R1") == []


STILL_A_MISS = [
    pytest.param(
        facts.appointment(
            CHILD, day(2), AppointmentStatus.BOOKED, name="2", replaces="1", observed=day(0, 2.5)
        ),
        id="rebooked after the clinic closed",
    ),
    pytest.param(
        facts.appointment(
            CHILD,
            day(2),
            AppointmentStatus.CANCELLED_BY_PROVIDER,
            name="2",
            replaces="1",
            observed=day(0, 1),
        ),
        id="the rebooked one is cancelled",
    ),
    pytest.param(facts.transferred(CHILD, day(-2), accepted=False), id="transfer not accepted"),
    pytest.param(facts.transferred(CHILD, day(-2), accepted=None), id="acceptance unknown"),
    pytest.param(facts.transferred(CHILD, day(1)), id="care moved afterwards"),
    pytest.param(
        facts.transferred(CHILD, day(-2), to_provider=facts.HERE, from_provider=facts.THERE),
        id="missed at the new provider",
    ),
    pytest.param(
        facts.transferred(CHILD, day(-2), from_provider=Provider(ods="RYJ")),
        id="a transfer between others",
    ),
    pytest.param(
        facts.arrival(CHILD, day(-1), relation=Role.MOTHER), id="in hospital the day before"
    ),
    pytest.param(
        facts.arrival(CHILD, day(0), relation=Role.FATHER), id="the father was in hospital"
    ),
    pytest.param(
        facts.verified(CHILD, day(0), VerifiedFact.ATTENDED_ELSEWHERE, an_id("fact", "other")),
        id="another fact was verified",
    ),
]


@pytest.mark.parametrize("other", STILL_A_MISS)
def test_it_is_still_a_miss(other: LinkedEvent) -> None:
    (concern,) = played(MISS, other).of("R1")

    assert concern.status == "active"


def test_a_booking_after_the_miss_is_the_next_appointment() -> None:
    booked = facts.appointment(
        CHILD, day(2), AppointmentStatus.BOOKED, name="2", replaces="1", observed=day(0, 2.5)
    )
    (concern,) = played(MISS, booked).of("R1")

    assert concern.next_appointment == day(2)
    assert ("rebooking", InputStatus.DATA) in {(c.what, c.answer) for c in concern.checks}


def test_a_second_miss_is_an_item_of_its_own() -> None:
    second = facts.appointment(CHILD, day(-4), name="2")
    play = played(second, MISS)

    assert len(play.of("R1")) == 2
    assert sorted(len(c.facts) for c in play.of("R1")) == [1, 2]
    assert any("miss number 2" in c.why for c in play.of("R1"))


THRESHOLDS = [
    pytest.param(29, ["1"], 1, id="from 28 weeks one miss is enough"),
    pytest.param(28, ["1"], 1, id="at 28 weeks exactly"),
    pytest.param(27.9, ["1"], 0, id="below, one is not"),
    pytest.param(20, ["1", "2"], 1, id="below, the second within 28 days is"),
    pytest.param(None, ["1"], 0, id="without an expected date, one is not"),
    pytest.param(None, ["1", "2"], 1, id="without an expected date, two are"),
]


@pytest.mark.parametrize(("weeks", "misses", "count"), THRESHOLDS)
def test_thresholds_below_a_plan(weeks: float | None, misses: list[str], count: int) -> None:
    child = facts.unborn_at(weeks)
    events = [facts.appointment(child, day(-5 * i), name=name) for i, name in enumerate(misses)]
    play = Play(day(-1))
    play.send(facts.required(child), *events)
    play.clock(day(1, 3))

    concerns = play.of("R1")

    assert len(concerns) == count
    assert {c.tier for c in concerns} <= {DisclosureTier.EXISTENCE}


def test_two_misses_further_apart_than_the_window_do_not_count() -> None:
    child = facts.unborn_at(20)
    play = Play(day(-29))
    play.send(facts.required(child, day(-40)), facts.appointment(child, day(-29), name="2"))
    play.clock(day(0, 1))
    play.send(facts.appointment(child, day(0)))
    play.clock(day(1))

    assert play.of("R1") == []


def test_a_first_miss_that_is_disproved_takes_the_second_with_it() -> None:
    child = facts.unborn_at(20)
    first = facts.appointment(child, day(-5), name="2")
    play = Play(day(0, 3))
    play.send(facts.required(child), first, facts.appointment(child, day(0)))
    play.clock(day(0, 4))
    (before,) = play.of("R1")
    play.send(
        facts.verified(
            child, day(0, 4), VerifiedFact.PROVIDER_ERROR, facts.missed_fact(child, "2")
        )
    )
    (after,) = play.of("R1")

    assert (before.status, after.status) == ("active", "withdrawn")


def test_nothing_is_said_without_a_plan_an_enquiry_or_an_assessment() -> None:
    assert played(MISS, weeks_under_plan=False).of("R1") == []


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        pytest.param(facts.s47(CHILD), 1, id="an open enquiry"),
        pytest.param(facts.assessment(CHILD, day(-9), of_kind="pre-birth"), 1, id="an assessment"),
        pytest.param(facts.assessment(CHILD, day(-9)), 0, id="an assessment of another kind"),
        pytest.param(facts.plan(CHILD, day(10)), 1, id="a plan that began within the window"),
        pytest.param(facts.plan(CHILD, day(29)), 0, id="a plan that began after it"),
    ],
)
def test_what_puts_a_child_at_risk(plan: LinkedEvent, said: int) -> None:
    play = Play(day(-10))
    play.send(plan)
    play.clock(day(0, 2.5))
    play.send(MISS)

    assert len(play.of("R1")) == said


def test_a_plan_that_had_ended_counts_no_longer() -> None:
    play = Play(day(-10))
    play.send(facts.plan(CHILD), facts.plan_ended(CHILD, day(-5)))
    play.clock(day(0, 2.5))
    play.send(MISS)

    assert play.of("R1") == []


def test_below_36_weeks_a_miss_of_the_evening_waits_for_the_desk() -> None:
    child = facts.unborn_at(35)
    play = Play(day(0))
    play.send(facts.plan(child), facts.appointment(child, day(0, 8)))
    evening = play.clock(day(0, 11))
    morning = play.clock(day(1, 0))

    assert evening == []
    assert [c.urgency for c in morning] == [Urgency.U2]


def test_below_36_weeks_what_is_recorded_at_night_waits_for_the_desk() -> None:
    child = facts.unborn_at(35)
    play = Play(day(0, 15))
    play.send(facts.plan(child), facts.appointment(child, day(0)))

    assert play.clock(day(0, 16)) == []
    assert len(play.clock(day(1))) == 1


def test_from_36_weeks_a_miss_of_the_evening_does_not_wait() -> None:
    child = facts.unborn_at(36)
    play = Play(day(0))
    play.send(facts.plan(child), facts.appointment(child, day(0, 8)))

    assert [c.urgency for c in play.clock(day(0, 10))] == [Urgency.U1]


def test_a_friday_evening_waits_for_monday() -> None:
    child = facts.unborn_at(30)
    play = Play(day(4))
    play.send(facts.plan(child), facts.appointment(child, day(4, 8)))

    assert play.clock(day(6)) == []
    assert len(play.clock(day(7))) == 1


def test_without_a_hold_it_is_said_at_once() -> None:
    policy = changed_policy(lambda d: d["rules"]["r1"].update(hold="none"))
    play = Play(day(0), policy)

    assert len(play.send(facts.plan(CHILD), MISS)) == 1


def test_the_clinic_end_is_taken_to_be_four_hours_on_where_nobody_says() -> None:
    start = day(0)
    miss = facts.appointment(CHILD, start)
    detail = detail_and_fact(miss)[0].model_copy(update={"clinic_end": None})
    unsaid = miss.model_copy(
        update={"happened": miss.happened.model_copy(update={"detail": detail})}
    )
    play = Play(start)
    play.send(facts.plan(CHILD), unsaid)

    assert play.state.due == start + timedelta(hours=4)


def test_maternity_s_date_outranks_the_authority_s() -> None:
    child = facts.unborn_at(37)
    play = Play(day(-1))
    play.send(facts.plan(child), facts.edd(child, facts.edd_at(30, MONDAY), day(-2)))
    play.clock(day(0, 3))
    (concern,) = play.send(facts.appointment(child, day(0)))

    assert concern.urgency is Urgency.U2
    assert concern.whom.edd_source == "maternity"
    assert concern.whom.gestation_days == 30 * 7


@pytest.mark.parametrize(
    "child",
    [
        pytest.param(facts.unborn_at(37, restriction="sensitive"), id="the child's record"),
        pytest.param(
            facts.unborn_at(
                37,
                related=(
                    Related(
                        person=PSEUDONYMS.person("mother"),
                        relation=Role.MOTHER,
                        restriction="sensitive",
                    ),
                ),
            ),
            id="its mother's",
        ),
    ],
)
def test_a_restricted_record_shows_no_place(child: ChildRecord) -> None:
    play = Play(day(0, 3))
    play.send(facts.plan(child), facts.appointment(child, day(0)))
    (concern,) = play.of("R1")

    assert {f.provider for f in concern.facts} == {None}
    assert concern.whom.restriction == "sensitive"
    assert "restricted-record" in concern.handling


def test_a_source_that_is_behind_leaves_its_checks_stale() -> None:
    play = Play(day(0, 3))
    play.send(facts.plan(CHILD), MISS, recorded=day(0, 6))
    (concern,) = play.of("R1")

    assert {c.answer for c in concern.checks} == {InputStatus.STALE}


def test_a_miss_after_the_birth_is_none() -> None:
    born = CHILD.model_copy(update={"unborn": False, "born": day(-3), "revision": 2})

    assert played(facts.appointment(born, day(0))).of("R1") == []


def test_the_mother_s_appointment_says_nothing_of_a_child_long_born() -> None:
    sibling = CHILD.model_copy(update={"unborn": False, "born": day(-900), "edd": None})
    play = Play(day(0, 3))
    play.send(facts.plan(sibling), facts.appointment(sibling, day(0)))

    assert play.of("R1") == []


def test_an_existence_reader_can_correct_the_concern_itself() -> None:
    child = facts.unborn_at(30)
    play = Play(day(0, 3))
    play.send(facts.required(child), facts.appointment(child, day(0)))
    (told,) = play.of("R1")
    play.send(facts.verified(child, day(0, 3), VerifiedFact.CARE_TRANSFERRED, told.concern))
    (after,) = play.of("R1")

    assert told.facts == ()
    assert told.concern == concern_id("R1", child.child, "macpt", facts.missed_fact(child))
    assert after.status == "withdrawn"
    assert after.withdrawn == "no-longer-applies"
