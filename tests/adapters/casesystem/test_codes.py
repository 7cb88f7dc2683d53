"""Codes of the statutory returns, as the systems write them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest

from kinbridge_casesystem.codes import CodeTable
from kinbridge_casesystem.codes_care import END_REASONS, LEGAL_STATUSES, PLACEMENTS, START_REASONS
from kinbridge_casesystem.codes_cin import (
    ABUSE_CATEGORIES,
    CLOSURE_REASONS,
    FACTORS,
    PRIMARY_NEEDS,
    REFERRAL_SOURCES,
)
from kinbridge_casesystem.dfe import read_dfe
from kinbridge_casesystem.reading import Reading

TABLES = (
    *(REFERRAL_SOURCES, PRIMARY_NEEDS, CLOSURE_REASONS, ABUSE_CATEGORIES, FACTORS),
    *(START_REASONS, LEGAL_STATUSES, PLACEMENTS, END_REASONS),
)
NOW = datetime(2026, 3, 2, 10, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "table", "code"),
    [
        ("q) 6: Police", REFERRAL_SOURCES, "6"),
        ("b) 1B: Individual", REFERRAL_SOURCES, "1B"),
        ("5d", REFERRAL_SOURCES, "5D"),
        ("10", REFERRAL_SOURCES, "10"),
        ("Police", REFERRAL_SOURCES, "6"),
        ("N1 - Abuse or Neglect", PRIMARY_NEEDS, "N1"),
        ("a) Abuse or neglect", PRIMARY_NEEDS, "N1"),
        ("PSRMEM - Support with memory and cognition", PRIMARY_NEEDS, None),
        ("RC7", CLOSURE_REASONS, "RC7"),
        ("g) 'Other' incl. Child no longer in need", CLOSURE_REASONS, "RC7"),
        ("Physical abuse", ABUSE_CATEGORIES, "PHY"),
        ("d) Emotional Abuse", ABUSE_CATEGORIES, "EMO"),
        ("C2: FCO", LEGAL_STATUSES, "C2"),
        ("nope", LEGAL_STATUSES, None),
        ("a) U1: Foster placement - relatives - long term", PLACEMENTS, "U1"),
        ("k) E47: Special Guardianship Orders - relative/friend", END_REASONS, "E47"),
        ("E4A", END_REASONS, "E4A"),
        ("", END_REASONS, None),
    ],
)
def test_a_cell_gives_its_code(text: str, table: CodeTable, code: str | None) -> None:
    assert table.code(text) == code


def test_every_code_is_read_from_itself_and_from_its_words() -> None:
    for table in TABLES:
        assert {code: table.code(code) for code in table.entries} == {c: c for c in table.entries}
        assert {table.code(e.words) for e in table.entries.values()} == set(table.entries)
        assert set(table.also.values()) <= set(table.entries)
        assert table.source.startswith("DfE")


def test_a_code_holds_from_the_year_that_added_it() -> None:
    assert not CLOSURE_REASONS.holds_on("RC9", date(2023, 3, 31))
    assert CLOSURE_REASONS.holds_on("RC9", date(2023, 4, 1))
    assert END_REASONS.holds_on("E43", date(2018, 5, 1))
    assert not END_REASONS.holds_on("E43", date(2020, 5, 1))
    assert not END_REASONS.holds_on("E99", date(2020, 5, 1))


def test_a_code_that_did_not_hold_on_its_day_is_kept_and_said() -> None:
    reading = Reading(NOW)

    assert reading.code("RC9", CLOSURE_REASONS, "field", date(2022, 6, 1)) == "RC9"
    assert [finding.rule for finding in reading.found] == ["code-not-of-its-year"]


def test_a_code_of_the_interface_that_is_on_no_list_is_left_out_and_said() -> None:
    episode = {
        "social_care_episode_id": "E1",
        "referral_date": "2022-06-01",
        "referral_source": "5D",
        "closure_date": "2026-02-01",
        "closure_reason": "RC77",
        "child_and_family_assessments": [
            {"child_and_family_assessment_id": "A1", "factors": ["4B", "99Z"]}
        ],
        "child_looked_after_placements": [
            {
                "child_looked_after_placement_id": "L1",
                "start_date": "2025-10-01",
                "start_reason": "Q",
                "placement_type": "U99",
                "end_date": "2026-01-31",
                "end_reason": "E99",
            }
        ],
    }
    child = {"la_child_id": "C1", "social_care_episodes": [episode]}

    read = read_dfe(json.dumps(child).encode(), NOW)

    (told,), (placed,) = read.snapshot.episodes, read.snapshot.placements
    assert (told.source_code, told.closure_reason) == ("5D", None)
    assert [each.factors for each in told.assessments] == [("4B",)]
    assert (placed.start_reason, placed.kind) == (None, None)
    assert placed.end_reason == "E99", "an end by whatever reason is an end"
    assert sorted((found.rule, found.field) for found in read.findings) == [
        ("code-not-of-its-year", "referral_source"),
        ("code-unknown", "closure_reason"),
        ("code-unknown", "factors"),
        ("code-unknown", "placement_type"),
        ("code-unknown", "start_reason"),
    ]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-02-28", date(2026, 2, 28)),
        ("2026-02-28T00:00:00", date(2026, 2, 28)),
        ("28/02/2026", date(2026, 2, 28)),
        ("8/2/2026 00:00", date(2026, 2, 8)),
        ("30/02/2026", None),
        ("02/28/2026", None),
        ("28/02/26", None),
        ("1066-04-13", None),
        ("yesterday", None),
        ("04/03/2026", None),
    ],
)
def test_a_day_is_read_as_english_systems_write_it(text: str, day: date | None) -> None:
    reading = Reading(NOW)

    assert reading.day(text, "field") == day
    assert bool(reading.found) == (day is None)


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        *[("1", True), ("a) Yes", True), ("True", True), ("b) No", False), ("0 - No", False)],
        *[("", None), ("perhaps", None)],
    ],
)
def test_yes_and_no_are_read_in_all_their_forms(text: str, flag: bool | None) -> None:
    assert Reading(NOW).flag(text, "field") is flag
