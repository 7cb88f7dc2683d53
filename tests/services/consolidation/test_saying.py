"""When a team is told, once, and why."""

from __future__ import annotations

from typing import Any

import pytest

from kinbridge_schemas.alerts import Reason
from kinbridge_schemas.concerns import Concern, TeamAsked
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.responses import Close
from kinbridge_schemas.vocabulary import TeamFound, Urgency
from tests.services.consolidation.builders import (
    START,
    Desk,
    a_concern,
    an_answer,
    lewisham,
    minutes,
    proposed,
    withdrawn,
)


def test_items_are_collected_and_said_together_when_they_have_settled() -> None:
    desk = Desk()

    desk.propose(a_concern("one"))
    desk.propose(a_concern("two", at=START + minutes(3)), at=START + minutes(3))
    too_soon = desk.pass_time(START + minutes(4))
    said = desk.pass_time(START + minutes(5))

    assert too_soon == []
    assert said == [Reason.FIRST]
    assert len(desk.said[0].items) == 2


def test_an_urgent_item_is_said_at_once_and_takes_the_waiting_ones_along() -> None:
    desk = Desk()

    waiting = desk.propose(a_concern("waiting"))
    said = desk.propose(a_concern("urgent", urgency=Urgency.U1))
    afterwards = desk.pass_time(START + minutes(10))

    assert (waiting, said, afterwards) == ([], [Reason.FIRST], [])
    assert len(desk.said[0].new) == 2


def test_a_second_item_is_a_revision_of_the_same_alert_that_says_what_is_new() -> None:
    desk = Desk()
    desk.propose(a_concern("first", urgency=Urgency.U1))

    desk.propose(a_concern("second", urgency=Urgency.U1, at=START + minutes(30)))

    first, second = desk.said
    assert second.alert == first.alert
    assert (second.revision, second.reason) == (2, Reason.NEW_ITEM)
    assert second.new == (a_concern("second").concern,)
    assert len(second.items) == 2
    assert second.told[0].reason is Reason.FIRST
    assert second.what_changed.startswith("1 new since 3 November 2026, 10:00:")


def test_what_was_said_is_not_said_again_when_it_is_proposed_again() -> None:
    desk = Desk()
    concern = a_concern(urgency=Urgency.U1)
    desk.propose(concern)
    state = desk.state()

    again = desk.propose(concern, concern, at=START + minutes(1))

    assert again == []
    assert desk.state() == state


def test_an_account_that_changes_nothing_shown_is_not_worth_a_call() -> None:
    desk = Desk()
    concern = a_concern(urgency=Urgency.U1)
    desk.propose(concern)

    later = concern.model_copy(
        update={"as_of": START + minutes(60), "next_appointment": START + minutes(9000)}
    )
    said = desk.propose(later, at=START + minutes(60)) + desk.pass_time(START + minutes(59))

    assert said == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"urgency": Urgency.U1}, Reason.URGENCY_RAISED, id="more urgent"),
        pytest.param(
            {"status": "withdrawn", "withdrawn": "attended-elsewhere"},
            Reason.CORRECTION,
            id="taken back",
        ),
        pytest.param({"status": "ended"}, Reason.CORRECTION, id="answered"),
    ],
)
def test_a_later_account_that_matters_is_said(change: dict[str, Any], reason: Reason) -> None:
    desk = Desk()
    concern = a_concern()
    desk.propose(concern)
    desk.pass_time(START + minutes(5))

    later = concern.model_copy(update={**change, "as_of": START + minutes(20)})
    said = desk.propose(later, at=START + minutes(20)) + desk.pass_time(START + minutes(25))

    assert said == [reason]


def test_a_correction_goes_at_the_urgency_of_the_alarm() -> None:
    desk = Desk()
    concern = a_concern(urgency=Urgency.U1)
    desk.propose(concern)

    lowered = withdrawn(concern, at=START + minutes(9)).model_copy(update={"urgency": Urgency.U4})
    at_once = desk.propose(lowered, at=START + minutes(9))
    said = desk.pass_time(START + minutes(9))

    assert at_once == []
    assert said == [Reason.CORRECTION]
    assert desk.said[-1].corrected == (concern.concern,)
    assert desk.said[-1].state == "open"


def test_what_was_withdrawn_before_it_was_said_is_never_said_and_closes_in_silence() -> None:
    desk = Desk()
    concern = a_concern()
    desk.propose(concern)

    desk.propose(withdrawn(concern, at=START + minutes(2)), at=START + minutes(2))
    said = [reason for day in range(20) for reason in desk.pass_time(START + minutes(720 * day))]

    assert said == []
    assert desk.state().macpt.open is None
    assert desk.state().macpt.openings == 1


def test_an_item_that_is_withdrawn_does_not_close_the_alert() -> None:
    desk = Desk()
    one, two = (a_concern(name, urgency=Urgency.U1) for name in ("one", "two"))
    desk.propose(one, two)

    desk.propose(withdrawn(one, at=START + minutes(5)), at=START + minutes(5))
    desk.pass_time(START + minutes(5))

    last = desk.said[-1]
    assert last.state == "open"
    assert [item.concern.status for item in last.items].count("active") == 1


def test_one_fact_that_takes_back_two_items_is_one_correction() -> None:
    desk = Desk()
    one, two = (a_concern(name, urgency=Urgency.U1) for name in ("one", "two"))
    desk.propose(one, two)

    for concern in (one, two):
        desk.propose(withdrawn(concern, at=START + minutes(5)), at=START + minutes(5))
    said = desk.pass_time(START + minutes(5))

    assert said == [Reason.CORRECTION]
    assert set(desk.said[-1].corrected) == {one.concern, two.concern}


def test_an_alert_of_which_nothing_stands_closes_by_policy_and_says_so() -> None:
    desk = Desk()
    concern = a_concern(urgency=Urgency.U1)
    desk.propose(concern)
    desk.propose(withdrawn(concern, at=START + minutes(5)), at=START + minutes(5))

    said = [reason for day in range(8) for reason in desk.pass_time(START + minutes(1440 * day))]

    assert said == [Reason.CORRECTION, Reason.CLOSED]
    assert desk.said[-1].next_step is None
    assert desk.state().macpt.open is None


def test_a_new_item_after_closing_opens_a_linked_successor() -> None:
    desk = Desk()
    concern = a_concern(urgency=Urgency.U1)
    desk.propose(concern)
    desk.propose(withdrawn(concern, at=START + minutes(5)), at=START + minutes(5))
    later = START + minutes(1440 * 7)
    desk.pass_time(later)

    said = desk.propose(a_concern("next", urgency=Urgency.U1, at=later))

    assert said == [Reason.REOPENED_AS_SUCCESSOR]
    assert desk.said[-1].predecessor == desk.said[0].alert
    assert desk.said[-1].alert.endswith(".macpt.2")


def test_a_correction_of_what_a_closed_alert_said_still_reaches_its_readers() -> None:
    desk = Desk()
    concern = a_concern(urgency=Urgency.U1)
    desk.propose(concern)
    alert = desk.said[0].alert
    desk.hear(an_answer(Close(outcome="acted-on"), alert=alert, at=START))

    said = desk.propose(withdrawn(concern, at=START + minutes(60)), at=START + minutes(60))

    assert said == [Reason.CORRECTION]
    assert (desk.said[-1].alert, desk.said[-1].state) == (alert, "closed")


def test_family_help_and_macpt_have_alerts_of_their_own() -> None:
    desk = Desk()

    desk.propose(
        a_concern("one", urgency=Urgency.U1),
        a_concern("two", urgency=Urgency.U1, arm="family-help"),
    )

    assert [r.arm for r in desk.said] == ["macpt", "family-help"]
    assert [r.reason for r in desk.said] == [Reason.FIRST, Reason.FIRST]


def test_nobody_acknowledges_and_each_step_of_the_frozen_plan_is_told_in_turn() -> None:
    desk = Desk()
    desk.propose(a_concern(urgency=Urgency.U1))

    at = START
    told = []
    for _ in range(6):
        at = desk.said[-1].next_step or at
        told += [(reason, desk.said[-1].escalated_to) for reason in desk.pass_time(at)]

    assert [reason for reason, _ in told] == [Reason.ESCALATED_NO_ACK] * 3 + [Reason.REMINDER] * 3
    assert [len(roles) for _, roles in told] == [1, 2, 3, 3, 3, 3]


def test_steps_missed_while_time_stood_still_are_told_once() -> None:
    desk = Desk()
    desk.propose(a_concern(urgency=Urgency.U1))

    said = desk.pass_time(START + minutes(1440 * 7))

    assert said == [Reason.ESCALATED_NO_ACK]
    assert len(desk.said[-1].escalated_to) == 3


def test_a_change_of_policy_does_not_change_the_plan_of_an_open_alert() -> None:
    desk = Desk()
    desk.propose(a_concern(urgency=Urgency.U1))
    plan = desk.said[0].escalation

    shorter = lewisham(escalation={**lewisham().escalation, "macpt": plan[:1]})
    desk.stage = Desk(shorter).stage
    desk.pass_time(START + minutes(1440))

    assert desk.said[-1].escalation == plan


def test_a_team_without_a_policy_is_a_dead_letter_that_names_no_value() -> None:
    with pytest.raises(UnreadableError) as raised:
        Desk().hear(proposed(a_concern(authority="999")))

    assert (raised.value.reason, raised.value.path) == ("team-without-policy", "concern.authority")


def test_that_another_team_has_it_now_is_said_in_so_many_words() -> None:
    def of(code: str, minute: int) -> Concern:
        team = TeamAsked(code=code, title=f"Team {code}", found=TeamFound.ALLOCATED)
        return a_concern(urgency=Urgency.U1, team=team, at=START + minutes(minute))

    desk = Desk()
    desk.propose(of("east", 0), at=START)
    desk.propose(of("west", 1), at=START + minutes(1))
    desk.pass_time(START + minutes(2))

    assert [(r.reason, r.team.code if r.team else None) for r in desk.said] == [
        ("first", "east"),
        ("correction", "west"),
    ]
    assert desk.said[1].what_changed.startswith("Now for Team west: An antenatal appointment")
