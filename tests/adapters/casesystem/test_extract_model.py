"""Mapping files of extracts: closed, and refused with place and problem."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from kinbridge_casesystem.extract_kinds import KINDS
from kinbridge_casesystem.extract_model import MappingFileError, load_mapping, parse_mapping

SHIPPED: Final = Path(__file__).parents[3] / "deploy" / "extracts"
PAGE: Final = Path(__file__).parents[3] / "docs" / "adapters" / "la-extracts.md"

HEAD: Final = """
authority: "209"
system: example
codes: {kinds: {Yes: "yes", 1: "yes"}, roles: {Mother: mother}}
tables:
  - file: "*.csv"
    child: ID
    rules:
"""


@pytest.mark.parametrize("path", sorted(SHIPPED.iterdir()), ids=lambda path: path.name)
def test_every_shipped_mapping_file_is_one(path: Path) -> None:
    assert load_mapping(path).tables


@pytest.mark.parametrize(
    ("rule", "place", "problem"),
    [
        pytest.param("{gives: plan}", "rules.0", "gives is one of", id="kind"),
        pytest.param(
            "{gives: missing, fields: {start: A, colour: B}}", "rules.0", "colour", id="field"
        ),
        pytest.param("{gives: missing, fields: {id: A}}", "rules.0", "needs start", id="needed"),
        pytest.param("{gives: episode, fields: {closed: A}}", "rules.0", "told by", id="no id"),
        pytest.param("{gives: child}", "rules.0", "only be removed", id="child"),
        pytest.param(
            "{gives: contact, fields: {date: A, outcome: B}}",
            "rules.0",
            "outcome needs codes",
            id="free text",
        ),
        pytest.param(
            "{gives: relation, fields: {person: A, role: {column: B, codes: none}}}",
            "file",
            "no codes none",
            id="list",
        ),
        pytest.param(
            "{gives: missing, fields: {start: {column: A, value: B}}}",
            "fields.start",
            "a column or a value",
            id="both",
        ),
        pytest.param(
            "{gives: missing, fields: {start: A}, where: [{column: B}]}",
            "where.0",
            "one of `in`",
            id="filter",
        ),
        pytest.param(
            "{gives: worker, removes: true}", "rules.0", "cannot be removed", id="worker"
        ),
        pytest.param("{gives: missing, extra: 1}", "rules.0.extra", "not permitted", id="word"),
    ],
)
def test_a_wrong_rule_is_refused_with_place_and_problem(
    rule: str, place: str, problem: str
) -> None:
    with pytest.raises(MappingFileError, match=r"^The mapping file: ") as refused:
        parse_mapping(f"{HEAD}      - {rule}\n")

    assert place in str(refused.value)
    assert problem in str(refused.value)


def test_what_is_no_yaml_no_utf8_or_not_there_is_refused(tmp_path: Path) -> None:
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(b"\xe9")

    for what, said in ((tmp_path / "none.yaml", "no none.yaml"), (latin, "not in UTF-8")):
        with pytest.raises(MappingFileError, match=said):
            load_mapping(what)
    with pytest.raises(MappingFileError, match="not YAML"):
        parse_mapping("a: [")


@pytest.mark.parametrize(
    "table", ["x; drop table y", "a.b.c", "a b", "(select 1)", "", "a--", "a'b"]
)
def test_a_table_of_a_database_is_a_name_and_nothing_else(table: str) -> None:
    text = f"{HEAD}      - {{gives: missing, fields: {{start: A}}}}\n"

    with pytest.raises(MappingFileError, match="table"):
        parse_mapping(text.replace("    child: ID", f'    table: "{table}"\n    child: ID'))


def test_the_page_tells_every_kind_with_its_fields() -> None:
    text = PAGE.read_text(encoding="utf-8")

    for name, kind in KINDS.items():
        if kind.fields:
            fields = " ".join(f"`{field}`" for field in kind.fields)
            assert f"| `{name}` | {fields} |" in text
