"""R7, guard by guard."""

from __future__ import annotations

from typing import Any

import pytest

from kinbridge_schemas.events.care import PresentationGroup
from kinbridge_schemas.events.knowledge import VerifiedFact
from kinbridge_schemas.events.persons import (
    LookedAfterEnded,
    LookedAfterStarted,
    StandingRequestEnded,
    StandingRequestRecorded,
)
from kinbridge_schemas.linked import ChildRecord, LinkedEvent
from kinbridge_schemas.vocabulary import DisclosureTier, Role, Urgency
from tests.builders import a_child, a_linked_event, fact_of
from tests.services.rules import facts
from tests.services.rules.facts import day
from tests.services.rules.play import Play, an_id, changed_policy

CHILD = a_child(born=day(-5 * 365))
UNBORN = facts.unborn_at(30)
PLAN = facts.plan(CHILD)
ARRIVED = facts.arrival(CHILD, day(0))
LOOKED_AFTER = a_linked_event(
    LookedAfterStarted(episode_id=an_id("episode")), child=CHILD, at=day(-40)
)


def _request(*kinds: str, **changes: Any) -> LinkedEvent:
    detail = StandingRequestRecorded(request_id=an_id("request"), events=kinds, **changes)
    return a_linked_event(detail, child=CHILD, at=day(-2))


def sent(*events: LinkedEvent) -> Play:
    play = Play(day(0))
    play.send(*events)
    return play


def test_an_arrival_is_said_at_once_whatever_the_hour() -> None:
    play = Play(day(-1, -6))
    play.send(PLAN)
    (concern,) = play.send(facts.arrival(CHILD, day(-1, -6)))

    assert concern.rule == "R7"
    assert concern.tier is DisclosureTier.CONTENT
    assert concern.asked.owner == "allocated_social_worker"
    assert concern.asked.copies == ("lcpp", "macpt_health_lead", "emergency_duty_team")
    assert [(f.outcome, f.place, f.service) for f in concern.facts] == [
        ("attended", "Emergency Department", "emergency-department")
    ]
    assert concern.last_seen == day(-1, -6)


URGENT = [
    pytest.param(CHILD, PresentationGroup.OTHER, Urgency.U2, id="other"),
    pytest.param(CHILD, PresentationGroup.UNKNOWN, Urgency.U2, id="unknown"),
    pytest.param(CHILD, PresentationGroup.INJURY, Urgency.U1, id="injury"),
    pytest.param(CHILD, PresentationGroup.SELF_HARM, Urgency.U1, id="self-harm"),
    pytest.param(a_child(born=day(-364)), PresentationGroup.OTHER, Urgency.U1, id="under one"),
    pytest.param(a_child(born=day(-365)), PresentationGroup.OTHER, Urgency.U2, id="one today"),
    pytest.param(a_child(), PresentationGroup.OTHER, Urgency.U2, id="age not known"),
]


@pytest.mark.parametrize(("child", "presentation", "urgency"), URGENT)
def test_urgency(child: ChildRecord, presentation: PresentationGroup, urgency: Urgency) -> None:
    play = sent(facts.plan(child), facts.arrival(child, day(0), presentation=presentation))
    (concern,) = play.of("R7")

    assert concern.urgency is urgency
    assert concern.never_suppressed is (urgency is Urgency.U1)


@pytest.mark.parametrize("presentation", list(PresentationGroup))
def test_why_somebody_came_is_nowhere_to_be_read(presentation: PresentationGroup) -> None:
    play = sent(PLAN, facts.arrival(CHILD, day(0), presentation=presentation))
    (concern,) = play.of("R7")
    told = concern.model_dump_json(exclude={"basis", "asked"})

    assert "presentation" not in told
    assert "injury" not in told
    assert "self-harm" not in told


WHOSE = [
    pytest.param([PLAN, ARRIVED], ["CP"], id="a plan"),
    pytest.param([facts.s47(CHILD), ARRIVED], ["CP"], id="an enquiry without a request"),
    pytest.param(
        [facts.s47(CHILD), _request("ed_attended"), ARRIVED], ["S47"], id="an enquiry that asked"
    ),
    pytest.param(
        [facts.s47(CHILD), _request("admitted"), ARRIVED], ["CP"], id="it asked for another kind"
    ),
    pytest.param(
        [facts.s47(CHILD), _request("ed_attended", until=day(-1)), ARRIVED],
        ["CP"],
        id="the request had run out",
    ),
    pytest.param(
        [
            facts.s47(CHILD),
            _request("ed_attended"),
            a_linked_event(
                StandingRequestEnded(request_id=an_id("request")), child=CHILD, at=day(-1)
            ),
            ARRIVED,
        ],
        ["CP"],
        id="the request had ended",
    ),
    pytest.param([PLAN, _request("ed_attended"), ARRIVED], ["CP"], id="a request, no enquiry"),
    pytest.param([LOOKED_AFTER, ARRIVED], ["LAC"], id="looked after"),
    pytest.param(
        [
            LOOKED_AFTER,
            a_linked_event(LookedAfterEnded(episode_id=an_id("episode")), child=CHILD, at=day(-1)),
            ARRIVED,
        ],
        [],
        id="looked after no longer",
    ),
    pytest.param([ARRIVED], [], id="none of these"),
    pytest.param([PLAN, facts.plan_ended(CHILD, day(-1)), ARRIVED], [], id="the plan had ended"),
    pytest.param([PLAN, facts.plan_ended(CHILD, day(1)), ARRIVED], ["CP"], id="it ended later"),
    pytest.param(
        [PLAN, facts.arrival(CHILD, day(0), relation=Role.SIBLING)], [], id="a sibling came"
    ),
    pytest.param(
        [PLAN, facts.arrival(CHILD, day(0), relation=Role.MOTHER)], [], id="the mother came"
    ),
    pytest.param([PLAN, facts.arrival(CHILD, day(-20))], [], id="long past when it reached us"),
    pytest.param([PLAN, facts.admission(CHILD, day(0))], ["CP"], id="an admission"),
    pytest.param(
        [PLAN, facts.admission(CHILD, day(0), planned=True)], ["CP"], id="a planned admission"
    ),
    pytest.param(
        [facts.plan(UNBORN), facts.arrival(UNBORN, day(0), relation=Role.MOTHER)],
        ["PB"],
        id="the mother of an unborn child",
    ),
    pytest.param(
        [
            facts.plan(UNBORN),
            facts.arrival(UNBORN, day(0), relation=Role.MOTHER),
            facts.lost(UNBORN, day(-1)),
        ],
        [],
        id="the pregnancy had ended",
    ),
    pytest.param(
        [facts.required(UNBORN), facts.arrival(UNBORN, day(0), relation=Role.MOTHER)],
        [],
        id="only an assessment before birth",
    ),
]


@pytest.mark.parametrize(("events", "bases"), WHOSE)
def test_whose_arrival_is_said_and_on_what_ground(
    events: list[LinkedEvent], bases: list[str]
) -> None:
    play = sent(*events)

    assert [c.basis.code for c in play.of("R7") if c.status == "active"] == bases


def test_a_looked_after_child_s_social_worker_and_nurse_hear() -> None:
    (concern,) = sent(LOOKED_AFTER, ARRIVED).of("R7")

    assert concern.asked.owner == "allocated_social_worker"
    assert concern.asked.copies == ("lac_nurse", "emergency_duty_team")


def test_planned_admissions_can_be_left_out() -> None:
    policy = changed_policy(lambda d: d["rules"]["r7"].update(planned_admissions=False))
    play = Play(day(0), policy)
    play.send(PLAN, facts.admission(CHILD, day(0), planned=True))
    play.send(facts.admission(CHILD, day(0), planned=None, name="2"))

    assert len(play.of("R7")) == 1


def test_a_restricted_child_s_place_is_not_said() -> None:
    child = a_child(restriction="sensitive")
    (concern,) = sent(facts.plan(child), facts.arrival(child, day(0))).of("R7")

    assert [(f.place, f.provider) for f in concern.facts] == [(None, None)]


def test_leaving_before_being_seen_is_shown_and_is_not_being_seen() -> None:
    (concern,) = sent(PLAN, facts.arrival(CHILD, day(0), left_before_seen=True)).of("R7")

    assert [f.outcome for f in concern.facts] == ["left-before-seen"]
    assert concern.last_seen is None


def test_each_arrival_is_a_concern_and_a_later_account_of_it_is_not() -> None:
    play = sent(PLAN, ARRIVED, facts.arrival(CHILD, day(0), version=2, left_before_seen=True))
    play.send(facts.arrival(CHILD, day(0, 1), name="2"))

    assert len(play.of("R7")) == 2


def test_an_arrival_verified_as_somebody_else_s_is_taken_back() -> None:
    fact = fact_of(ARRIVED)
    play = sent(PLAN, ARRIVED, facts.verified(CHILD, day(0), VerifiedFact.WRONG_PERSON, fact))

    assert [(c.status, c.withdrawn) for c in play.of("R7")] == [("withdrawn", "wrong-person")]


def test_who_may_see_existence_only_does_not_see_why_it_is_urgent() -> None:
    policy = changed_policy(lambda d: d["rules"]["r7"]["recipients"][0].update(tier="existence"))
    play = Play(day(0), policy)
    play.send(PLAN, facts.arrival(CHILD, day(0), presentation=PresentationGroup.INJURY))
    (concern,) = play.of("R7")

    assert concern.urgency is Urgency.U1
    assert concern.facts == ()
    assert "Health has information" in concern.why
    assert concern.asked.what == "speak-to-health"
