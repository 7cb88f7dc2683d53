"""The one differ, on snapshots of every shape that a source may give."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinbridge_casesystem.child import (
    Assessment,
    ChildSnapshot,
    Contact,
    CpPlan,
    Details,
    Enquiry,
    Episode,
    Help,
    Missing,
    Placement,
    Purge,
    Relation,
    Restriction,
    Worker,
)
from kinbridge_casesystem.cutting import Read
from kinbridge_casesystem.differ import Snapshots
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.mapped import Given, Mapped, Remembered
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.received import Received
from tests.adapters.casesystem.loads import kinds
from tests.adapters.mapping import NOW, PSEUDONYMS

DAY: Final = date(2026, 2, 2)
BORN: Final = Details(first_name="Ada", surname="Example", born=date(2019, 9, 1))
MOTHER: Final = Relation(
    person="M1", role="mother", main_carer=True, name="Eve Example", nhs_number="9000000009"
)
RECEIVED: Final = Received(
    id="received-0123456789abcdef",
    content=b"",
    content_type="application/json",
    source="209.example",
    route="dfe-csc",
)


def child(**said: Any) -> ChildSnapshot:
    return replace(
        ChildSnapshot(child="C100", feed="test", complete_since=date(2025, 4, 1)), **said
    )


def told(
    snapshot: ChildSnapshot, remembered: Remembered | None = None, now: datetime = NOW
) -> Mapped:
    lasting = not any(e.conference for e in snapshot.enquiries)
    adapter = Snapshots(
        "test-1", lambda _content, _now: Read(snapshot, lasting=lasting), "objects"
    )
    received = RECEIVED.model_copy(update={"content": repr(snapshot).encode()})
    return adapter(received, Given(PSEUDONYMS, now, remembered or Remembered()))


def play(*snapshots: ChildSnapshot) -> list[list[ChildEvent]]:
    """Tell snapshots one after the other, an hour apart."""
    remembered, found = Remembered(), []
    for hour, snapshot in enumerate(snapshots):
        mapped = told(snapshot, remembered, NOW + timedelta(hours=hour))
        remembered = mapped.remember
        found.append(list(mapped.events))
    return found


PLAN: Final = CpPlan(id="P1", start=DAY, category="NEG", latest_category="NEG")
WHOLE: Final = child(
    details=BORN,
    relations=(MOTHER,),
    contacts=(Contact(id="K1", on=DAY, source_code="6"),),
    help=(Help(id="H1", start=DAY, end=DAY, reason="step-up"),),
    episodes=(
        Episode(
            id="E1",
            referred=DAY,
            workers=(Worker(worker="W1", start=DAY), Worker(worker="W2", start=date(2026, 2, 9))),
            assessments=(Assessment(id="A1", start=DAY),),
            enquiries=(Enquiry(id="S1", start=DAY),),
        ),
    ),
    cp_plans=(PLAN,),
    placements=(Placement(id="L1", start=DAY, kind="U6"),),
    missing=(Missing(id="X1", start=DAY),),
)


def without(*left_out: str) -> ChildSnapshot:
    nothing: dict[str, Any] = dict.fromkeys(left_out, ())
    return replace(WHOLE, **nothing)


def test_everything_is_told_once_with_the_day_it_took_effect() -> None:
    first, again = play(WHOLE, WHOLE)

    assert len(first) == 13
    assert {e.occurred.at.date() for e in first if e.occurred.precision == "day"} == {
        DAY,
        date(2026, 2, 9),
    }
    assert all(e.observed == NOW for e in first)
    assert again == []


@pytest.mark.parametrize(
    "left_out",
    ["contacts", "help", "episodes", "cp_plans", "placements", "missing", "relations"],
)
def test_what_a_complete_source_no_longer_holds_is_taken_back(left_out: str) -> None:
    first, second = play(WHOLE, without(left_out))
    within = [e.fact for e in first if e.fact in {s.fact for s in second}]

    assert second
    assert {e.act for e in second} == {"retract"}
    assert len(within) == len(second)


def test_who_the_child_is_stays_where_details_are_left_out() -> None:
    assert play(WHOLE, replace(WHOLE, details=None))[1] == []


def test_what_was_before_the_span_of_a_source_is_not_taken_back() -> None:
    later = replace(WHOLE, cp_plans=(), complete_since=date(2026, 2, 3))

    assert play(WHOLE, later)[1] == []


def test_an_end_that_is_withdrawn_is_taken_back_and_the_start_stays() -> None:
    ended = child(cp_plans=(replace(PLAN, end=date(2026, 2, 20)),))

    assert kinds(play(ended, child(cp_plans=(PLAN,)))[1]) == [("retract", "cp_plan_ended")]


def test_a_conference_that_was_held_was_also_planned() -> None:
    planned = child(enquiries=(Enquiry(id="S1", start=DAY, conference=date(2026, 3, 5)),))
    before = told(planned)
    after = told(planned, before.remember, datetime(2026, 3, 6, tzinfo=UTC))

    assert kinds(list(after.events)) == [("assert", "icpc_held")]


def test_what_was_read_before_is_not_read_again() -> None:
    first = told(WHOLE)
    never = Snapshots("test-1", _never_read)
    received = RECEIVED.model_copy(update={"content": repr(WHOLE).encode()})
    again = never(received, Given(PSEUDONYMS, NOW, first.remember))

    assert (again.events, again.ends[0].reason) == ((), "unchanged")
    assert again.remember == first.remember


def test_another_version_of_the_mapping_reads_again() -> None:
    received = RECEIVED.model_copy(update={"content": repr(WHOLE).encode()})
    given = Given(PSEUDONYMS, NOW, told(WHOLE).remember)

    with pytest.raises(AssertionError, match="read again"):
        Snapshots("test-2", _never_read)(received, given)


def _never_read(_content: bytes, _now: datetime) -> Read:
    raise AssertionError("read again")


def test_a_category_is_told_when_it_changes_and_when_it_changes_back() -> None:
    changed = child(cp_plans=(replace(PLAN, latest_category="EMO"),))
    said = [
        [e.detail.model_dump().get("category") for e in events]
        for events in play(child(cp_plans=(PLAN,)), changed, changed, child(cp_plans=(PLAN,)))
    ]

    assert said == [["NEG"], ["EMO"], [], ["NEG"]]


def test_a_record_is_restricted_opened_and_restricted_again() -> None:
    levels: tuple[Restriction, ...] = (
        "none",
        "locked",
        "locked",
        "none",
        "sensitive",
        "sensitive",
    )
    snapshots = [child(details=replace(BORN, restriction=level)) for level in levels]
    said = [[e.detail.kind for e in events] for events in play(*snapshots)]

    assert said == [
        ["person_registered"],
        ["record_restricted"],
        [],
        ["record_unrestricted"],
        ["record_restricted"],
        [],
    ]


def test_a_source_that_does_not_speak_of_restriction_lifts_none() -> None:
    restricted = child(details=replace(BORN, restriction="locked"))

    assert play(restricted, child(details=BORN))[1] == []


def test_a_relation_names_both_and_ends_on_its_day() -> None:
    ended = replace(MOTHER, end=date(2026, 2, 20))
    first, second = play(child(relations=(MOTHER,)), child(relations=(ended,)))

    assert [[s.role for s in e.subjects] for e in first] == [["child", "mother"]]
    assert first[0].subjects[1].nhs_number is not None
    assert kinds(second) == [("assert", "relationship_ended")]


def test_a_lost_pregnancy_ends_and_says_nothing_more() -> None:
    unborn = Details(due=date(2026, 5, 1))
    lost = replace(unborn, pregnancy_ended=date(2026, 2, 20))

    assert kinds(play(child(details=unborn), child(details=lost))[1]) == [
        ("assert", "pregnancy_ended")
    ]


def test_a_purged_object_is_taken_back_whatever_the_source_covers() -> None:
    delta = ChildSnapshot(child="C100", feed="test", purges=(Purge(kind="cp-plan", id="P1"),))

    assert kinds(play(WHOLE, delta)[1]) == [("retract", "cp_plan_started")]


def test_a_purged_child_is_taken_back_whole() -> None:
    first, second = play(WHOLE, child(purged=True))

    assert len(second) == len(first) + 1
    assert kinds(second)[0] == ("assert", "purged")


def test_two_feeds_of_one_case_system_never_speak_of_one_fact() -> None:
    one, other = told(WHOLE), told(replace(WHOLE, feed="other"))

    assert not {e.fact for e in one.events} & {e.fact for e in other.events}


def test_two_objects_with_one_id_are_refused() -> None:
    with pytest.raises(UnreadableError) as raised:
        told(child(cp_plans=(PLAN, replace(PLAN, start=date(2026, 2, 9)))))

    assert (raised.value.reason, raised.value.path) == ("id-repeated", "objects")


def test_nothing_of_a_person_is_remembered_in_clear() -> None:
    kept = told(WHOLE).remember.model_dump_json()

    assert not [s for s in ("Ada", "Eve", "9000000009", "C100", "M1", "2019-09") if s in kept]


_PARTS: Final = ("contacts", "help", "episodes", "cp_plans", "placements", "missing", "relations")


@settings(max_examples=80, deadline=None)
@given(history=st.lists(st.sets(st.sampled_from(_PARTS)), min_size=1, max_size=5))
def test_after_any_history_what_holds_is_what_the_last_snapshot_says(
    history: list[set[str]],
) -> None:
    snapshots = [without(*out) for out in history]
    holding: dict[str, str] = {}
    for events in play(*snapshots):
        holding |= {e.fact: e.act for e in events}
    direct = {e.fact for e in told(snapshots[-1]).events}

    assert {fact for fact, act in holding.items() if act == "assert"} == direct
