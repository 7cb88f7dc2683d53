"""Providers are asked for care once for each reason, on a ground, and on record."""

from __future__ import annotations

from itertools import permutations
from typing import Any, Final

import pytest

from kinbridge_schemas.base import derive_id
from kinbridge_schemas.concerns import SharingDecision
from kinbridge_schemas.disclosure import disclose
from kinbridge_schemas.events.contact import ReferralReceived
from kinbridge_schemas.events.knowledge import CareRetrieved
from kinbridge_schemas.events.protection import (
    StrategyDiscussionCancelled,
    StrategyDiscussionRequested,
)
from kinbridge_schemas.identifiers import NhsNumber
from kinbridge_schemas.linked import ChildRecord, LinkedEvent, Related
from kinbridge_schemas.retrieval import CareWanted, Retrieval
from kinbridge_schemas.vocabulary import DisclosureTier, InputStatus, Role
from tests.builders import PSEUDONYMS, a_changed_child, a_child, a_linked_event
from tests.services.rules.facts import (
    arrival,
    birth,
    day,
    lost,
    plan,
    risk,
    risk_cleared,
    s47,
    unborn_at,
)
from tests.services.rules.play import Play, changed_policy

HOSPITAL: Final = "example-hospital"
CHILD: Final = NhsNumber("9000000017")
MOTHER: Final = NhsNumber("9000000009")
STRANGER: Final = NhsNumber("9000000033")


def asking(**changes: Any) -> Play:
    """A play under Lewisham's policy, with a server that may be asked."""
    given = {"servers": [HOSPITAL]} | changes
    return Play(day(0), changed_policy(lambda data: data["care"].update(given)))


def a_born(**changes: Any) -> ChildRecord:
    mother = Related(person=PSEUDONYMS.person("1"), relation=Role.MOTHER, nhs_number=MOTHER)
    given: dict[str, Any] = {"nhs_number": CHILD, "related": (mother,)}
    return a_child(**(given | changes))


def an_expected(**changes: Any) -> ChildRecord:
    mother = Related(person=PSEUDONYMS.person("1"), relation=Role.MOTHER, nhs_number=MOTHER)
    return unborn_at(30, **({"related": (mother,)} | changes))


def referral(child: ChildRecord) -> LinkedEvent:
    detail = ReferralReceived(referral_id=derive_id("referral", "1"))
    return a_linked_event(detail, child=child, at=day(-1))


def discussion(child: ChildRecord, name: str = "1", back: int = 1) -> LinkedEvent:
    at = day(-back)
    detail = StrategyDiscussionRequested(meeting_id=derive_id("meeting", name), decision_at=at)
    return a_linked_event(detail, child=child, at=at)


def cancelled(child: ChildRecord) -> LinkedEvent:
    detail = StrategyDiscussionCancelled.model_validate(
        {"meeting_id": derive_id("meeting", "1"), "reason": "not-needed", "cancelled_by": "sw-1"}
    )
    return a_linked_event(detail, child=child, at=day(0))


def wanted(question: Retrieval) -> CareWanted:
    assert isinstance(question.wanted, CareWanted)
    return question.wanted


def steps(play: Play, *events: LinkedEvent) -> list[Retrieval]:
    """Tell events, let the clock move once, and give what has been asked in all."""
    play.send(*events)
    play.clock(day(0, 1))
    return play.asked


def questions_decided(play: Play) -> list[SharingDecision]:
    return [d for d in play.decisions if d.asked is not None]


def test_nobody_is_asked_before_the_clock_has_moved() -> None:
    play = asking()
    play.send(referral(a_born()), plan(a_born()))

    assert play.asked == []
    assert play.state.due is not None


def test_an_open_case_without_a_plan_asks_only_whether_there_is_anything() -> None:
    (question,) = steps(asking(), referral(a_born()))

    assert (question.destination, question.why) == (HOSPITAL, "case-opened")
    assert (question.nhs_number, question.relation) == (CHILD, Role.CHILD)
    assert wanted(question).tier is DisclosureTier.EXISTENCE
    assert (wanted(question).kinds, wanted(question).basis) == (("Appointment",), "CIN")


@pytest.mark.parametrize(
    ("event", "why"),
    [
        pytest.param(plan(a_born(), day(-3)), "protection-plan", id="a plan"),
        pytest.param(s47(a_born()), "section-47", id="an enquiry"),
    ],
)
def test_under_protection_what_care_there_was_is_asked(event: LinkedEvent, why: str) -> None:
    (question,) = steps(asking(), event)

    assert (question.why, wanted(question).basis) == (why, "CP")
    assert wanted(question).tier is DisclosureTier.CONTENT
    assert wanted(question).kinds == ("Appointment", "Encounter")
    assert (question.asked - wanted(question).since).days == 366


def test_a_strategy_discussion_asks_anew_for_its_own_reason() -> None:
    play = asking()
    steps(play, plan(a_born(), day(-3)))
    play.send(discussion(a_born()))
    play.clock(day(0, 2))
    first, second = play.asked

    assert [first.why, second.why] == ["protection-plan", "strategy-discussion"]
    assert first.id != second.id


def test_what_began_together_is_one_question_for_the_gravest_reason() -> None:
    play = asking()
    steps(play, referral(a_born()), plan(a_born(), day(-3)), discussion(a_born()))
    play.clock(day(3))

    assert [q.why for q in play.asked] == ["strategy-discussion"]


@pytest.mark.parametrize(
    "back",
    [pytest.param(20, id="long ago"), pytest.param(1, id="and cancelled")],
)
def test_a_discussion_that_is_past_asks_nobody(back: int) -> None:
    child = a_born()
    over = (cancelled(child),) if back == 1 else ()
    questions = steps(asking(), referral(child), discussion(child, back=back), *over)

    assert [q.why for q in questions] == ["case-opened"]


def test_of_an_unborn_child_the_mothers_care_is_asked_for() -> None:
    (question,) = steps(asking(), plan(an_expected(), day(-3)))

    assert (question.nhs_number, question.relation) == (MOTHER, Role.MOTHER)
    assert wanted(question).basis == "PB"


def test_of_a_main_carer_only_whether_there_is_anything_and_only_if_policy_says_so() -> None:
    play = asking(
        whose=["child", "main-carer"],
        resources={"content": ["Appointment", "Encounter"], "existence": ["Encounter"]},
    )
    of_child, of_carer = steps(play, plan(a_born(), day(-3)))

    assert (of_child.relation, of_carer.relation) == (Role.CHILD, Role.MOTHER)
    assert wanted(of_carer).tier is DisclosureTier.EXISTENCE
    assert wanted(of_carer).kinds == ("Encounter",)


def test_of_a_mother_who_is_main_carer_nobody_reads_who_knows_her() -> None:
    play = asking(
        servers=["mental-health-trust"],
        whose=["main-carer"],
        resources={"content": ["Encounter"], "existence": ["Encounter"]},
    )
    child = a_born()
    (question,) = steps(play, plan(child, day(-3)))
    found = CareRetrieved(
        retrieval=question.id,
        server="mental-health-trust",
        asked_for="encounters",
        of=Role.MOTHER,
        why=question.why,
        status=InputStatus.DATA,
        since=wanted(question).since,
    )
    play.send(arrival(child, day(0)))
    awaited = {c.what for c in play.of("R7")[0].checks}
    play.send(a_linked_event(found, child=child, at=day(0, 1)))
    play.send(arrival(child, day(0, 1), name="2"))
    (*_, last) = play.of("R7")
    checks = {c.what: c.answer for c in last.checks}
    hidden = disclose(last, DisclosureTier.EXISTENCE, restricted=False)

    assert awaited >= {"encounters-of-carer-at-providers"}
    assert checks["encounters-of-carer-at-providers"] is InputStatus.DATA
    assert "mental-health-trust" not in last.model_dump_json()
    assert not any("carer" in c.what or "mother" in c.what for c in hidden.checks)


@pytest.mark.parametrize(
    ("events", "why"),
    [
        pytest.param([plan(a_born(nhs_number=None), day(-3))], "nobody", id="no number"),
        pytest.param(
            [plan(a_born(), day(-3)), a_changed_child(a_born(revision=2, open=False))],
            "closed",
            id="closed",
        ),
        pytest.param(
            [plan(a_born(), day(-3)), a_changed_child(a_born(revision=2, shielded=True))],
            "shielded",
            id="adopted",
        ),
        pytest.param(
            [plan(an_expected(), day(-3)), lost(an_expected(), day(-1))],
            "ended",
            id="the pregnancy ended",
        ),
    ],
)
def test_nobody_is_asked_where_there_is_no_case_to_ask_for(
    events: list[LinkedEvent], why: str
) -> None:
    play = asking()

    assert steps(play, *events) == [], why
    assert questions_decided(play) == []


def test_without_servers_nobody_is_asked() -> None:
    play = asking(servers=[])

    assert steps(play, plan(a_born(), day(-3))) == []


def test_each_question_is_a_sharing_decision() -> None:
    play = asking()
    (question,) = steps(play, plan(a_born(), day(-3)))
    (decision,) = questions_decided(play)

    assert (decision.decision, decision.reason) == ("share", "protection-plan")
    assert (decision.concern, decision.asked) == (question.id, HOSPITAL)
    assert (decision.rule, decision.basis) == ("R6", "CP")
    assert decision.tier is DisclosureTier.CONTENT


def test_without_a_ground_nobody_is_asked_and_why_is_on_record_once() -> None:
    play = asking()
    steps(play, a_changed_child(a_born()))
    play.clock(day(5))

    assert play.asked == []
    assert [(d.decision, d.reason) for d in questions_decided(play)] == [
        ("do-not-share", "no-ground-recorded")
    ]


def test_a_disclosure_risk_holds_the_question_until_a_person_has_looked() -> None:
    play = asking()
    child = a_born()
    steps(play, plan(child, day(-3)), risk(child))
    held = [(d.decision, d.reason) for d in questions_decided(play)]
    before = list(play.asked)
    play.send(risk_cleared(child))
    play.clock(day(0, 2))

    assert (before, held) == ([], [("hold", "disclosure-risk")])
    assert [q.why for q in play.asked] == ["protection-plan"]
    assert [d.decision for d in questions_decided(play)] == ["hold", "share"]


def answered(child: ChildRecord, question: Retrieval, kind: str) -> LinkedEvent:
    detail = CareRetrieved.model_validate(
        {
            "retrieval": question.id,
            "server": HOSPITAL,
            "asked_for": kind,
            "of": question.relation,
            "why": question.why,
            "status": "no-data",
            "since": wanted(question).since,
        }
    )
    fact = derive_id("fact", "care", question.id, kind)
    return a_linked_event(detail, child=child, at=day(0, 1), fact=fact)


@pytest.mark.parametrize(
    ("told", "called_back"),
    [
        pytest.param([], True, id="nothing told"),
        pytest.param(["appointments"], True, id="half of it told"),
        pytest.param(["appointments", "encounters"], False, id="all told"),
    ],
)
def test_when_a_case_closes_only_a_question_that_still_waits_is_called_back(
    told: list[str],
    called_back: bool,
) -> None:
    play, child = asking(), a_born()
    (question,) = steps(play, plan(child, day(-3)))
    play.send(*(answered(child, question, kind) for kind in told))
    play.send(a_changed_child(a_born(revision=2, open=False)))
    play.clock(day(1))
    play.clock(day(2))

    assert [q.calls_back for q in play.asked[1:]] == ([question.id] if called_back else [])
    assert play.state.waiting == {}
    assert play.state.due is None


def test_a_number_that_is_put_right_calls_the_strangers_question_back() -> None:
    play = asking()
    (question,) = steps(play, plan(a_born(nhs_number=STRANGER), day(-3)))
    play.send(a_changed_child(a_born(revision=2)))
    play.clock(day(1))
    called, again = play.asked[1:]

    assert (called.calls_back, called.nhs_number) == (question.id, STRANGER)
    assert (again.nhs_number, again.calls_back) == (CHILD, None)
    assert ("withdraw", "person-not-on-record") in play.verdicts


def test_what_was_found_of_a_stranger_is_not_shown_of_the_child() -> None:
    play, child = asking(), a_born(nhs_number=STRANGER)
    (question,) = steps(play, plan(child, day(-3)))
    play.send(*(answered(child, question, kind) for kind in ("appointments", "encounters")))
    right = a_born(revision=2)
    play.send(a_changed_child(right))
    play.clock(day(1))
    play.send(arrival(right, day(1)))
    (concern,) = play.of("R7")
    searched = {c.what: c.answer for c in concern.checks if "-at-" in c.what}

    assert set(searched.values()) == {InputStatus.UNKNOWN}
    assert len(searched) == 2


def test_what_is_called_back_is_on_record() -> None:
    play = asking()
    (question,) = steps(play, plan(a_born(), day(-3)))
    play.send(a_changed_child(a_born(revision=2, shielded=True)))
    asked, withdrawn = questions_decided(play)

    assert (withdrawn.decision, withdrawn.reason) == ("withdraw", "no-longer-applies")
    assert (withdrawn.concern, withdrawn.asked) == (asked.concern, HOSPITAL)
    assert play.asked[-1].calls_back == question.id
    assert play.state.waiting == {}


def test_a_case_that_opens_again_is_asked_about_again() -> None:
    play = asking()
    (first,) = steps(play, plan(a_born(), day(-3)))
    play.send(a_changed_child(a_born(revision=2, open=False)))
    again = a_born(revision=3, opening=2)
    play.send(referral(again))
    play.clock(day(1))

    assert [q.why for q in play.asked] == ["protection-plan", "case-opened"]
    assert play.asked[-1].id != first.id


def test_a_born_child_is_asked_about_by_its_own_number() -> None:
    play = asking()
    steps(play, plan(an_expected(), day(-3)))
    own = an_expected(revision=2, unborn=False, nhs_number=CHILD, born=day(0))
    play.send(birth(own, day(0)))
    play.clock(day(0, 2))

    assert [q.nhs_number for q in play.asked] == [MOTHER, CHILD]


@pytest.mark.parametrize(
    ("last", "questions"),
    [
        pytest.param(discussion(a_born()), 1, id="a discussion"),
        pytest.param(risk(a_born()), 0, id="a risk in telling"),
        pytest.param(a_changed_child(a_born(revision=2, open=False)), 0, id="the case closes"),
        pytest.param(a_changed_child(a_born(revision=2, shielded=True)), 0, id="adopted"),
    ],
)
def test_no_order_and_no_repeat_changes_what_is_asked(last: LinkedEvent, questions: int) -> None:
    child = a_born()
    events = [referral(child), plan(child, day(-3)), s47(child), last]
    told = set()
    for order in permutations(events):
        play = asking()
        steps(play, *order, *order[:2])
        play.clock(day(2))
        asked = tuple(question.id for question in play.asked)
        told.add((asked, tuple((d.decision, d.reason) for d in questions_decided(play))))

    assert len(told) == 1
    assert len(next(iter(told))[0]) == questions
