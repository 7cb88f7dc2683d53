"""What goes to a subscription next, and how everything ends, exactly once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinbridge.sending.schedule import attempts, pause
from kinbridge.stage import At, Message
from kinbridge_schemas.envelope import Envelope
from kinbridge_schemas.problems import UnreadableError
from tests.services.sending.builders import (
    START,
    Line,
    a_dispatch,
    a_subscription,
)


def test_dispatches_go_out_one_at_a_time_with_contiguous_numbers() -> None:
    line = Line()
    for alert in (1, 2, 3):
        line.hear(a_dispatch(alert))

    for _ in range(3):
        line.attempt("delivered")

    assert [e.sequence for e in line.sent] == [1, 2, 3]
    assert [e.previous for e in line.sent] == [0, 1, 2]
    assert [d.sequence for d in line.ended] == [1, 2, 3]
    assert line.task is None


def test_a_revision_that_waits_gives_way_to_a_later_one_of_its_alert() -> None:
    line = Line()
    line.hear(a_dispatch(1))
    line.hear(a_dispatch(2, 1))
    line.hear(a_dispatch(2, 2))

    line.attempt("delivered")
    line.attempt("delivered")

    assert [(e.dispatch.revision, e.sequence) for e in line.sent] == [(1, 1), (2, 2)]
    assert line.ends() == [(1, "superseded"), (1, "delivered"), (2, "delivered")]


def test_the_alarm_that_did_not_arrive_is_not_sent_after_its_correction() -> None:
    line = Line()
    line.hear(a_dispatch(1, 1))
    line.attempt("try-later")

    line.hear(a_dispatch(1, 2))
    line.attempt("delivered")

    assert line.ends() == [(1, "superseded"), (2, "delivered")]
    assert line.sent[-1].sequence == 1
    assert line.task is None


def test_a_later_revision_waits_for_the_outcome_of_a_first_attempt_under_way() -> None:
    line = Line()
    line.hear(a_dispatch(1, 1))
    outcome = line.outcome("delivered")

    line.hear(a_dispatch(1, 2))
    line.hear(outcome)

    assert line.ends() == [(1, "delivered")]
    assert line.errand.dispatch.revision == 2


def test_a_failed_attempt_with_a_later_revision_waiting_is_not_made_again() -> None:
    line = Line()
    line.hear(a_dispatch(1, 1))
    outcome = line.outcome("try-later", after=60)

    line.hear(a_dispatch(1, 2))
    line.hear(outcome)

    assert line.ends() == [(1, "superseded")]
    assert (line.errand.dispatch.revision, line.errand.sequence) == (2, 1)
    assert line.errand.due == START + timedelta(seconds=60)


def test_what_the_destination_asked_for_holds_for_the_later_revision_too() -> None:
    line = Line()
    line.hear(a_dispatch(1, 1))
    line.attempt("try-later", after=3600)
    line.later(minutes=1)

    line.hear(a_dispatch(1, 2))

    assert line.errand.due == START + timedelta(hours=1)


def test_a_revision_that_comes_behind_a_later_one_is_superseded_at_once() -> None:
    line = Line()
    line.hear(a_dispatch(1, 2))
    line.attempt("delivered")

    line.hear(a_dispatch(1, 1))

    assert line.ends() == [(2, "delivered"), (1, "superseded")]
    assert line.task is None


def test_ten_attempts_over_three_days_and_then_it_raises() -> None:
    line = Line()
    line.hear(a_dispatch())

    for _ in range(attempts()):
        line.attempt("try-later")

    assert len({e.number for e in line.sent}) == 10
    assert timedelta(hours=75) < line.now - START < timedelta(hours=84)
    assert line.ends() == [(1, "gave-up")]
    assert line.ended[0].raises
    assert line.ended[0].attempts == 10


def test_what_was_given_up_shows_as_a_gap_to_the_receiver() -> None:
    line = Line()
    line.hear(a_dispatch(1))
    line.attempt("delivered")
    line.hear(a_dispatch(2))
    for _ in range(attempts()):
        line.attempt("try-later")
    line.hear(a_dispatch(3, said=line.now))
    line.attempt("delivered")

    assert (line.sent[-1].sequence, line.sent[-1].previous) == (3, 1)


def test_a_refusal_ends_one_dispatch_and_raises_and_the_next_goes_out() -> None:
    line = Line()
    line.hear(a_dispatch(1))
    line.hear(a_dispatch(2))

    line.attempt("refused")

    assert line.ends() == [(1, "refused")]
    assert line.ended[0].raises
    assert line.errand.sequence == 2


def test_gone_ends_the_subscription_and_everything_that_waits_and_raises() -> None:
    line = Line()
    line.hear(a_dispatch(1))
    line.hear(a_dispatch(2))

    line.attempt("gone")
    line.hear(a_dispatch(3))

    assert [(d.end, d.reason, d.raises) for d in line.ended] == [
        ("refused", "gone", True),
        ("refused", "subscription-gone", True),
        ("refused", "subscription-gone", True),
    ]
    assert line.task is None


def test_a_paused_subscription_keeps_its_queue_and_sends_nothing() -> None:
    line = Line(a_subscription(paused=True))
    line.hear(a_dispatch(1))
    line.hear(a_dispatch(2))
    paused = line.task

    line.subscription = a_subscription()
    line.look()

    assert paused is None
    assert line.errand.dispatch.id == a_dispatch(1).id


def test_a_retry_stops_while_the_subscription_is_paused() -> None:
    line = Line()
    line.hear(a_dispatch(1))
    line.subscription = a_subscription(paused=True)

    line.attempt("try-later")
    held, line.subscription = line.task, a_subscription()
    line.look()

    assert held is None
    assert line.errand.number == 2


def test_starting_again_does_not_send_last_years_alerts() -> None:
    line = Line(a_subscription(paused=True, oldest_days=7))
    line.hear(a_dispatch(1))
    line.later(days=8)
    line.hear(a_dispatch(2, said=line.now))

    line.subscription = a_subscription(oldest_days=7)
    line.look()

    assert [(d.end, d.reason, d.raises) for d in line.ended] == [("gave-up", "too-old", True)]
    assert line.errand.dispatch.id == a_dispatch(2).id
    assert line.errand.sequence == 1


def test_an_errand_that_grew_too_old_while_paused_is_given_up() -> None:
    line = Line()
    line.hear(a_dispatch(1))
    line.attempt("try-later")
    line.subscription = a_subscription(paused=True)
    line.hear(a_dispatch(2))
    line.later(days=8)

    line.look()

    assert [d.reason for d in line.ended] == ["too-old", "too-old"]
    assert line.task is None


def test_an_outcome_that_nobody_waits_for_changes_nothing() -> None:
    line = Line()
    line.hear(a_dispatch(1))
    outcome = line.outcome("delivered")
    line.hear(outcome)
    queue = line.queue

    line.hear(outcome)

    assert line.reasons[-1] == "attempt-not-awaited"
    assert line.queue == queue


def test_a_subscription_that_left_the_policy_is_a_dead_letter_and_no_due_time_fails() -> None:
    line = Line()
    body = a_dispatch()
    envelope = Envelope(
        id=body.id, type=body.contract, source="test", recorded=START, correlation=body.id
    )

    decision = line.stage.on_due(line.queue, "left", At(START, START))
    with pytest.raises(UnreadableError) as raised:
        line.stage.decide(line.queue, Message("test", "left", envelope, body), At(START, START))

    assert raised.value.reason == "subscription-not-known"
    assert decision.due is None


@given(st.integers(1, 9), st.integers(0, 10**6) | st.none())
def test_a_pause_is_never_shorter_than_planned_nor_than_wished_up_to_a_day(
    number: int, wished: int | None
) -> None:
    drawn = pause("dispatch-1", number, None)
    asked = pause("dispatch-1", number, wished)

    assert drawn is not None
    assert asked is not None
    assert asked >= drawn
    assert asked >= min(timedelta(seconds=wished or 0), timedelta(days=1))
    assert pause("dispatch-1", number, wished) == asked


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["dispatch", "dispatch", "attempt", "repeat", "pause", "resume", "look"]),
        st.integers(1, 3),
        st.sampled_from(["delivered", "try-later", "try-later", "refused"]),
    ),
    max_size=60,
)


def _play(line: Line, steps: Any) -> list[tuple[int, int]]:
    """Play the steps; gives the dispatches heard, as alert and revision."""
    revisions = dict.fromkeys((1, 2, 3), 0)
    heard: list[tuple[int, int]] = []
    for kind, alert, outcome in steps:
        line.later(minutes=1)
        if kind == "dispatch":
            revisions[alert] += 1
            heard.append((alert, revisions[alert]))
            line.hear(a_dispatch(*heard[-1], said=START))
        elif kind == "repeat" and heard:
            line.hear(a_dispatch(*heard[alert % len(heard)], said=START))
        elif kind == "attempt" and line.task is not None:
            line.attempt(outcome)
        elif kind in {"pause", "resume"}:
            line.subscription = a_subscription(paused=kind == "pause")
        elif kind == "look" and line.due is not None:
            line.look()
    return heard


@settings(deadline=None)
@given(_STEPS)
def test_every_dispatch_ends_once_numbers_have_no_gap_and_no_alarm_follows_its_correction(
    steps: Any,
) -> None:
    line = Line()

    heard = _play(line, steps)
    line.subscription = a_subscription()
    line.look()
    while line.task is not None:
        line.attempt("delivered")

    assert len({d.id for d in line.ended}) == len(line.ended) == len(heard)
    numbers = [d.sequence for d in line.ended if d.sequence is not None]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    arrived = [(d.alert, d.revision) for d in line.ended if d.end == "delivered"]
    for alert in {a for a, _ in arrived}:
        of_alert = [revision for a, revision in arrived if a == alert]
        assert of_alert == sorted(of_alert)
    assert line.queue.waiting == ()
