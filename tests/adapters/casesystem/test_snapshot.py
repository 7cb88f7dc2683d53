"""Snapshots of a child, told by difference: every order, every repetition, every removal."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.mapped import Remembered
from kinbridge_schemas.problems import UnreadableError
from tests.adapters.mapping import NOW, map_one

DETAILS = {
    "first_name": "Ada",
    "surname": "Example",
    "date_of_birth": "2019-09-01",
    "postcode": "SE13 6AA",
}


def child(*episodes: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"la_child_id": "C100", "social_care_episodes": list(episodes), **more}


def episode(own: str = "EP1", **more: Any) -> dict[str, Any]:
    return {"social_care_episode_id": own, "referral_date": "2026-01-12", **more}


def s47(own: str, start: str = "2026-02-02", **more: Any) -> dict[str, Any]:
    return {"section_47_assessment_id": own, "start_date": start, **more}


def plan(own: str, start: str = "2026-02-20", **more: Any) -> dict[str, Any]:
    return {"child_protection_plan_id": own, "start_date": start, **more}


def play(*snapshots: dict[str, Any]) -> tuple[list[list[ChildEvent]], Remembered]:
    """Send snapshots one after the other, an hour apart."""
    remembered, told = Remembered(), []
    for hour, snapshot in enumerate(snapshots):
        now = NOW + timedelta(hours=hour)
        mapped = map_one("dfe-csc", snapshot, remembered=remembered, now=now)
        remembered = mapped.remember
        told.append(list(mapped.events))
    return told, remembered


def kinds(events: list[ChildEvent]) -> list[tuple[str, str]]:
    return [(e.act, e.detail.kind) for e in events]


def test_the_same_again_says_nothing_and_is_a_duplicate() -> None:
    snapshot = child(episode(child_protection_plans=[plan("P1")]), child_details=DETAILS)
    _, remembered = play(snapshot)

    again = map_one("dfe-csc", snapshot, remembered=remembered)

    assert not again.events
    assert [(e.end, e.reason) for e in again.ends] == [("duplicate", "unchanged")]
    assert again.remember == remembered


def test_what_is_left_out_says_nothing() -> None:
    whole = child(episode(child_protection_plans=[plan("P1")]), child_details=DETAILS)

    told, remembered = play(whole, child(), child(episode()), whole)

    assert told[1:] == [[], [], []]
    assert len(remembered.facts) == len(told[0])


def test_a_changed_date_is_a_later_account_of_the_same_fact() -> None:
    told, _ = play(
        child(episode(child_protection_plans=[plan("P1", "2026-02-20")])),
        child(episode(child_protection_plans=[plan("P1", "2026-02-21")])),
    )

    first, second = told[0][-1], told[1][0]
    assert (first.fact, len(told[1])) == (second.fact, 1)
    assert second.version.later_than(first.version)


def test_two_snapshots_of_one_moment_still_have_two_versions() -> None:
    first = map_one("dfe-csc", child(episode(child_protection_plans=[plan("P1")])))
    changed = child(episode(child_protection_plans=[plan("P1", "2026-02-21")]))

    second = map_one("dfe-csc", changed, remembered=first.remember)

    assert second.events[0].version.later_than(first.events[-1].version)
    assert second.events[0].id != first.events[-1].id


def test_going_back_to_an_earlier_value_is_told() -> None:
    one = child(episode(child_protection_plans=[plan("P1", "2026-02-20")]))
    two = child(episode(child_protection_plans=[plan("P1", "2026-02-21")]))

    told, _ = play(one, two, one)

    assert (
        len({e.id for events in told for e in events if e.detail.kind == "cp_plan_started"}) == 3
    )


def test_a_purged_plan_takes_back_its_facts_and_no_others() -> None:
    whole = child(episode(child_protection_plans=[plan("P1", end_date="2026-02-25"), plan("P2")]))
    purge = {"child_protection_plan_id": "P1", "purge": True}

    told, _ = play(
        whole, child({"social_care_episode_id": "EP1", "child_protection_plans": [purge]})
    )

    assert kinds(told[1]) == [("retract", "cp_plan_started"), ("retract", "cp_plan_ended")]


def test_a_purged_child_leaves_nothing_but_the_time_behind() -> None:
    whole = child(episode(section_47_assessments=[s47("S1")]), child_details=DETAILS)

    told, remembered = play(whole, {"la_child_id": "C100", "purge": True})

    assert {act for act, _ in kinds(told[1])[:-1]} == {"retract"}
    assert kinds(told[1])[-1] == ("assert", "purged")
    assert (remembered.facts, remembered.marks) == ({}, {"purged": "yes"})


def test_what_comes_back_after_a_purge_is_later_than_its_removal() -> None:
    whole = child(episode(child_protection_plans=[plan("P1")]))

    told, _ = play(whole, {"la_child_id": "C100", "purge": True}, whole)

    removed = next(e for e in told[1] if e.detail.kind == "cp_plan_started")
    back = next(e for e in told[2] if e.detail.kind == "cp_plan_started")
    assert back.version.later_than(removed.version)


def test_a_conference_is_scheduled_until_its_day_and_then_held() -> None:
    whole = child(episode(section_47_assessments=[s47("S1", icpc_date="2026-03-20")]))
    first = map_one("dfe-csc", whole)

    later = map_one(
        "dfe-csc", whole, remembered=first.remember, now=datetime(2026, 3, 21, tzinfo=UTC)
    )

    assert ("assert", "icpc_scheduled") in kinds(list(first.events))
    assert kinds(list(later.events)) == [("assert", "icpc_held")]


def test_nothing_of_a_person_is_remembered_in_clear() -> None:
    _, remembered = play(
        child(episode(), child_details=DETAILS),
        child(episode(), child_details={**DETAILS, "postcode": "SE14 5BB"}),
    )

    kept = remembered.model_dump_json()
    assert not [s for s in ("Ada", "Example", "SE13", "SE14", "2019-09-01", "C100") if s in kept]


def test_facts_of_siblings_with_one_enquiry_are_two() -> None:
    shared = episode(section_47_assessments=[s47("S1")])

    one = map_one("dfe-csc", {"la_child_id": "C1", "social_care_episodes": [shared]})
    two = map_one("dfe-csc", {"la_child_id": "C2", "social_care_episodes": [shared]})

    assert not {e.fact for e in one.events} & {e.fact for e in two.events}


@pytest.mark.parametrize(
    ("trigger", "whole"),
    [
        ("closure-rc1", episode(closure_date="2026-02-27", closure_reason="RC1")),
        ("placed-for-adoption", episode(adoption={"placed_date": "2026-02-27"})),
        (
            "placement-a3",
            episode(
                child_looked_after_placements=[
                    {
                        "child_looked_after_placement_id": "L1",
                        "start_date": "2026-02-01",
                        "start_reason": "S",
                        "placement_type": "A3",
                    }
                ]
            ),
        ),
        (
            "end-e12",
            episode(
                child_looked_after_placements=[
                    {
                        "child_looked_after_placement_id": "L1",
                        "start_date": "2026-02-01",
                        "start_reason": "S",
                        "end_date": "2026-02-27",
                        "end_reason": "E12",
                    }
                ]
            ),
        ),
    ],
)
def test_every_sign_of_adoption_starts_the_shield(trigger: str, whole: dict[str, Any]) -> None:
    events = map_one("dfe-csc", child(whole)).events

    shields = [e.detail for e in events if e.detail.kind == "adoption_shield_started"]
    assert [s.model_dump()["trigger"] for s in shields] == [trigger]


@pytest.mark.parametrize(
    ("snapshot", "reason", "path"),
    [
        pytest.param(
            child(episode(referral_date="2026-02")),
            "date-invalid",
            "social_care_episodes[0].referral_date",
            id="a partial date",
        ),
        pytest.param(
            child(episode(referral_date="2026-02-30")),
            "date-invalid",
            "social_care_episodes[0].referral_date",
            id="no such day",
        ),
        pytest.param(
            child(episode(child_protection_plans=[plan("P1", "2027-01-01")])),
            "date-in-future",
            "social_care_episodes[0].child_protection_plans[0].start_date",
            id="a plan of next year",
        ),
        pytest.param(
            child(child_details={"date_of_birth": "2026-03-09"}),
            "date-in-future",
            "child_details.date_of_birth",
            id="born next week",
        ),
        pytest.param(
            child(episode(child_protection_plans=[plan("P1"), plan("P1", "2026-02-25")])),
            "id-repeated",
            "social_care_episodes[0].child_protection_plans",
            id="one plan twice",
        ),
        pytest.param(
            child(
                episode("EP1", child_protection_plans=[plan("P1")]),
                episode("EP2", child_protection_plans=[plan("P1")]),
            ),
            "id-repeated",
            "social_care_episodes",
            id="one plan in two episodes",
        ),
        pytest.param(
            child(episode(referal_date="2026-02-01")),
            "contract-broken",
            "social_care_episodes.0.?",
            id="a misspelt field",
        ),
        pytest.param({"la_child_id": ""}, "contract-broken", "la_child_id", id="no id"),
    ],
)
def test_what_is_wrong_is_named_by_its_field(
    snapshot: dict[str, Any], reason: str, path: str
) -> None:
    with pytest.raises(UnreadableError) as raised:
        map_one("dfe-csc", snapshot)

    assert (raised.value.reason, raised.value.path) == (reason, path)


_EPISODES = st.lists(
    st.builds(
        lambda own, plans, enquiries: episode(
            own,
            # An object lies in one episode only, so that its id has the episode's in it.
            child_protection_plans=[plan(f"{own}-{name}", start) for name, start in plans],
            section_47_assessments=[s47(f"{own}-{name}") for name in enquiries],
        ),
        st.sampled_from(["EP1", "EP2"]),
        st.lists(
            st.tuples(st.sampled_from("AB"), st.sampled_from(["2026-02-20", "2026-02-21"])),
            unique_by=lambda p: p[0],
            max_size=2,
        ),
        st.lists(st.sampled_from("AB"), unique=True, max_size=2),
    ),
    unique_by=lambda e: e["social_care_episode_id"],
    max_size=2,
)


def _shuffled(snapshot: dict[str, Any], seed: int) -> dict[str, Any]:
    order = random.Random(seed)

    def mixed(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: mixed(node[key]) for key in order.sample(list(node), len(node))}
        if isinstance(node, list):
            return [mixed(item) for item in order.sample(node, len(node))]
        return node

    found: dict[str, Any] = mixed(snapshot)
    return found


@settings(max_examples=100, deadline=None)
@given(history=st.lists(_EPISODES, min_size=1, max_size=4), seed=st.integers(0, 1_000))
def test_order_within_a_snapshot_changes_nothing(
    history: list[list[dict[str, Any]]], seed: int
) -> None:
    told, remembered = play(*(child(*episodes) for episodes in history))
    mixed, also = play(*(_shuffled(child(*episodes), seed) for episodes in history))

    assert (also.facts, also.updated) == (remembered.facts, remembered.updated)
    assert [{e.id for e in events} for events in mixed] == [{e.id for e in ev} for ev in told]


@settings(max_examples=100, deadline=None)
@given(history=st.lists(_EPISODES, min_size=1, max_size=4))
def test_repeating_each_snapshot_says_nothing_more(history: list[list[dict[str, Any]]]) -> None:
    once, kept = play(*(child(*episodes) for episodes in history))
    twice, also = play(*(child(*episodes) for episodes in history for _ in range(2)))

    assert [kinds(events) for events in twice[1::2]] == [[] for _ in history]
    assert [kinds(events) for events in twice[0::2]] == [kinds(events) for events in once]
    assert set(also.facts) == set(kept.facts)


@settings(max_examples=100, deadline=None)
@given(history=st.lists(_EPISODES, min_size=1, max_size=5))
def test_no_two_events_of_a_child_have_one_id(history: list[list[dict[str, Any]]]) -> None:
    told, _ = play(*(child(*episodes) for episodes in history))

    ids = [e.id for events in told for e in events]
    assert len(ids) == len(set(ids))
