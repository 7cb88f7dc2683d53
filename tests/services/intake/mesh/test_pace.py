"""When a mailbox is asked again, and how old what lies in it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinbridge.intake.freshness import Freshness
from kinbridge.intake.mesh.pace import accepted_at, oldest, pause, reason_of

EVERY = timedelta(minutes=5)
NOW = datetime(2026, 3, 2, 10, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("failures", "reason", "wish", "seconds"),
    [
        pytest.param(0, "", None, 300, id="all is well"),
        pytest.param(1, "unreachable", None, 5, id="the first failure"),
        pytest.param(4, "kafka-msg-timed-out", None, 40, id="ever more slowly"),
        pytest.param(50, "unreachable", None, 900, id="a quarter of an hour at most"),
        pytest.param(
            1, "access-refused", None, 300, id="a wrong password is not tried again soon"
        ),
        pytest.param(9, "access-refused", None, 300, id="however often"),
        pytest.param(1, "too-many-requests", 60, 60, id="as the server wishes"),
        pytest.param(6, "too-many-requests", 60, 160, id="or longer"),
        pytest.param(1, "too-many-requests", 86_400, 3_600, id="but an hour at most"),
    ],
)
def test_how_long_a_mailbox_is_left_alone(
    failures: int, reason: str, wish: int | None, seconds: int
) -> None:
    after = timedelta(seconds=wish) if wish is not None else None

    found = pause(failures, EVERY, reason=reason, wish=after)

    assert found.total_seconds() == seconds


@given(st.integers(1, 10_000), st.integers(0, 10**6))
def test_a_pause_is_never_short_nor_endless(failures: int, wish: int) -> None:
    found = pause(failures, EVERY, reason="unreachable", wish=timedelta(seconds=wish))

    assert timedelta(seconds=5) <= found <= timedelta(hours=1)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, "access-refused"),
        (403, "access-refused"),
        (404, "message-not-found"),
        (410, "message-gone"),
        (418, "request-refused"),
        (429, "too-many-requests"),
        (500, "server-error"),
        (503, "server-error"),
    ],
)
def test_every_status_has_a_name(status: int, reason: str) -> None:
    assert reason_of(status) == reason


@pytest.mark.parametrize(
    ("message", "at"),
    [
        ("20210311101813838554_1B8F53", datetime(2021, 3, 11, 10, 18, 13, tzinfo=UTC)),
        ("20220228174323222_ABCDEF", datetime(2022, 2, 28, 17, 43, 23, tzinfo=UTC)),
        ("20221399101813838554_1B8F53", None),
        ("F11FDB477D59419C972705C3CE576BA9", None),
        ("", None),
    ],
)
def test_the_id_of_a_message_says_when_it_was_accepted(message: str, at: datetime | None) -> None:
    assert accepted_at(message) == at


def test_the_oldest_message_counts() -> None:
    listed = ("20260302100000000000_AAAAAA", "20260226102000000000_BBBBBB", "whatever")

    assert oldest(listed, NOW) == timedelta(days=4)
    assert oldest((), NOW) == timedelta(0)


def test_a_source_is_silent_after_its_time_and_until_it_is_heard() -> None:
    start = Freshness(timedelta(minutes=30), NOW)
    in_time = start.looked_at(NOW + timedelta(minutes=30))
    late = start.looked_at(NOW + timedelta(minutes=31))

    assert (start.silent, in_time.silent, late.silent) == (False, False, True)
    assert not late.heard_at(NOW + timedelta(minutes=32)).silent
    assert late.quiet_for(NOW + timedelta(minutes=40)) == timedelta(minutes=40)
    assert start.look_again(NOW + timedelta(minutes=10)) == timedelta(minutes=20)
    assert late.look_again(NOW + timedelta(minutes=31)) == timedelta(minutes=30)


def test_a_late_arrival_does_not_turn_the_time_back() -> None:
    heard = Freshness(timedelta(minutes=30), NOW).heard_at(NOW - timedelta(hours=1))

    assert heard.heard == NOW
