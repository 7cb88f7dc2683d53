"""What an answer does: who has it in hand, until when, and what wakes the alert again."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from kinbridge.partnership.model import Suppression
from kinbridge_schemas.alerts import Reason
from kinbridge_schemas.responses import (
    Acknowledge,
    Answer,
    Close,
    Feedback,
    Snooze,
    SupplyHealthInput,
    VerifyFact,
)
from kinbridge_schemas.vocabulary import InputStatus, Urgency
from tests.builders import a_child_ref
from tests.services.consolidation.builders import (
    START,
    Desk,
    a_concern,
    an_answer,
    lewisham,
    minutes,
    withdrawn,
)

DAY = timedelta(days=1)
TWENTY_PAST = START + minutes(20)
ANOTHER_AUTHORITY = "210"


def a_told_desk(urgency: Urgency = Urgency.U2) -> Desk:
    """A desk whose one alert was said five minutes after START at the latest."""
    desk = Desk()
    desk.propose(a_concern(urgency=urgency))
    desk.pass_time(START + minutes(15))
    return desk


def answer(desk: Desk, said: Answer, *, at: datetime = TWENTY_PAST) -> list[str]:
    return desk.hear(an_answer(said, alert=desk.said[0].alert, at=at), at=at)


def a_snooze(hours: float = 4, *, second: str | None = None) -> Snooze:
    until = START + minutes(20) + timedelta(hours=hours)
    return Snooze(reason="already-acting", until=until, second_person=second)


_HEALTH_INPUT = SupplyHealthInput(
    child=a_child_ref(), request_id="request-1", status=InputStatus.NO_DATA
)
_VERIFIED = VerifyFact.model_validate(
    {
        "child": a_child_ref(),
        "fact": "attended-elsewhere",
        "corrects": ["fact-1"],
        "how": "maternity-system",
        "as_of": START,
    }
)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        pytest.param(Acknowledge(), "acknowledged", id="acknowledged in so many words"),
        pytest.param(_HEALTH_INPUT, "acknowledged-by-answer", id="by health input"),
        pytest.param(_VERIFIED, "acknowledged-by-answer", id="by a verified fact"),
    ],
)
def test_an_answer_gives_the_alert_an_owner_and_stops_the_escalation(
    said: Answer, reason: str
) -> None:
    desk = a_told_desk()

    told = answer(desk, said)
    later = desk.pass_time(START + DAY)

    alert = desk.state().macpt.open
    assert desk.reasons[-1] != "nothing-due" or later == []
    assert reason in desk.reasons
    assert told == []
    assert later == []
    assert alert is not None
    assert alert.acknowledgement is not None
    assert alert.acknowledgement.by == "staff-1"


def test_an_acknowledgement_without_an_outcome_runs_out_in_working_time() -> None:
    desk = a_told_desk()
    answer(desk, Acknowledge())

    # Sixteen hours of duty from 10:20 on Tuesday: 10:20 on Thursday.
    before = desk.pass_time(START + 2 * DAY + minutes(19))
    after = desk.pass_time(START + 2 * DAY + minutes(20))

    assert before == []
    assert after == [Reason.ACK_EXPIRED]
    assert desk.said[-1].state == "open"


def test_the_same_answer_twice_is_heard_once() -> None:
    desk = a_told_desk()
    answer(desk, Acknowledge())
    state = desk.state()

    answer(desk, Acknowledge())

    assert desk.reasons[-1] == "answer-repeated"
    assert desk.state() == state


@pytest.mark.parametrize(
    ("urgency", "snooze", "reason"),
    [
        pytest.param(Urgency.U2, a_snooze(4), "snoozed", id="short"),
        pytest.param(Urgency.U2, a_snooze(0), "snooze-refused-over", id="over already"),
        pytest.param(Urgency.U2, a_snooze(25), "snooze-refused-too-long", id="beyond the limit"),
        pytest.param(
            Urgency.U3, a_snooze(48), "snooze-refused-second-person", id="long and alone"
        ),
        pytest.param(
            Urgency.U3,
            a_snooze(48, second="staff-1"),
            "snooze-refused-second-person",
            id="long, and the second person is the first",
        ),
        pytest.param(Urgency.U3, a_snooze(48, second="staff-2"), "snoozed", id="long, by two"),
        pytest.param(
            Urgency.U1, a_snooze(0.5), "snooze-refused-second-person", id="urgent and alone"
        ),
        pytest.param(Urgency.U1, a_snooze(0.5, second="staff-2"), "snoozed", id="urgent, by two"),
    ],
)
def test_a_snooze_has_limits(urgency: Urgency, snooze: Snooze, reason: str) -> None:
    desk = a_told_desk(urgency)

    answer(desk, snooze)

    assert desk.reasons[-1] == reason


def test_a_snooze_ends_and_says_so() -> None:
    desk = a_told_desk()
    answer(desk, a_snooze(2))

    before = desk.pass_time(START + minutes(139))
    after = desk.pass_time(START + minutes(140))

    assert (before, after) == ([], [Reason.SNOOZE_ENDED])


def test_more_of_the_same_kind_waits_for_the_end_of_the_snooze() -> None:
    desk = a_told_desk()
    answer(desk, a_snooze(2))

    desk.propose(a_concern("second", at=START + minutes(30)), at=START + minutes(30))
    before = desk.pass_time(START + minutes(139))
    after = desk.pass_time(START + minutes(140))

    assert (before, after) == ([], [Reason.SNOOZE_ENDED])
    assert desk.said[-1].new == (a_concern("second").concern,)


@pytest.mark.parametrize(
    ("change", "until"),
    [
        pytest.param({"urgency": Urgency.U1}, 30, id="more urgent"),
        pytest.param({"rule": "R7"}, 35, id="of another kind"),
        pytest.param({"never_suppressed": True}, 35, id="never kept quiet"),
    ],
)
def test_a_snooze_is_broken_by_what_matters_more(change: dict[str, Any], until: int) -> None:
    desk = a_told_desk()
    answer(desk, a_snooze(4))

    at = START + minutes(30)
    said = desk.propose(a_concern("second", at=at, **change), at=at)
    said += desk.pass_time(START + minutes(until))

    assert said == [Reason.URGENCY_RAISED]
    assert desk.said[-1].state == "open"


def test_a_correction_is_said_through_a_snooze_and_does_not_break_it() -> None:
    desk = a_told_desk()
    answer(desk, a_snooze(4))

    gone = withdrawn(a_concern(), at=START + minutes(30))
    said = desk.propose(gone, at=START + minutes(30)) + desk.pass_time(START + minutes(40))

    assert said == [Reason.CORRECTION]
    assert desk.said[-1].state == "snoozed"


def test_a_more_urgent_item_needs_an_acknowledgement_of_its_own() -> None:
    desk = a_told_desk()
    answer(desk, Acknowledge())

    desk.propose(a_concern("same", at=START + minutes(30)), at=START + minutes(30))
    desk.pass_time(START + minutes(40))
    still = desk.said[-1].state
    at = START + minutes(50)
    desk.propose(a_concern("more", at=at, urgency=Urgency.U1), at=at)

    assert still == "acknowledged"
    assert desk.said[-1].state == "open"
    assert desk.said[-1].acknowledgement is None


def test_a_birth_needs_an_acknowledgement_of_its_own_however_urgent_the_alarm_was() -> None:
    desk = Desk()
    desk.propose(a_concern(urgency=Urgency.U1))
    answer(desk, Acknowledge())
    at = START + minutes(20)
    born = a_concern("born", at=at, urgency=Urgency.U1).model_copy(
        update={"rule": "R3", "never_suppressed": True}
    )

    desk.propose(born, at=at)

    assert desk.said[-1].state == "open"
    assert desk.said[-1].acknowledgement is None


def test_a_person_closes_the_alert_with_an_outcome() -> None:
    desk = a_told_desk()

    said = answer(desk, Close(outcome="facts-established"))

    assert said == [Reason.CLOSED]
    assert desk.said[-1].state == "closed"
    assert desk.said[-1].items[0].answered == ("facts-established",)


def test_what_nobody_was_told_of_is_not_closed_with_the_alert() -> None:
    desk = a_told_desk()
    desk.propose(a_concern("unsaid", at=START + minutes(19)), at=START + minutes(19))

    closing = answer(desk, Close(outcome="acted-on"))
    after = desk.pass_time(START + minutes(30))

    assert (closing, after) == ([Reason.CLOSED], [Reason.REOPENED_AS_SUCCESSOR])
    assert [i.concern.concern for i in desk.said[-2].items] == [a_concern().concern]
    assert desk.said[-1].new == (a_concern("unsaid").concern,)


def test_an_answer_after_closing_changes_nothing_but_is_named() -> None:
    desk = a_told_desk()
    answer(desk, Close(outcome="acted-on"))

    answer(desk, Acknowledge())

    assert desk.reasons[-1] == "answer-after-closing"


def test_an_answer_to_an_alert_that_never_was_is_named() -> None:
    desk = a_told_desk()

    other = desk.said[0].alert[:-1] + "7"
    desk.hear(an_answer(Acknowledge(), alert=other, at=START))

    assert desk.reasons[-1] == "alert-not-known"


def test_an_answer_of_another_authority_changes_nothing() -> None:
    desk = a_told_desk()
    before = desk.said[-1]

    alert = desk.said[0].alert
    desk.hear(an_answer(Acknowledge(), alert=alert, at=START, authority=ANOTHER_AUTHORITY))

    assert desk.reasons[-1] == "answer-of-another-authority"
    assert desk.said[-1] == before


def test_feedback_stays_with_the_item_and_acknowledges_nothing() -> None:
    desk = a_told_desk()

    answer(desk, Feedback(outcome="wrong-person", concern=a_concern().concern))
    said = desk.pass_time(START + DAY)

    assert said == [Reason.ESCALATED_NO_ACK]
    assert desk.said[-1].items[0].answered == ("wrong-person",)


def a_suppression(mode: str, *rules: str) -> Suppression:
    return Suppression.model_validate(
        {
            "name": "clinic-move",
            "version": "1",
            "mode": mode,
            "rules": rules,
            "arms": ["macpt"],
            "least_urgency": "U2",
            "reason": "The clinic moves and its records are late.",
            "valid_from": date(2026, 11, 1),
            "valid_to": date(2026, 11, 10),
        }
    )


def test_an_active_suppression_keeps_an_item_until_it_ends_and_is_listed() -> None:
    desk = Desk(lewisham(suppressions=(a_suppression("active", "R1"),)))
    desk.propose(a_concern(), a_concern("other", rule="R2"))

    first = desk.pass_time(START + minutes(15))
    for _ in range(20):
        desk.pass_time(desk.said[-1].next_step or START)
        if len(desk.said[-1].items) > 1:
            break

    assert first == [Reason.FIRST]
    assert [s.rule for s in desk.said[0].suppressed] == ["clinic-move"]
    assert desk.said[-1].reason is Reason.NEW_ITEM
    assert desk.said[-1].as_of == datetime.fromisoformat("2026-11-10T00:00:00Z")


@pytest.mark.parametrize(
    ("mode", "change", "said"),
    [
        pytest.param("active", {}, [], id="active: kept back"),
        pytest.param("shadow", {}, [Reason.FIRST], id="shadow: said, and listed"),
        pytest.param("active", {"rule": "R2"}, [Reason.FIRST], id="another rule"),
        pytest.param("active", {"rule": "R3"}, [Reason.FIRST], id="a birth is never kept"),
        pytest.param(
            "active", {"rule": "R7", "urgency": Urgency.U1}, [Reason.FIRST], id="urgent arrival"
        ),
        pytest.param("active", {"rule": "R7"}, [], id="an arrival that is not urgent"),
        pytest.param(
            "active", {"never_suppressed": True}, [Reason.FIRST], id="marked by its rule"
        ),
        pytest.param("active", {"rule": "R19"}, [Reason.FIRST], id="a death is never kept"),
    ],
)
def test_what_a_suppression_takes(mode: str, change: dict[str, Any], said: list[Reason]) -> None:
    desk = Desk(lewisham(suppressions=(a_suppression(mode, "R1", "R3", "R7", "R19"),)))

    told = desk.propose(a_concern(**change)) + desk.pass_time(START + minutes(5))

    assert told == said
