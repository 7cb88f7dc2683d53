"""What a subscription needs next, decided without a server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinbridge.intake.subscriptions.decide import (
    begin,
    failed,
    fetched,
    heard,
    look_again,
    looked,
    next_step,
    told_changed,
    told_status,
)
from kinbridge.intake.subscriptions.watch import (
    AskChanged,
    AskEvents,
    AskStatus,
    Backoff,
    Fetch,
    Find,
    Subscribe,
    Watch,
)
from kinbridge.sources.subscriptions import ResourceType
from kinbridge_fhir.heard import Delivered, Happened, Kind, Notice, Pointer
from kinbridge_fhir.resources import MAPPINGS
from tests.services.intake.subscriptions.world import a_subscription

NOW: Final = datetime(2026, 3, 2, 10, 20, tzinfo=UTC)
CONFIG: Final = a_subscription()
FETCH: Final = Pointer("Appointment/a1", number=4)


def a_watch(**changes: Any) -> Watch:
    """An active subscription that has all of its three events, unless `changes` say otherwise."""
    found = replace(
        begin(CONFIG, NOW, NOW),
        own="s1",
        status="active",
        handled=3,
        known=3,
        wanted=None,
        status_due=NOW + timedelta(minutes=5),
        reconcile_due=NOW + timedelta(minutes=15),
    )
    return replace(found, **changes)


def notice(
    *numbers: int, kind: Kind = "event-notification", since: int | None = None, status: str = ""
) -> Notice:
    events = tuple(Happened(number, f"Appointment/a{number}") for number in numbers)
    return Notice(kind, status, since if since is not None else max(numbers, default=0), events)


def told(*numbers: int, **changes: Any) -> Delivered:
    """An id-only notification of these events."""
    return Delivered(
        notice(*numbers, **changes),
        tuple(Pointer(f"Appointment/a{number}", number=number) for number in numbers),
    )


LATER: Final = Backoff(1, NOW + timedelta(seconds=5))


@pytest.mark.parametrize(
    ("watch", "step"),
    [
        pytest.param(begin(CONFIG, NOW, None), Find(), id="at the start it is looked for"),
        pytest.param(a_watch(own="", status="missing"), Subscribe(""), id="it is not there"),
        pytest.param(a_watch(status="error"), Subscribe("s1"), id="in error"),
        pytest.param(a_watch(status="off"), Subscribe("s1"), id="switched off"),
        pytest.param(a_watch(outdated=True), Subscribe("s1"), id="asked for something else"),
        pytest.param(
            a_watch(ends=NOW + timedelta(days=9)),
            Subscribe("s1"),
            id="ends in nine of thirty days",
        ),
        pytest.param(a_watch(ends=NOW + timedelta(days=11)), None, id="ends in eleven days"),
        pytest.param(a_watch(status="error", managing=LATER), None, id="in error, and tried"),
        pytest.param(a_watch(status_due=NOW), AskStatus("s1", 3), id="its status is due"),
        pytest.param(a_watch(status_due=NOW, gives_status=False), Find(), id="it gives no status"),
        pytest.param(a_watch(pending=(FETCH,)), Fetch(FETCH), id="something is to be fetched"),
        pytest.param(
            a_watch(pending=(FETCH,), asking=LATER), None, id="fetching failed a moment ago"
        ),
        pytest.param(
            a_watch(known=9, gap_since=NOW - timedelta(seconds=29)), None, id="a gap is young"
        ),
        pytest.param(
            a_watch(known=9, gap_since=NOW - timedelta(seconds=30)),
            AskEvents("s1", 4, 9),
            id="a gap is old",
        ),
        pytest.param(
            a_watch(known=9_000, gap_since=NOW - timedelta(seconds=30)),
            AskEvents("s1", 4, 1_003),
            id="a gap is very wide",
        ),
        pytest.param(
            a_watch(known=9, gap_since=NOW - timedelta(seconds=30), events_asked=True),
            AskChanged(NOW - timedelta(minutes=10), NOW, 9, "gap"),
            id="its events were asked for",
        ),
        pytest.param(
            a_watch(reconcile_due=NOW),
            AskChanged(NOW - timedelta(minutes=10), NOW, 3, "due"),
            id="reconciliation is due",
        ),
        pytest.param(
            a_watch(wanted=("empty", NOW), span=timedelta(minutes=4)),
            AskChanged(
                NOW - timedelta(minutes=10), NOW, 3, "empty", until=NOW - timedelta(minutes=6)
            ),
            id="in parts",
        ),
        pytest.param(a_watch(), None, id="nothing"),
    ],
)
def test_what_is_done_next(watch: Watch, step: object) -> None:
    assert next_step(watch, CONFIG, NOW) == step


@given(
    order=st.permutations([1, 1, 2, 3, 3, 4, 5, 5, 6, 7, 8]),
    batches=st.lists(st.integers(1, 4), min_size=11, max_size=11),
)
def test_any_order_and_any_repeats_leave_nothing_missing(
    order: Sequence[int], batches: list[int]
) -> None:
    watch, left = a_watch(handled=0, known=0), list(order)
    for size in batches:
        batch, left = left[:size], left[size:]
        if batch:
            watch, _ = heard(watch, told(*batch), NOW, NOW)

    assert (watch.handled, watch.known, watch.missing, watch.gap_since) == (8, 8, 0, None)
    assert {pointer.number for pointer in watch.pending} == set(range(1, 9))


def test_a_repeat_is_not_fetched_again() -> None:
    watch, _ = heard(a_watch(), told(2), NOW, NOW)

    assert watch.pending == ()


def test_what_is_heard_while_it_is_fetched_is_fetched_once_more() -> None:
    watch, _ = heard(a_watch(), told(4), NOW, NOW)
    (first,) = watch.pending
    again = Delivered(notice(5), (Pointer("Appointment/a4", number=5),))

    watch, _ = heard(watch, again, NOW, NOW)
    watch, _ = fetched(watch, first)

    assert [pointer.number for pointer in watch.pending] == [5]


def test_a_failed_fetch_goes_behind_the_others_once() -> None:
    watch, _ = heard(a_watch(), told(4, 5), NOW, NOW)

    watch, _ = failed(watch, Fetch(watch.pending[0]), "status-500", NOW, None)

    assert [pointer.number for pointer in watch.pending] == [5, 4]


@pytest.mark.parametrize(
    ("status", "kind", "recorded", "after"),
    [
        pytest.param("error", "event-notification", NOW, "error", id="it says that it stopped"),
        pytest.param(
            "error", "event-notification", NOW - timedelta(seconds=1), "active", id="it said so"
        ),
        pytest.param("requested", "handshake", NOW, "active", id="a handshake before it counts"),
        pytest.param("", "heartbeat", NOW, "active", id="it says nothing of it"),
    ],
)
def test_how_it_stands_is_told_by_the_newest(
    status: str, kind: Kind, recorded: datetime, after: str
) -> None:
    delivered = Delivered(notice(kind=kind, since=3, status=status))

    watch, _ = heard(a_watch(), delivered, recorded, NOW)

    assert watch.status == after


def test_a_lower_count_is_looked_into_and_only_the_server_says_that_it_began_anew() -> None:
    watch, _ = heard(a_watch(), told(1), NOW, NOW)
    step = next_step(watch, CONFIG, NOW)
    # A notification overtook the answer: it is no new beginning.
    ahead = replace(watch, handled=5, known=5)
    same, _ = told_status(ahead, AskStatus("s1", 3), notice(since=4, status="active"), CONFIG, NOW)
    anew, said = told_status(watch, AskStatus("s1", 3), notice(since=1), CONFIG, NOW)

    assert step == AskStatus("s1", 3)
    assert (same.handled, same.wanted) == (5, None)
    assert (anew.handled, anew.wanted) == (1, ("restarted", NOW))
    assert [each.code for each in said] == ["subscription.restarted"]


def test_what_is_wanted_while_it_is_asked_for_is_asked_for_again() -> None:
    watch = a_watch(wanted=("empty", NOW))
    step = next_step(watch, CONFIG, NOW)
    assert isinstance(step, AskChanged)
    later = NOW + timedelta(seconds=1)

    watch, _ = told_changed(watch.wants("empty", later), step, CONFIG, later)

    assert (watch.wanted, watch.reconciled) == (("empty", later), NOW)


def test_parts_come_to_an_end_however_small_they_are() -> None:
    watch, steps = a_watch(wanted=("start", NOW), reconciled=NOW - timedelta(hours=1)), 0
    watch = replace(watch, span=timedelta(seconds=50))
    while watch.wanted is not None:
        step = next_step(watch, CONFIG, NOW)
        assert isinstance(step, AskChanged)
        before = step.since
        watch, _ = told_changed(watch, step, CONFIG, NOW)
        steps += 1
        if watch.wanted is not None:
            assert watch.reached is not None
            assert watch.reached > before

    assert (watch.reconciled, watch.span) == (NOW, None)
    assert 60 < steps < 90


@pytest.mark.parametrize(
    "reason", ["too-many-pages", "answer-too-large", "content-too-large", "too-many-entries"]
)
def test_too_much_at_once_is_asked_for_in_parts_whatever_was_too_much(reason: str) -> None:
    step = AskChanged(NOW - timedelta(minutes=10), NOW, 3, "due")
    watch, said = failed(a_watch(), step, reason, NOW, None)

    assert watch.span == timedelta(minutes=5)
    assert [each.code for each in said] == ["subscription.asked-in-parts"]


def test_too_much_to_hold_is_asked_for_together_and_deletions_are_kept() -> None:
    many = tuple(Pointer(f"Appointment/b{n}", removed=n % 100 == 0) for n in range(700))

    watch, _ = heard(a_watch(), Delivered(notice(4), many), NOW, NOW)

    assert watch.wanted == ("too-many", NOW)
    assert [pointer.removed for pointer in watch.pending] == [True] * 7


def test_silence_is_told_when_it_begins_and_not_before() -> None:
    quiet = CONFIG.expect_within
    watch, before = looked(a_watch(), NOW + quiet)
    watch, begins = looked(watch, NOW + quiet + timedelta(seconds=1))
    watch, after = looked(watch, NOW + 2 * quiet)
    old, still = heard(watch, told(2), NOW + timedelta(seconds=1), NOW + 2 * quiet)

    assert (before, [each.code for each in begins], after) == ((), ["subscription.silent"], ())
    assert (old.freshness.silent, still) == (True, ())


def test_one_failure_is_told_once_with_its_step_and_a_longer_wait_is_granted() -> None:
    watch, first = failed(a_watch(), Find(), "status-429", NOW, timedelta(minutes=2))
    watch, second = failed(watch, Find(), "status-429", NOW, None)

    assert [(each.code, each.fields["step"]) for each in first] == [
        ("subscription.server-failed", "find")
    ]
    assert second == ()
    assert watch.managing == Backoff(2, NOW + timedelta(seconds=10))
    assert look_again(watch, CONFIG, NOW) == timedelta(seconds=10)


def test_every_kind_that_has_a_mapping_can_be_asked_for_again() -> None:
    assert set(get_args(ResourceType)) == set(MAPPINGS)
