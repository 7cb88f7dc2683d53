"""Files as a story sends them: filled, quoted where they must be, packed where they are many."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kinbridge.demo.loads import load_of
from kinbridge.demo.sources import mapping_files
from kinbridge.demo.story import Send, StoryError
from kinbridge.demo.templates import request
from kinbridge_casesystem.extract_model import load_mapping

NOW = datetime(2026, 11, 9, 11, 0, tzinfo=UTC)
POLICIES = Path(__file__).resolve().parents[3] / "deploy" / "partnerships"


def test_one_file_is_sent_as_it_is() -> None:
    files = {"people.csv": "Id,EDD\n${child},${today + 1d}\n"}

    assert load_of(files, {"child": "C1"}, NOW) == (
        "people.csv",
        "text/csv",
        b"Id,EDD\nC1,2026-11-10\n",
    )


def test_several_files_are_one_load() -> None:
    files = {"b.csv": "Id\n1\n", "a.csv": "Id\n2\n"}
    name, kind, content = load_of(files, {}, NOW)
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        found = {each: packed.read(each) for each in packed.namelist()}

    assert (name, kind) == ("extract.zip", "application/zip")
    assert found == {"a.csv": b"Id\n2\n", "b.csv": b"Id\n1\n"}


def test_the_same_files_are_the_same_load_at_any_time() -> None:
    files = {"b.csv": "Id\n1\n", "a.csv": "Id\n2\n"}

    assert load_of(files, {}, NOW) == load_of(files, {}, datetime(2027, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("text", ["Example, Rosa", 'the "other" one', "two\nlines"])
def test_what_is_filled_in_stays_one_cell(text: str) -> None:
    _, _, content = load_of({"a.csv": "Id,Name\n1,${name}\n"}, {"name": text}, NOW)

    assert list(csv.reader(io.StringIO(content.decode()))) == [["Id", "Name"], ["1", text]]


def test_a_name_that_nobody_gave_is_found_out() -> None:
    with pytest.raises(StoryError):
        load_of({"a.csv": "${nobody}\n"}, {}, NOW)


def test_a_request_for_a_file_has_its_name() -> None:
    send = Send.model_validate(
        {"to": "/cases/mosaic/files/case-extract", "as": "x", "files": {"a.csv": "Id\n1\n"}}
    )
    made = request(send, {}, NOW)

    assert (made.file_name, made.content_type) == ("a.csv", "text/csv")


def test_the_mapping_files_of_the_demonstration_are_those_that_are_shipped() -> None:
    found = {load_mapping(Path(path)).source for path in mapping_files(POLICIES)}

    assert {"209.liquidlogic", "210.mosaic"} <= found
