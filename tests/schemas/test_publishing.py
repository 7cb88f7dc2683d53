"""What is published is what the contracts say, whole and nothing more."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import ClassVar, Final

import pytest
from jsonschema import Draft202012Validator

from kinbridge_schemas import publishing
from kinbridge_schemas.base import Contract
from kinbridge_schemas.compatibility import Schema
from kinbridge_schemas.contracts import CONTRACTS
from kinbridge_schemas.events import KINDS
from kinbridge_schemas.publishing import BASELINE, FOLDER, problems_in, published_name, schema_of

SOME: Final = {"Attempt/v1": CONTRACTS["Attempt/v1"], "DeadLetter/v1": CONTRACTS["DeadLetter/v1"]}
"""What is wrong with one contract is found among two as among all."""


class Added(Contract):
    contract: ClassVar[str] = "Added/v1"


@cache
def schema(name: str) -> Schema:
    return schema_of(CONTRACTS[name])


def test_every_contract_is_published_and_nothing_else() -> None:
    published = {path.name for path in FOLDER.iterdir()}

    assert published == {published_name(name) for name in CONTRACTS} | {BASELINE}


def test_what_is_committed_is_what_the_contracts_say_and_fits_the_last_release() -> None:
    assert list(problems_in(FOLDER, CONTRACTS)) == []


@pytest.mark.parametrize("name", CONTRACTS)
def test_each_schema_is_a_json_schema(name: str) -> None:
    Draft202012Validator.check_schema(schema(name))


@pytest.mark.parametrize("name", CONTRACTS)
def test_producers_are_closed_in_every_object(name: str) -> None:
    objects = [schema(name), *schema(name).get("$defs", {}).values()]

    assert all(o["additionalProperties"] is False for o in objects if "properties" in o)


def test_an_open_word_list_does_not_refuse_a_word_it_does_not_know() -> None:
    role = schema("ChildEvent/v1")["$defs"]["Role"]

    assert role["x-extensible"] is True
    assert "mother" in role["examples"]
    assert Draft202012Validator(role).is_valid("a-word-of-next-year")


def test_a_closed_word_list_refuses_one() -> None:
    urgency = schema("AlertProposed/v1")["$defs"]["Urgency"]

    assert not Draft202012Validator(urgency).is_valid("U5")


def test_identifiers_of_persons_are_marked() -> None:
    subject = schema("ChildEvent/v1")["$defs"]["Subject"]["properties"]

    assert subject["nhs_number"]["anyOf"][0]["x-concealed"] is True
    assert subject["name"]["anyOf"][0]["x-concealed"] is True


def test_every_kind_of_event_is_in_the_union_and_no_other() -> None:
    mapping = schema("ChildEvent/v1")["properties"]["detail"]["discriminator"]

    assert mapping["mapping"].keys() == KINDS.keys()


def test_a_schema_that_was_edited_by_hand_is_found(tmp_path: Path) -> None:
    publishing.write(tmp_path, SOME)
    publishing.release(tmp_path, SOME)
    (tmp_path / "Attempt.v1.json").write_text("{}")

    assert list(problems_in(tmp_path, SOME)) == ["Attempt.v1.json: differs from its contract"]


def test_a_schema_without_contract_and_a_contract_without_schema_are_found(
    tmp_path: Path,
) -> None:
    publishing.write(tmp_path, SOME)
    publishing.release(tmp_path, SOME)
    (tmp_path / "Nobody.v1.json").write_text("{}")

    assert list(problems_in(tmp_path, {**SOME, "Added/v1": Added})) == [
        "Nobody.v1.json: no contract has this name",
        "Added.v1.json: not published",
    ]


def test_a_missing_baseline_is_found(tmp_path: Path) -> None:
    publishing.write(tmp_path, SOME)

    assert [p.split(":")[0] for p in problems_in(tmp_path, SOME)] == [BASELINE]


def test_a_contract_that_breaks_the_last_release_is_found(tmp_path: Path) -> None:
    publishing.write(tmp_path, SOME)
    publishing.release(tmp_path, SOME)
    baseline = json.loads((tmp_path / BASELINE).read_text())
    baseline["Attempt/v1"]["properties"]["gone"] = {"type": "string"}
    (tmp_path / BASELINE).write_text(json.dumps(baseline))

    assert list(problems_in(tmp_path, SOME)) == [
        "Attempt/v1.gone: field removed since the last release"
    ]


def test_the_command_writes_and_then_finds_nothing_to_say(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert publishing.main(["--release", "--folder", str(tmp_path)]) == 0
    (tmp_path / "Attempt.v1.json").unlink()

    assert publishing.main(["--check", "--folder", str(tmp_path)]) == 1
    assert capsys.readouterr().err == "Attempt.v1.json: not published\n"
