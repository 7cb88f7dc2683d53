"""The page says which fields are read, and it is held to that in both directions."""

from __future__ import annotations

from typing import Final

import pytest

from tests.adapters.hl7v2.fields import LEFT, USED, listed, not_on, there, traced
from tests.adapters.hl7v2.messages import PID_CHILD, message, msh
from tests.adapters.hl7v2.playing import MESSAGES

# What few senders fill, and no golden message needs.
_FULL: Final = message(
    msh("SIU^S12", more="|||AL|NE|GBR|8859/1"),
    "SCH|A1^B|F1^B||||OTHER||290^Community paediatrics^X|||^^^202603090930" + "|" * 14 + "Booked",
    PID_CHILD,
    "PV1|1|O|CDC^^^RJ121|||||||290|||||||||V1^^^VISITID",
    "AIL|1|A|CDC^^^RJ121",
)
CONTENTS: Final = (*(path.read_bytes() for path in MESSAGES.values()), _FULL)


@pytest.fixture(scope="module")
def read() -> set[str]:
    return traced(CONTENTS)


def test_what_is_read_stands_on_its_list(read: set[str]) -> None:
    assert not_on(read, listed(USED)) == []


def test_what_stands_on_the_list_is_read(read: set[str]) -> None:
    assert sorted(listed(USED) - read) == []


def test_what_is_not_read_is_left_out_on_purpose(read: set[str]) -> None:
    assert not_on(there(CONTENTS) - read, listed(LEFT)) == []


def test_nothing_is_used_and_left_out_at_once() -> None:
    assert listed(USED) & listed(LEFT) == frozenset()
