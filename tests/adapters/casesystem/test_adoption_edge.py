"""What a source says of adoption, and takes back, as the differ tells it."""

from __future__ import annotations

from typing import Any

import pytest

from kinbridge_casesystem.records import children
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.mapped import Remembered
from tests.adapters.mapping import map_one

DETAILS = {"first_name": "Ada", "surname": "Example", "date_of_birth": "2019-09-01"}


def child(**episode: Any) -> dict[str, Any]:
    told = {"social_care_episode_id": "EP1", "referral_date": "2025-12-05", **episode}
    return {"la_child_id": "C100", "child_details": DETAILS, "social_care_episodes": [told]}


def placed(kind: str, reason: str = "") -> dict[str, Any]:
    placement = {"child_looked_after_placement_id": "L1", "start_date": "2026-01-10"}
    ended = {"end_date": "2026-02-20", "end_reason": reason} if reason else {}
    step = {**placement, "start_reason": "S", "placement_type": kind, **ended}
    return {"child_looked_after_placements": [step]}


def closed(reason: str) -> dict[str, Any]:
    return {"closure_date": "2026-02-25", "closure_reason": reason}


def play(*told: dict[str, Any]) -> list[list[ChildEvent]]:
    remembered, found = Remembered(), []
    for each in told:
        mapped = map_one("dfe-csc", each, remembered=remembered)
        remembered = mapped.remember
        found.append(list(mapped.events))
    return found


def kinds(events: list[ChildEvent]) -> set[tuple[str, str]]:
    return {(e.act, e.detail.kind) for e in events}


@pytest.mark.parametrize(
    ("said", "corrected"),
    [
        pytest.param(closed("RC1"), closed("RC7"), id="a closure"),
        pytest.param(placed("U4", "E11"), placed("U4", "E4A"), id="an end of care"),
        pytest.param(placed("A5"), placed("U4"), id="a placement"),
    ],
)
def test_a_code_put_right_takes_the_sign_back_and_the_child_is_told_from_the_beginning(
    said: dict[str, Any], corrected: dict[str, Any]
) -> None:
    [first, second] = play(child(**said), child(**corrected))

    assert kinds(first) == {("assert", "adoption_shield_started")}
    assert ("retract", "adoption_shield_started") in kinds(second)
    assert {("assert", "person_registered"), ("assert", "referral_received")} <= kinds(second)


@pytest.mark.parametrize("said", [closed("RC1"), placed("U4", "E12")], ids=["closed", "ceased"])
def test_that_the_record_of_an_adoption_is_removed_does_not_undo_it(said: dict[str, Any]) -> None:
    gone = {"la_child_id": "C100", "social_care_episodes": [{"social_care_episode_id": "EP1",
            "purge": True}]}  # fmt: skip
    [_, second, third] = play(child(**said), gone, child())

    assert second == third == []


def test_of_a_shielded_child_nothing_more_is_told_or_remembered() -> None:
    moved = child(**closed("RC1"))
    moved["child_details"] = DETAILS | {"surname": "Other", "postcode": "SE13 6AB"}
    mapped = map_one("dfe-csc", child(**closed("RC1")))
    again = map_one("dfe-csc", moved, remembered=mapped.remember)

    [kept] = again.remember.facts.values()
    assert again.events == ()
    assert kept.detail.kind == "adoption_shield_started"
    assert set(again.remember.marks) <= {"said"}


def test_numbers_that_nobody_reads_are_not_taken_in() -> None:
    told = (
        b'[{"la_child_id": "C1", "mis_child_id": "M1", "child_details": {"surname": "Example",'
        b' "unique_pupil_number": "A1", "former_unique_pupil_number": "B1"}},'
        b' {"la_child_id": "C2"}]'
    )

    first, second = children(told)

    assert first.content == b'{"la_child_id": "C1", "child_details": {"surname": "Example"}}'
    assert second.content == b'{"la_child_id": "C2"}'
