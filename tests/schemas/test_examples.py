"""The examples: each is valid, is read, comes back as it was, and names nobody."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from kinbridge_schemas.contracts import CONTRACTS, codec
from kinbridge_schemas.envelope import Envelope
from kinbridge_schemas.events import KINDS, ChildEvent
from kinbridge_schemas.identifiers import NhsNumber
from kinbridge_schemas.publishing import FOLDER, published_name

EXAMPLES = FOLDER.parent / "examples"
FILES = sorted(EXAMPLES.glob("*/*.json"))
CODEC = codec()
ENVELOPE = Envelope(
    id="example-1",
    type="example",
    source="stage:example",
    recorded=datetime(2026, 3, 2, tzinfo=UTC),
    correlation="example-1",
)


def contract_of(path: Path) -> str:
    name, _, version = path.parent.name.rpartition(".")
    return f"{name}/{version}"


def named(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def holds(whole: Any, part: Any) -> bool:
    """Whether everything of `part` is in `whole`; `whole` may say more."""
    if isinstance(part, dict):
        return all(name in whole and holds(whole[name], value) for name, value in part.items())
    if isinstance(part, list):
        return len(whole) == len(part) and all(map(holds, whole, part))
    return bool(whole == part)


def test_every_contract_has_an_example_and_every_folder_a_contract() -> None:
    folders = {path.parent for path in FILES}

    assert {contract_of(path) for path in FILES} == CONTRACTS.keys()
    assert set(EXAMPLES.iterdir()) == folders
    assert set(EXAMPLES.glob("*/*")) == set(FILES)


def test_every_kind_of_event_has_an_example_of_its_name() -> None:
    folder = EXAMPLES / "ChildEvent.v1"
    kinds = {
        path.stem
        for path in folder.iterdir()
        if json.loads(path.read_text(encoding="utf-8"))["detail"]["kind"] == path.stem
    }

    assert kinds == KINDS.keys()


@pytest.mark.parametrize("path", FILES, ids=named)
def test_an_example_is_valid_by_its_published_schema(path: Path) -> None:
    published = FOLDER / published_name(contract_of(path))
    schema = json.loads(published.read_text(encoding="utf-8"))

    Draft202012Validator(schema).validate(json.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", FILES, ids=named)
def test_an_example_is_read_and_comes_back_as_it_was(path: Path) -> None:
    body = CODEC.decode(contract_of(path), ENVELOPE, path.read_bytes())
    again = CODEC.encode(body)

    assert CODEC.decode(contract_of(path), ENVELOPE, again) == body
    assert holds(json.loads(again), json.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", FILES, ids=named)
def test_what_an_example_prints_as_holds_no_identifier(path: Path) -> None:
    body = CODEC.decode(contract_of(path), ENVELOPE, path.read_bytes())

    assert not re.search(r"\b9\d{9}\b|EX20498|Example Mother|Example Child|ZZ99", printed(body))


def printed(body: object) -> str:
    # Words of our own making may name whom they concern: they are shown, and never logged.
    return re.sub(r"label='[^']*'", "", f"{body!r} {body} {body:}")


def test_every_number_of_a_person_is_of_the_test_range() -> None:
    numbers = {n for path in FILES for n in re.findall(r'"(\d{10})"', path.read_text())}

    assert numbers
    assert all(n.startswith("900") and NhsNumber(n) for n in numbers)


def test_the_first_subject_of_an_event_gives_its_key() -> None:
    path = EXAMPLES / "ChildEvent.v1" / "antenatal_appointment.json"
    body = CODEC.decode("ChildEvent/v1", ENVELOPE, path.read_bytes())

    assert isinstance(body, ChildEvent)
    assert body.subject == body.subjects[0].key
