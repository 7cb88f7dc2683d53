"""The checks that authorities know: each met by one snapshot, and by no good one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from kinbridge_casesystem.child import (
    Assessment,
    ChildSnapshot,
    CinPlan,
    CpPlan,
    Details,
    Enquiry,
    Episode,
    Missing,
    Placement,
)
from kinbridge_casesystem.quality import Finding, Tally
from kinbridge_casesystem.quality_rules import oddities

MONDAY = date(2026, 1, 5)
GOOD = ChildSnapshot(
    child="C1",
    details=Details(born=date(2019, 9, 1)),
    episodes=(
        Episode(
            id="E1",
            referred=MONDAY,
            no_further_action=False,
            closed=date(2026, 6, 1),
            assessments=(Assessment(id="A1", start=MONDAY, authorised=date(2026, 3, 9)),),
            enquiries=(
                Enquiry(id="S1", start=MONDAY, conference_needed=False),
                Enquiry(id="S2", start=MONDAY, conference=date(2026, 1, 26)),
            ),
            cin_plans=(CinPlan(id="N1", start=MONDAY, end=date(2026, 1, 26)),),
            cp_plans=(CpPlan(id="P1", start=date(2026, 1, 26)),),
        ),
    ),
    placements=(
        Placement(id="L1", start=MONDAY, end=date(2026, 2, 2)),
        Placement(id="L2", start=date(2026, 2, 2)),
    ),
)


def with_episode(**said: Any) -> ChildSnapshot:
    return replace(GOOD, episodes=(replace(GOOD.episodes[0], **said),))


def test_a_good_record_has_no_finding() -> None:
    assert list(oddities(GOOD)) == []


@pytest.mark.parametrize(
    ("child", "rule"),
    [
        (
            replace(GOOD, details=Details(born=date(2019, 9, 1), due=date(2019, 9, 3))),
            "8525q.born-and-expected",
        ),
        (replace(GOOD, details=Details()), "8525q.neither-born-nor-expected"),
        (
            replace(GOOD, details=Details(due=date(2026, 10, 13))),
            "8606.referral-before-pregnancy",
        ),
        (
            with_episode(
                assessments=(Assessment(id="A1", start=MONDAY, authorised=date(2026, 3, 10)),)
            ),
            "8670q.assessment-over-45-days",
        ),
        (
            with_episode(
                cp_plans=(),
                enquiries=(Enquiry(id="S2", start=MONDAY, conference=date(2026, 1, 27)),),
            ),
            "8675q.conference-over-15-days",
        ),
        (
            with_episode(
                cp_plans=(),
                enquiries=(Enquiry(id="S2", start=MONDAY, conference=date(2026, 1, 24)),),
            ),
            "8875.conference-at-weekend",
        ),
        (
            with_episode(
                cp_plans=(),
                enquiries=(
                    Enquiry(id="S1", start=MONDAY),
                    Enquiry(id="S2", start=date(2026, 1, 12)),
                ),
            ),
            "8890.enquiries-overlap",
        ),
        (
            with_episode(cin_plans=(CinPlan(id="N1", start=MONDAY),)),
            "4001.cin-plan-during-protection-plan",
        ),
        (
            with_episode(cin_plans=(), cp_plans=(CpPlan(id="P1", start=date(2026, 1, 28)),)),
            "2885.plan-not-from-conference",
        ),
        (with_episode(no_further_action=True), "8831.activity-after-no-further-action"),
        (with_episode(assessments=()), "2991q.enquiry-without-assessment"),
        (with_episode(closed=date(2026, 1, 2)), "end-before-start"),
        (
            replace(GOOD, missing=(Missing(id="X", start=MONDAY, end=date(2026, 1, 2)),)),
            "end-before-start",
        ),
        (
            replace(GOOD, placements=(GOOD.placements[0], Placement(id="L3", start=MONDAY))),
            "placements-overlap",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_rule_is_met_and_no_other(child: ChildSnapshot, rule: str) -> None:
    assert [finding.rule for finding in oddities(child)] == [rule]


def test_a_report_counts_by_rule_and_field_and_names_nobody() -> None:
    tally = Tally()
    tally.add([])
    tally.add([Finding("date-invalid", "DOB"), Finding("date-invalid", "DOB")])
    tally.add_unreadable(Finding("field-missing", "CHILD"))
    found = tally.report()

    assert (found.children, found.clean, found.unreadable) == (3, 1, 1)
    assert found.lines() == (
        "3 children: 1 without a finding, 1 that could not be read.",
        "      2 date-invalid at DOB",
        "      1 field-missing at CHILD",
    )
