"""How long another system asks to be left alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinbridge.retry_after import seconds

NOW: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY: Final = 86_400


@pytest.mark.parametrize(
    ("header", "wished"),
    [
        pytest.param("120", 120, id="seconds"),
        pytest.param(format_datetime(NOW + timedelta(minutes=5)), 300, id="a date"),
        pytest.param(format_datetime(NOW - timedelta(minutes=5)), 0, id="a date gone by"),
        pytest.param(format_datetime(NOW + timedelta(days=9)), DAY, id="a date too far off"),
        pytest.param("9999999", DAY, id="a day at most"),
        pytest.param("9" * 5000, DAY, id="digits without end"),
        pytest.param("", None, id="nothing"),
        pytest.param("soon", None, id="neither"),
        pytest.param("-5", None, id="negative"),
        pytest.param("٣", None, id="digits of another script"),
    ],
)
def test_it_is_read_as_it_is_written(header: str, wished: int | None) -> None:
    assert seconds(header, NOW, DAY) == wished


@given(
    st.text(max_size=60) | st.from_regex(r"[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} \d+ \d+:\d+:\d+ GMT")
)
def test_none_is_too_strange(header: str) -> None:
    wished = seconds(header, NOW, DAY)

    assert wished is None or 0 <= wished <= DAY
