"""Our code tables are the lists of the published schemas, year by year, no more and no less."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import pytest
import yaml
from lxml import etree

from kinbridge_casesystem.codes import CodeTable
from kinbridge_casesystem.codes_care import END_REASONS, LEGAL_STATUSES, PLACEMENTS, START_REASONS
from kinbridge_casesystem.codes_cin import (
    ABUSE_CATEGORIES,
    CLOSURE_REASONS,
    FACTORS,
    PRIMARY_NEEDS,
    REFERRAL_SOURCES,
)
from tests.samples.place import SAMPLES

SCHEMAS: Final = SAMPLES / "la" / "liia-tools-pipeline"
CENSUS: Final = {
    "referralsourcetype": REFERRAL_SOURCES,
    "primaryneedcodetype": PRIMARY_NEEDS,
    "reasonforclosuretype": CLOSURE_REASONS,
    "categoryofabusetype": ABUSE_CATEGORIES,
    "assessmentfactorstype": FACTORS,
}
CARE: Final = {
    "RNE": START_REASONS,
    "LS": LEGAL_STATUSES,
    "PLACE": PLACEMENTS,
    "REC": END_REASONS,
}
SINCE_2017: Final = {"E45", "E46", "E47", "E48"}
"""Codes that the schema of 2017 has not yet: special guardianship by whose it became."""
_ENUMERATED: Final = ".//{*}simpleType[@name='%s']//{*}enumeration"


def holding(table: CodeTable, day: date) -> set[str]:
    return {code for code in table.entries if table.holds_on(code, day)}


@pytest.mark.parametrize("year", [2022, 2024, 2025, 2026])
@pytest.mark.parametrize("name", CENSUS)
def test_the_census_of_each_year_has_the_codes_that_held_on_its_last_day(
    year: int, name: str
) -> None:
    schema = etree.parse(SCHEMAS / f"CIN_schema_{year}.xsd")
    listed = {each.get("value") for each in schema.iterfind(_ENUMERATED % name)}

    assert listed
    assert holding(CENSUS[name], date(year, 3, 31)) == listed


@pytest.mark.parametrize("column", CARE)
def test_the_return_on_looked_after_children_has_the_codes_of_its_schema(column: str) -> None:
    schema = yaml.safe_load((SCHEMAS / "SSDA903_schema_2017.yml").read_text(encoding="utf-8"))
    listed = {e["code"] for e in schema["column_map"]["episodes"][column]["category"]}
    now = holding(CARE[column], date(2026, 3, 31)) | holding(CARE[column], date(2018, 3, 31))

    assert listed
    assert now - SINCE_2017 == listed


def test_a_code_that_came_or_went_did_so_at_the_turn_of_a_collection() -> None:
    dated = [e for t in (*CENSUS.values(), *CARE.values()) for e in t.entries.values()]
    begins = {e.since for e in dated if e.since} | {
        e.until + timedelta(days=1) for e in dated if e.until
    }

    assert begins
    assert {(day.month, day.day) for day in begins} == {(4, 1)}
