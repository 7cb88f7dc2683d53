"""R23, guard by guard."""

from __future__ import annotations

from typing import Any

import pytest

from kinbridge.rules.finding import concern_id
from kinbridge_schemas.base import derive_id
from kinbridge_schemas.events.contact import (
    ContactReceived,
    FamilyHelpEpisodeEnded,
    FamilyHelpEpisodeStarted,
    ReferralReceived,
)
from kinbridge_schemas.events.knowledge import HealthResponseSupplied
from kinbridge_schemas.events.persons import FamilyAgreementRecorded, FamilyAgreementWithdrawn
from kinbridge_schemas.linked import ChildRecord, LinkedEvent
from kinbridge_schemas.vocabulary import DisclosureTier, InputStatus, Urgency
from tests.builders import a_child, a_linked_event, fact_of
from tests.services.rules import facts
from tests.services.rules.facts import day
from tests.services.rules.play import Play, an_id

CHILD = a_child(born=day(-900))
UNBORN = facts.unborn_at(14)


def contact(child: ChildRecord = CHILD, number: float = 0, **detail: Any) -> LinkedEvent:
    made = ContactReceived(contact_id=an_id("contact", str(number)), **detail)
    return a_linked_event(made, child=child, at=day(number))


def referral(child: ChildRecord = CHILD, number: float = 0, **detail: Any) -> LinkedEvent:
    made = ReferralReceived(referral_id=an_id("referral"), **detail)
    return a_linked_event(made, child=child, at=day(number))


def help_started(number: float = 0, *, agreed: bool = True) -> LinkedEvent:
    made = FamilyHelpEpisodeStarted(episode_id=an_id("episode"), family_agreement=agreed)
    return a_linked_event(made, child=CHILD, at=day(number))


def agreement(child: ChildRecord = CHILD, *scope: str) -> LinkedEvent:
    made = FamilyAgreementRecorded(agreement_id=an_id("agreement"), scope=scope)
    return a_linked_event(made, child=child, at=day(0))


def answer(event: LinkedEvent, status: InputStatus, number: float = 0.1) -> LinkedEvent:
    fact = fact_of(event)
    made = HealthResponseSupplied(
        request_id=derive_id("request", event.child.child, fact),
        role="contact_point_health",
        status=status,
    )
    name = derive_id("fact", "answer", fact, status.value)
    return a_linked_event(made, child=event.child, at=day(number), fact=name)


def sent(*events: LinkedEvent) -> Play:
    play = Play(day(0))
    play.send(*events)
    return play


def test_a_contact_asks_health_within_one_working_day() -> None:
    play = sent(agreement(), contact())
    (concern,) = play.of("R23", "family-help")

    assert concern.tier is DisclosureTier.EXISTENCE
    assert concern.basis.code == "FH"
    assert concern.urgency is Urgency.U3
    assert concern.asked.owner == "contact_point_health"
    assert concern.asked.what == "health-information"
    assert concern.asked.by == day(1, 8)
    assert concern.asked.request_id is not None
    assert [(c.what, c.answer) for c in concern.checks] == [
        ("health-information", InputStatus.UNKNOWN)
    ]
    assert concern.facts == ()
    assert "contact" in concern.why
    assert play.state.due == day(1, 8)


STAGES = [
    pytest.param(contact(), "contact_point_health", day(1, 8), id="contact"),
    pytest.param(referral(), "contact_point_health", day(1, 8), id="referral"),
    pytest.param(
        facts.assessment(CHILD, day(0)),
        "family_help_health_practitioner",
        day(2, 8),
        id="assessment",
    ),
    pytest.param(help_started(), "family_help_health_practitioner", day(7, 8), id="Family Help"),
]


@pytest.mark.parametrize(("event", "owner", "by"), STAGES)
def test_each_stage_asks_its_own_role(event: LinkedEvent, owner: str, by: object) -> None:
    (concern,) = sent(agreement(), event).of("R23", "family-help")

    assert (concern.asked.owner, concern.asked.by) == (owner, by)


GROUNDS = [
    pytest.param([contact()], None, id="a contact, no agreement"),
    pytest.param([agreement(), contact()], "FH", id="a contact, agreed"),
    pytest.param([agreement(CHILD, "health-information"), contact()], "FH", id="agreed to this"),
    pytest.param([agreement(CHILD, "housing"), contact()], None, id="agreed to something else"),
    pytest.param(
        [
            agreement(),
            a_linked_event(
                FamilyAgreementWithdrawn(agreement_id=an_id("agreement")), child=CHILD, at=day(0)
            ),
            contact(),
        ],
        None,
        id="agreement withdrawn",
    ),
    pytest.param([contact(urgent=True)], "CP", id="an urgent contact"),
    pytest.param([referral()], "CIN", id="a referral"),
    pytest.param([referral(primary_need="N1")], "CP", id="a referral for abuse or neglect"),
    pytest.param([facts.plan(CHILD), contact()], "CP", id="under a plan"),
    pytest.param([help_started()], "FH", id="Family Help, agreed"),
    pytest.param([help_started(agreed=False)], None, id="Family Help, not agreed"),
    pytest.param([contact(UNBORN)], None, id="unborn, no agreement"),
    pytest.param([referral(UNBORN)], "PB", id="unborn, a referral"),
    pytest.param([agreement(UNBORN), contact(UNBORN)], "FH", id="unborn, agreed"),
]


@pytest.mark.parametrize(("events", "basis"), GROUNDS)
def test_the_ground_it_needs(events: list[LinkedEvent], basis: str | None) -> None:
    play = sent(*events)

    assert [c.basis.code for c in play.of("R23", "family-help")] == ([basis] if basis else [])
    if basis is None:
        assert play.verdicts == [("do-not-share", "no-ground-recorded")]
    else:
        assert play.verdicts == [("share", "rule-met")]


def test_agreement_that_comes_later_lets_it_be_asked() -> None:
    play = sent(contact(), agreement())

    assert play.verdicts == [("do-not-share", "no-ground-recorded"), ("share", "rule-met")]


@pytest.mark.parametrize(
    "status", [InputStatus.DATA, InputStatus.NO_DATA, InputStatus.NOT_PERMITTED]
)
def test_an_answer_ends_it(status: InputStatus) -> None:
    event = contact()
    play = sent(agreement(), event, answer(event, status))
    (concern,) = play.of("R23", "family-help")
    later = play.clock(day(3))

    assert (concern.status, concern.withdrawn) == ("ended", status.value)
    assert [c.answer for c in concern.checks] == [status]
    assert later == []


def test_silence_is_shown_as_no_response_and_more_urgent() -> None:
    event = contact()
    play = sent(agreement(), event)
    before = play.clock(day(1, 7.9))
    (late,) = play.clock(day(1, 8))
    play.send(answer(event, InputStatus.DATA, 2))
    (after,) = play.of("R23", "family-help")

    assert before == []
    assert (late.status, late.urgency) == ("active", Urgency.U2)
    assert [c.answer for c in late.checks] == [InputStatus.NO_RESPONSE]
    assert after.status == "ended"


@pytest.mark.parametrize("status", [InputStatus.NO_RESPONSE, InputStatus.STALE])
def test_an_answer_that_says_nothing_does_not_end_it(status: InputStatus) -> None:
    event = contact()
    play = sent(agreement(), event, answer(event, status))

    assert [c.status for c in play.of("R23", "family-help")] == ["active"]


def test_a_later_silence_does_not_undo_an_answer() -> None:
    event = contact()
    play = sent(
        agreement(),
        event,
        answer(event, InputStatus.DATA),
        answer(event, InputStatus.NO_RESPONSE, 0.2),
    )

    assert [c.status for c in play.of("R23", "family-help")] == ["ended"]


def test_the_same_role_is_not_asked_twice() -> None:
    play = sent(agreement(), contact())
    play.clock(day(0, 1))
    play.send(referral(number=0.1))

    assert len(play.of("R23", "family-help")) == 1


def test_another_role_is_asked_while_nothing_is_known() -> None:
    play = sent(agreement(), contact())
    play.clock(day(0, 1))
    play.send(help_started(0.1))

    assert {c.asked.owner for c in play.of("R23", "family-help")} == {
        "contact_point_health",
        "family_help_health_practitioner",
    }


def test_a_known_picture_is_not_asked_for_again() -> None:
    event = contact()
    play = sent(agreement(), event, answer(event, InputStatus.DATA))
    play.clock(day(1))
    play.send(help_started(1))

    assert len(play.of("R23", "family-help")) == 1


def test_a_picture_that_is_no_longer_fresh_is_asked_for_again() -> None:
    event = contact()
    play = sent(agreement(), event, answer(event, InputStatus.DATA))
    play.clock(day(91))
    play.send(help_started(91))

    assert len(play.of("R23", "family-help")) == 2


def test_a_contact_long_past_is_history() -> None:
    assert sent(agreement(), contact(number=-20)).proposed == []


def test_a_pregnancy_that_ended_ends_the_question() -> None:
    play = sent(agreement(UNBORN), contact(UNBORN), facts.lost(UNBORN, day(0)))

    assert [(c.status, c.withdrawn) for c in play.of("R23", "family-help")] == [
        ("ended", "no-longer-applies")
    ]


def test_the_concern_s_id_comes_from_the_contact() -> None:
    event = contact()
    (concern,) = sent(agreement(), event).of("R23", "family-help")
    fact = fact_of(event)

    assert concern.concern == concern_id("R23", CHILD.child, "family-help", fact)


# The ground that goes.


def withdrawn(number: float, name: str = "agreement") -> LinkedEvent:
    made = FamilyAgreementWithdrawn(agreement_id=an_id(name))
    return a_linked_event(made, child=CHILD, at=day(number))


def test_a_withdrawn_agreement_ends_what_was_asked_on_it() -> None:
    play = sent(agreement(), contact())
    play.send(withdrawn(0.5))
    play.clock(day(5))
    (concern,) = play.of("R23", "family-help")

    assert (concern.status, concern.withdrawn) == ("ended", "no-ground-recorded")
    assert play.verdicts == [
        ("share", "rule-met"),
        ("withdraw", "no-ground-recorded"),
        ("do-not-share", "no-ground-recorded"),
    ]


def test_an_agreement_that_is_given_again_lets_it_be_asked_again() -> None:
    play = sent(agreement(), contact())
    play.send(withdrawn(0.5))
    made = FamilyAgreementRecorded(agreement_id=an_id("agreement", "2"))
    play.send(a_linked_event(made, child=CHILD, at=day(0.6)))
    (concern,) = play.of("R23", "family-help")

    assert concern.status == "active"


def test_a_ground_of_harm_carries_on_where_agreement_is_withdrawn() -> None:
    play = sent(agreement(), contact(urgent=True))
    play.send(withdrawn(0.5))
    (concern,) = play.of("R23", "family-help")

    assert (concern.status, concern.basis.code) == ("active", "CP")


def test_a_withdrawal_ends_what_was_ticked_when_help_began() -> None:
    play = sent(help_started(), withdrawn(0.5, "another"))
    play.send(contact(number=1))

    assert [c.status for c in play.of("R23", "family-help")] == ["ended"]
    assert ("do-not-share", "no-ground-recorded") in play.verdicts


def test_what_was_ticked_when_help_began_ends_with_the_help() -> None:
    over = FamilyHelpEpisodeEnded(episode_id=an_id("episode"))
    play = sent(help_started(-200), a_linked_event(over, child=CHILD, at=day(-100)))
    play.send(contact())

    assert play.proposed == []
