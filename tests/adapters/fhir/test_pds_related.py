"""Whom PDS calls related to a child: told where a number names them, and opening nothing."""

from __future__ import annotations

from typing import Any, Final

import pytest

from kinbridge_schemas.events.persons import RelationshipEnded, RelationshipRecorded
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.vocabulary import Role
from tests.adapters.fhir.messages import BABY, CHILD, MOTHER, Resource
from tests.adapters.fhir.pds import answered, ends, mapped, none_held, relative, searchset

STEP: Final = "related-persons"


def related(*relatives: Resource, **changes: Any) -> bytes:
    return answered(searchset(*relatives), **({"step": STEP} | changes))


@pytest.mark.parametrize(
    ("code", "role"),
    [
        ("MTH", Role.MOTHER),
        ("FTH", Role.FATHER),
        ("PRN", Role.PARENT),
        ("PRNFOST", Role.CARER),
        ("GUARD", Role.CARER),
    ],
)
def test_a_relative_with_a_number_is_related_to_the_child(code: str, role: Role) -> None:
    (event,) = mapped(related(relative(MOTHER, code))).events

    assert isinstance(event.detail, RelationshipRecorded)
    assert event.detail.relation is role
    assert not event.detail.main_carer
    found = [(s.role, s.nhs_number.reveal() if s.nhs_number else "") for s in event.subjects]
    assert found == [(Role.CHILD, CHILD), (role, MOTHER)]
    assert {s.name for s in event.subjects} == {None}


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(
            {"period": {"start": "2020-01-01", "end": "2021-12-31"}}, id="its time is over"
        ),
        pytest.param({"active": False}, id="not active"),
    ],
)
def test_a_relation_that_is_over_has_ended(changes: dict[str, Any]) -> None:
    (ended,) = mapped(related(relative(MOTHER, **changes))).events
    (held,) = mapped(related(relative(MOTHER))).events

    assert isinstance(ended.detail, RelationshipEnded)
    assert isinstance(held.detail, RelationshipRecorded)
    assert ended.detail.relationship_id == held.detail.relationship_id
    assert ended.fact != held.fact


def test_two_children_of_one_mother_have_a_relation_each() -> None:
    one = mapped(related(relative(MOTHER))).events[0]
    other = mapped(answered(searchset(relative(MOTHER)), BABY, step=STEP)).events[0]

    assert one.fact != other.fact


def test_a_relative_who_stands_there_twice_is_told_once() -> None:
    assert len(mapped(related(relative(MOTHER), relative(MOTHER))).events) == 1


PARKED: Final = [
    pytest.param(relative(MOTHER, "ADOPTM"), {}, "relationship-of-an-adoption", id="adoption"),
    pytest.param(relative(MOTHER, "NBOR"), {}, "relationship-not-used", id="a neighbour"),
    pytest.param(
        relative(MOTHER), {"relation": Role.MOTHER}, "relationship-of-no-child", id="of an adult"
    ),
]


@pytest.mark.parametrize(("resource", "changes", "reason"), PARKED)
def test_what_is_no_relation_of_a_child_is_parked(
    resource: Resource, changes: dict[str, Any], reason: str
) -> None:
    content = related(resource, **changes)

    assert mapped(content).events == ()
    assert ends(content) == [("parked-unsupported", reason)]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(related(), "no-relation-with-a-number", id="nobody"),
        pytest.param(related(relative(None)), "no-relation-with-a-number", id="no number"),
        pytest.param(related(relative(CHILD)), "no-relation-with-a-number", id="the child itself"),
        pytest.param(none_held(step=STEP), "no-record", id="no record"),
        pytest.param(answered(step=STEP, end="no-answer"), "no-answer", id="no answer"),
    ],
)
def test_an_answer_that_relates_nobody_says_so(content: bytes, reason: str) -> None:
    assert ends(content) == [("no-fact", reason)]


def test_one_relative_who_cannot_be_read_takes_none_of_the_others_along() -> None:
    content = related(relative(BABY, "SIS", period={"start": "soon"}), relative(MOTHER))

    assert len(mapped(content).events) == 1
    assert ends(content) == [("parked-unreadable", "time-invalid")]


def test_what_is_no_searchset_is_unreadable() -> None:
    with pytest.raises(UnreadableError, match="not-a-searchset"):
        mapped(answered(relative(MOTHER), step=STEP))
