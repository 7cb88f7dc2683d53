"""When a case is open, and how often it was opened."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import pytest

from kinbridge_schemas.base import Value
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.events.contact import (
    AssessmentAuthorised,
    AssessmentStarted,
    ContactReceived,
    EpisodeClosed,
    FamilyHelpEpisodeEnded,
    FamilyHelpEpisodeStarted,
    LeadPractitionerAllocated,
    ReferralDecided,
    ReferralReceived,
)
from kinbridge_schemas.events.persons import (
    AddressChanged,
    LookedAfterEnded,
    LookedAfterStarted,
    PersonRegistered,
)
from kinbridge_schemas.events.protection import (
    CinPlanEnded,
    CinPlanStarted,
    CpPlanEnded,
    CpPlanStarted,
    S47Ended,
    S47Started,
    StrategyDiscussionRequested,
)
from kinbridge_schemas.vocabulary import Precision
from tests.services.linking.desk import START, child, day, la, play, retracted

CONTACT: Final = ContactReceived(contact_id="contact-1")
REFERRAL: Final = ReferralReceived(referral_id="referral-1")
PLAN: Final = CpPlanStarted(plan_id="plan-1")
CLOSED: Final = EpisodeClosed(episode_id="episode-1")
LEAD: Final = LeadPractitionerAllocated(role="lead_practitioner", worker="w1")
ASKED: Final = StrategyDiscussionRequested(meeting_id="meeting-1", decision_at=START)

Steps = list[tuple[float, Value]]

CASES: Final[list[object]] = [
    pytest.param([(0, CONTACT)], True, 1, id="a contact opens"),
    pytest.param([(0, REFERRAL)], True, 1, id="a referral opens"),
    pytest.param([(0, AssessmentStarted(assessment_id="a-1"))], True, 1, id="an assessment opens"),
    pytest.param(
        [
            (0, AssessmentStarted(assessment_id="a-1")),
            (9, AssessmentAuthorised(assessment_id="a-1")),
        ],
        True,
        1,
        id="an authorised assessment does not close",
    ),
    pytest.param([(0, LEAD)], True, 1, id="a lead practitioner alone counts as open"),
    pytest.param([(0, ASKED)], True, 1, id="a strategy discussion alone counts as open"),
    pytest.param([(0, LEAD), (1, CLOSED)], False, 1, id="work alone is closed by a closure"),
    pytest.param(
        [(0, LEAD), (1, PLAN), (2, CpPlanEnded(plan_id="plan-1"))],
        False,
        1,
        id="work does not keep open what began and ended",
    ),
    pytest.param([(0, REFERRAL), (5, CLOSED)], False, 1, id="a closure closes"),
    pytest.param(
        [(0, REFERRAL), (1, PLAN), (5, CLOSED)], False, 1, id="a closure ends all that began"
    ),
    pytest.param(
        [(0, REFERRAL), (5, CLOSED), (9, ReferralReceived(referral_id="referral-2"))],
        True,
        2,
        id="a referral after the closure opens again",
    ),
    pytest.param(
        [(0, REFERRAL), (1, ReferralReceived(referral_id="referral-2")), (5, CLOSED)],
        False,
        1,
        id="two referrals of one opening are one opening",
    ),
    pytest.param(
        [
            (0, REFERRAL),
            (1, ReferralDecided(referral_id="referral-1", decision="no", no_further_action=True)),
        ],
        False,
        1,
        id="no further action ends the referral",
    ),
    pytest.param(
        [(0, PLAN), (5, CpPlanEnded(plan_id="plan-1")), (5, CinPlanStarted(plan_id="plan-2"))],
        True,
        1,
        id="stepping down is no new opening",
    ),
    pytest.param(
        [(0, PLAN), (5, CpPlanEnded(plan_id="plan-1")), (30, CinPlanStarted(plan_id="plan-2"))],
        True,
        2,
        id="a gap makes a new opening",
    ),
    pytest.param(
        [
            (0, FamilyHelpEpisodeStarted(episode_id="e-1")),
            (5, FamilyHelpEpisodeEnded(episode_id="e-1")),
        ],
        False,
        1,
        id="family help begins and ends",
    ),
    pytest.param(
        [(0, S47Started(s47_id="s47-1")), (5, S47Ended(s47_id="s47-1"))],
        False,
        1,
        id="an enquiry begins and ends",
    ),
    pytest.param(
        [(0, CinPlanStarted(plan_id="plan-1")), (5, CinPlanEnded(plan_id="plan-1"))],
        False,
        1,
        id="a child in need plan begins and ends",
    ),
    pytest.param(
        [
            (0, LookedAfterStarted(episode_id="e-1")),
            (5, LookedAfterEnded(episode_id="e-1", reason="E4A")),
        ],
        False,
        1,
        id="looked after begins and ends",
    ),
    pytest.param(
        [(0, REFERRAL), (0, PLAN), (5, CpPlanEnded(plan_id="plan-1"))],
        True,
        1,
        id="a plan that ends leaves the referral open",
    ),
]


@pytest.mark.parametrize(("steps", "is_open", "opening"), CASES)
def test_a_case_is_open_and_was_opened_so_often(
    steps: Steps,
    is_open: bool,
    opening: int,
) -> None:
    forward = play(la(detail, child(), at=day(n)) for n, detail in steps)
    backward = play(la(detail, child(), at=day(n)) for n, detail in reversed(steps))

    assert (forward.record().open, forward.record().opening) == (is_open, opening)
    assert (backward.record().open, backward.record().opening) == (is_open, opening)


@pytest.mark.parametrize(
    "detail",
    [PersonRegistered(), AddressChanged()],
    ids=["a registration", "an address"],
)
def test_what_only_says_who_somebody_is_opens_no_case(detail: Value) -> None:
    desk = play([la(detail, child())])

    assert desk.child().said is None
    assert desk.said == []


def test_a_contact_whose_outcome_is_no_further_action_is_closed() -> None:
    first = la(CONTACT, child())
    outcome = CONTACT.model_copy(update={"outcome": "nfa"})
    second = la(outcome, child(), version=2, observed=day(1), fact=first.fact)

    for events in ([first, second], [second, first]):
        assert play(events).record().open is False


def test_an_outcome_that_is_taken_back_opens_the_contact_again() -> None:
    first = la(CONTACT.model_copy(update={"outcome": "nfa"}), child())
    second = la(CONTACT, child(), version=2, observed=day(1), fact=first.fact)

    for events in ([first, second], [second, first]):
        assert play(events).record().open is True


def test_a_retracted_plan_never_opened_the_case() -> None:
    plan = la(PLAN, child())

    after = play([plan, retracted(plan)])

    assert after.record().open is False
    assert after.record().opening == 0


def test_a_retraction_works_before_its_plan() -> None:
    plan = la(PLAN, child())

    after = play([retracted(plan), plan])

    assert after.child().said is None
    assert after.ends[-1].end == "superseded"


def test_on_one_day_the_order_of_writing_tells_closure_from_new_referral() -> None:
    def on(n: float, seen: datetime, detail: Value) -> ChildEvent:
        return la(detail, child(), at=day(n), observed=seen, precision=Precision.DAY)

    closed_last = [on(0, day(1), REFERRAL), on(0, day(2), CLOSED)]
    closed_first = [on(-9, day(-9), REFERRAL), on(0, day(1), CLOSED)]
    again = on(0, day(2), ReferralReceived(referral_id="referral-2"))

    assert play(closed_last).record().open is False
    assert play([*closed_first, again]).record().opening == 2
