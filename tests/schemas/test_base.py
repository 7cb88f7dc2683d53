"""Ids derived from content: the same thing has the same id, another thing another."""

from __future__ import annotations

import re

from hypothesis import assume, given
from hypothesis import strategies as st

from kinbridge_schemas.base import derive_id

PARTS = st.lists(st.text(max_size=12), max_size=5)


@given(PARTS)
def test_the_same_parts_give_the_same_id(parts: list[str]) -> None:
    assert derive_id("thing", *parts) == derive_id("thing", *parts)


@given(PARTS, PARTS)
def test_other_parts_give_another_id(one: list[str], other: list[str]) -> None:
    assume(one != other)

    assert derive_id("thing", *one) != derive_id("thing", *other)


@given(PARTS)
def test_an_id_is_safe_anywhere(parts: list[str]) -> None:
    assert re.fullmatch(r"thing-[0-9a-f]{32}", derive_id("thing", *parts))


def test_parts_are_not_run_together() -> None:
    assert derive_id("thing", "ab", "c") != derive_id("thing", "a", "bc")


def test_the_ids_of_today_are_the_ids_of_tomorrow() -> None:
    # A change here would say every alert again under another id.
    assert derive_id("thing", "a", "b") == "thing-51f0df627eafec87293cace2af5bdf2a"
