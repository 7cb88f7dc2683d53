"""Each change that breaks an older reader or producer is found, and a free one is not."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from kinbridge_schemas.compatibility import Rule, breaks_between, breaks_in
from kinbridge_schemas.contracts import CONTRACTS
from kinbridge_schemas.publishing import schema_of

Spoil = Callable[[dict[str, Any]], object]


def schema(name: str) -> dict[str, Any]:
    return copy.deepcopy(dict(schema_of(CONTRACTS[name])))


def found(name: str, spoil: Spoil) -> list[tuple[str, Rule]]:
    old, new = schema(name), schema(name)
    spoil(new)
    return [(b.place, b.rule) for b in breaks_between(old, new, place=name)]


def definition(kind: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda s: s["$defs"][kind]


def without_word(s: dict[str, Any]) -> None:
    s["$defs"]["Urgency"]["enum"].remove("U4")


def without_known_word(s: dict[str, Any]) -> None:
    s["$defs"]["Role"]["examples"].remove("carer")


def without_variant(s: dict[str, Any]) -> None:
    s["properties"]["said"]["oneOf"] = [
        v for v in s["properties"]["said"]["oneOf"] if v["$ref"] != "#/$defs/Snooze"
    ]


def closed(s: dict[str, Any]) -> None:
    role = s["$defs"]["Role"]
    s["$defs"]["Role"] = {"title": "Role", "type": "string", "enum": role["examples"]}


SPOILT = [
    pytest.param(
        "Attempt/v1",
        lambda s: s["properties"].pop("status"),
        ("Attempt/v1.status", Rule.FIELD_REMOVED),
        id="a field is removed",
    ),
    pytest.param(
        "Attempt/v1",
        lambda s: s["required"].append("status"),
        ("Attempt/v1.status", Rule.MADE_REQUIRED),
        id="a field is made required",
    ),
    pytest.param(
        "Attempt/v1",
        lambda s: s["required"].remove("number"),
        ("Attempt/v1.number", Rule.MADE_OPTIONAL),
        id="a field is made optional, which an old reader needs",
    ),
    pytest.param(
        "Attempt/v1",
        lambda s: (
            s["properties"].update(seen={"type": "string"}),
            s["required"].append("seen"),
        ),
        ("Attempt/v1.seen", Rule.FIELD_ADDED_REQUIRED),
        id="a required field is added, which an old producer does not write",
    ),
    pytest.param(
        "Attempt/v1",
        lambda s: s["properties"]["status"].update(type="string"),
        ("Attempt/v1.status (type)", Rule.CHANGED),
        id="a type is changed",
    ),
    pytest.param(
        "Attempt/v1",
        lambda s: s["properties"]["status"].update(maximum=999),
        ("Attempt/v1.status (maximum)", Rule.CHANGED),
        id="a limit is moved",
    ),
    pytest.param(
        "Attempt/v1",
        lambda s: s["properties"]["status"].update(default=1),
        ("Attempt/v1.status (default)", Rule.CHANGED),
        id="what a left-out field means is changed",
    ),
    pytest.param(
        "Attempt/v1",
        lambda s: s.update(additionalProperties=True),
        ("Attempt/v1 (additionalProperties)", Rule.CHANGED),
        id="a producer is opened",
    ),
    pytest.param(
        "AlertProposed/v1",
        without_word,
        ("AlertProposed/v1.concern.urgency (U4)", Rule.WORD_REMOVED),
        id="a word of a closed list is removed",
    ),
    pytest.param(
        "AlertProposed/v1",
        lambda s: s["$defs"]["Urgency"]["enum"].append("U5"),
        ("AlertProposed/v1.concern.urgency (U5)", Rule.WORD_ADDED),
        id="a word is added to a closed list",
    ),
    pytest.param(
        "ChildEvent/v1",
        without_known_word,
        ("ChildEvent/v1.subjects[].role (carer)", Rule.WORD_REMOVED),
        id="a known word of an open list is removed",
    ),
    pytest.param(
        "Response/v1",
        without_variant,
        ("Response/v1.said<answer=snooze>", Rule.VARIANT_REMOVED),
        id="an answer is removed from a union",
    ),
    pytest.param(
        "Attempt/v1",
        lambda s: s["properties"]["after_seconds"]["anyOf"].append({"type": "string"}),
        ("Attempt/v1.after_seconds<string>", Rule.VARIANT_ADDED),
        id="a field may have another type too",
    ),
    pytest.param(
        "DeadLetter/v1",
        lambda s: s["properties"]["headers"].pop("additionalProperties"),
        ("DeadLetter/v1.headers (additionalProperties)", Rule.CHANGED),
        id="what a free mapping may hold is changed",
    ),
]


@pytest.mark.parametrize(("name", "spoil", "expected"), SPOILT)
def test_a_breaking_change_is_found(name: str, spoil: Spoil, expected: tuple[str, Rule]) -> None:
    assert expected in found(name, spoil)


def test_closing_an_open_list_is_found() -> None:
    rules = {rule for place, rule in found("ChildEvent/v1", closed) if ".role" in place}

    assert Rule.CHANGED in rules


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        pytest.param(
            "Attempt/v1",
            lambda s: s["properties"].update(seen={"type": "string", "default": ""}),
            id="an optional field with a default",
        ),
        pytest.param(
            "ChildEvent/v1",
            lambda s: s["$defs"]["Role"]["examples"].append("foster-carer"),
            id="a new word in an open list",
        ),
        pytest.param(
            "ChildEvent/v1", lambda s: s.update(description="Other words."), id="other words"
        ),
    ],
)
def test_a_free_change_is_free(name: str, spoil: Spoil) -> None:
    assert found(name, spoil) == []


def test_a_contract_may_be_added_and_never_removed() -> None:
    one = {"Attempt/v1": schema("Attempt/v1")}
    two = {**one, "Attempt/v2": schema("Attempt/v1")}

    assert breaks_in(one, two) == ()
    assert [b.rule for b in breaks_in(two, one)] == [Rule.CONTRACT_REMOVED]
