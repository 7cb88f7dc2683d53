"""Official files of case systems: each goes in whole, with a stated result and report.

The first load of any of them raises no alert, the same again tells nothing, and a file that is
cut in the middle is refused.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from kinbridge_casesystem.dfe import read_dfe
from kinbridge_casesystem.records import Part
from kinbridge_schemas.problems import UnreadableError
from tests.adapters.casesystem.loads import Files, Loads, judged, parts, report
from tests.journey.loading import send, take
from tests.journey.world import MemoryWorld
from tests.samples.place import SAMPLES
from tests.samples.test_official_samples import dfe_child

pytestmark = pytest.mark.samples

NOW: Final = datetime(2026, 11, 11, 10, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Stated:
    """What a file was read to give and found right."""

    route: str
    path: str
    children: int
    clean: int
    told: dict[str, int]
    odd: dict[tuple[str, str], int]

    @property
    def files(self) -> Files:
        path = SAMPLES / "la" / self.path
        return {path.name: path.read_bytes()}


STATED: Final = (
    Stated(
        "cin-census",
        "d2i-cin/CIN_Census_2021.xml",
        children=1,
        clean=0,
        told={"adoption_shield_started": 1},
        odd={
            ("date-invalid", "ChildIdentifiers.ExpectedPersonBirthDate"): 1,
            ("8670q.assessment-over-45-days", "assessment.authorised"): 1,
            ("4001.cin-plan-during-protection-plan", "cin-plan.start"): 1,
            ("2885.plan-not-from-conference", "cp-plan.start"): 1,
        },
    ),
    Stated(
        "cin-census",
        "d2i-cin/CIN_Census_2024.xml",
        children=2,
        clean=1,
        told={
            **dict.fromkeys(("person_registered", "referral_received", "episode_closed"), 1),
            **dict.fromkeys(("assessment_started", "assessment_authorised"), 1),
            "adoption_shield_started": 1,
        },
        odd={
            ("date-in-future", "CINdetails.Assessments.AssessmentActualStartDate"): 1,
            ("code-unknown", "CINdetails.Assessments.AssessmentFactors"): 1,
            ("4001.cin-plan-during-protection-plan", "cin-plan.start"): 1,
            ("2885.plan-not-from-conference", "cp-plan.start"): 1,
        },
    ),
    Stated(
        "ssda903",
        "liia-tools/SSDA903_episodes_for_testing_fixes_INPUT.csv",
        children=10,
        clean=0,
        told={
            "looked_after_started": 13,
            "looked_after_placement_changed": 10,
            "looked_after_ended": 7,
        },
        odd={("field-missing", "header.DOB"): 10},
    ),
    Stated(
        "annex-a",
        "liia-tools/Annex_A.xlsx",
        children=48,
        clean=42,
        told={
            **dict.fromkeys(("contact_received", "s47_started", "review_held"), 5),
            **dict.fromkeys(("assessment_started", "assessment_authorised"), 10),
            **dict.fromkeys(("cin_plan_started", "cp_plan_ended"), 5),
            **dict.fromkeys(("looked_after_started", "looked_after_placement_changed"), 5),
            "person_registered": 42,
            "referral_received": 11,
            "cp_plan_started": 7,
            "icpc_held": 3,
            "looked_after_ended": 1,
            "adoption_shield_started": 10,
        },
        odd={("date-contradicted", "born"): 5, ("code-unknown", "list_6.need"): 1},
    ),
)
EACH: Final = pytest.mark.parametrize("file", STATED, ids=lambda f: f.path)


@EACH
def test_a_file_goes_in_with_a_stated_result_and_tells_nothing_more_when_it_comes_again(
    file: Stated,
) -> None:
    loads = Loads(file.route, now=NOW)
    told = Counter(e.detail.kind for e in loads.take(file.files))

    assert dict(told) == file.told
    assert loads.take(file.files) == []


@EACH
def test_a_file_has_a_report_that_a_person_can_read(file: Stated) -> None:
    found = report(file.route, file.files, NOW)

    assert (found.children, found.clean, found.unreadable) == (file.children, file.clean, 0)
    assert {(c.rule, c.field): c.times for c in found.counts} == file.odd
    print(file.path, *found.lines(), sep="\n  ")  # noqa: T201 - the report, with `-s`


@EACH
def test_the_first_load_of_a_file_raises_no_alert(file: Stated) -> None:
    world = MemoryWorld(NOW)
    assert take(world, file.route, file.files) == file.children
    world.until(NOW + timedelta(hours=25))

    assert (world.alerts(), world.unread()) == ([], [])


def test_the_published_example_of_the_api_has_a_report() -> None:
    child, _ = dfe_child()
    found = judged(read_dfe, [Part(json.dumps(child).encode(), child["la_child_id"])], NOW)

    assert {(c.rule, c.field) for c in found.counts} == {
        ("8525q.born-and-expected", "child.due"),
    }


def test_the_first_load_of_the_published_example_of_the_api_raises_no_alert() -> None:
    world = MemoryWorld(NOW)
    child, _ = dfe_child()
    part = Part(json.dumps(child).encode(), child["la_child_id"])
    send(world, "dfe-csc", part, "application/json")
    world.until(NOW + timedelta(hours=25))

    assert (world.alerts(), world.unread()) == ([], [])


@EACH
def test_a_file_that_is_cut_in_the_middle_is_refused_whole(file: Stated) -> None:
    ((name, content),) = file.files.items()

    for share in (2, 3, 7):
        # Not between two lines: there a table shows no sign of it.
        cut = content[: len(content) // share].rstrip(b"\r\n")
        with pytest.raises(UnreadableError):
            parts(file.route, {name: cut})


def test_every_input_of_the_folder_is_stated_and_the_rest_is_no_input() -> None:
    folders = ("d2i-cin", "liia-tools")
    found = {
        p.relative_to(SAMPLES / "la").as_posix()
        for f in folders
        for p in (SAMPLES / "la" / f).iterdir()
    }

    assert found == {file.path for file in STATED}
