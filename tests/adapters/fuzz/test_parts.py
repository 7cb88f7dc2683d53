"""Optional parts that are missing, doubled or elsewhere: mapped or unreadable, never a fault."""

from __future__ import annotations

import os
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kinbridge.mapping.routes import ROUTES
from tests.adapters.fuzz.inputs import inputs, outcome
from tests.adapters.fuzz.parts import OPERATIONS, rearranged

EXAMPLES: Final = int(os.environ.get("FUZZ_ROUNDS", "80"))
_CHANGE: Final = st.tuples(
    st.sampled_from(OPERATIONS), st.integers(0, 2_000), st.integers(0, 2_000)
)


@pytest.mark.parametrize("route", sorted(ROUTES))
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_part_is_missing_or_elsewhere_it_is_mapped_or_unreadable(
    route: str, data: st.DataObject
) -> None:
    which = data.draw(st.sampled_from(inputs(route)))
    content = which.content
    for operation, at, other in data.draw(st.lists(_CHANGE, min_size=1, max_size=3)):
        content = rearranged(content, operation, at, other)

    assert outcome(which, content)


@pytest.mark.parametrize("route", sorted(ROUTES))
def test_a_part_that_is_left_out_is_mapped_or_unreadable(route: str) -> None:
    """Each part of the first input of a route, one after the other."""
    first = inputs(route)[0]
    without_one = {rearranged(first.content, "drop", at, 0) for at in range(200)}

    assert all(outcome(first, content) for content in without_one)
