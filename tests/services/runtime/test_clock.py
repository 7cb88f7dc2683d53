"""The time of a stage: the least of its sources, and never back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinbridge.runtime.clock import (
    BEFORE_TIME,
    Source,
    clock_headers,
    clock_sources,
    clock_value,
    clocks_go_to,
    heard,
    holding_back,
    is_clock,
    least,
    read_clock,
)
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.topics import parse_topics
from tests.services.runtime.counting import START, minutes, topics

SOURCES = frozenset({("heads", "ticker"), ("ones", "one/0"), ("ones", "one/1")})

LOOP = """
version: 1
defaults: {replication: 1, retention: 1d, max_bytes: 20000, audience: line, partitions: 2,
           classification: pseudonymous}
topics:
  asked: {holds: a, schema: A/v1, key: k, from: [intake], to: [work], clocked: true}
  made: {holds: a, schema: A/v1, key: k, from: [earlier], to: [work], clocked: true}
  tried: {holds: a, schema: A/v1, key: k, from: [work], to: [work]}
  given: {holds: a, schema: A/v1, key: k, from: [work], to: [later], clocked: true}
  first: {holds: a, schema: A/v1, key: k, from: [intake], to: [earlier, later], clocked: true}
"""


def test_sources_are_the_ticker_and_every_partition_of_the_stages_before() -> None:
    found = clock_sources("work", ("asked", "made", "tried"), parse_topics(LOOP))

    assert found == {("asked", "ticker"), ("made", "earlier/0"), ("made", "earlier/1")}


def test_a_clock_goes_on_to_others_and_not_round_and_round() -> None:
    found = clocks_go_to("work", ("tried", "given"), parse_topics(LOOP))

    assert [topic.name for topic in found] == ["given"]


def test_there_is_no_time_before_every_source_has_spoken() -> None:
    clocks = heard({}, ("heads", "ticker"), START)

    assert least(clocks, SOURCES) == BEFORE_TIME


@given(
    ticks=st.lists(st.tuples(st.sampled_from(sorted(SOURCES)), st.integers(0, 500)), max_size=60)
)
def test_time_never_goes_back_and_never_passes_a_source(
    ticks: list[tuple[Source, int]],
) -> None:
    clocks: dict[Source, datetime] = {}
    times = [least(clocks, SOURCES)]
    for source, minute in ticks:
        clocks = dict(heard(clocks, source, minutes(minute)))
        times.append(least(clocks, SOURCES))

    assert times == sorted(times)
    last = {
        s: max((minutes(m) for of, m in ticks if of == s), default=BEFORE_TIME) for s in SOURCES
    }
    assert times[-1] == min(last.values())


def test_a_source_holds_time_back_once_its_clock_is_old() -> None:
    clocks = {("heads", "ticker"): START, ("ones", "one/0"): minutes(-10)}

    held = holding_back(clocks, SOURCES, now=minutes(1), limit=timedelta(minutes=2))

    assert held == {("ones", "one/0"), ("ones", "one/1")}


def test_a_clock_record_can_be_read_back() -> None:
    now = datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=UTC)

    assert is_clock(dict(clock_headers(now, "ticker")))
    assert read_clock(clock_value(now)) == now


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(None, id="nothing"),
        pytest.param(b"", id="empty"),
        pytest.param(b"[]", id="not an object"),
        pytest.param(b"{}", id="no now"),
        pytest.param(b'{"now": "2026-03-02T09:00:00"}', id="no zone"),
        pytest.param(b'{"now": "soon"}', id="not a time"),
        pytest.param(b'{"now": "0001-01-01T00:00:00+14:00"}', id="before all time"),
        pytest.param(b"\xff", id="not a text"),
    ],
)
def test_a_clock_that_cannot_be_read(value: bytes | None) -> None:
    with pytest.raises(UnreadableError, match="clock-invalid"):
        read_clock(value)


def test_the_stages_of_the_line_wait_for_each_other() -> None:
    found = clock_sources("two", ("ones",), topics(3))

    assert found == {("ones", "one/0"), ("ones", "one/1"), ("ones", "one/2")}
