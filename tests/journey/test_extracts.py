"""From a borough's own extract to the right team's alert, by the shipped mapping files."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from kinbridge.intake.files.taking import taking
from kinbridge.sources.model import Sources
from kinbridge_casesystem.cutting import SourceFile, unheard
from kinbridge_casesystem.extract_model import load_mapping
from kinbridge_schemas.alerts import AlertRevision
from kinbridge_schemas.vocabulary import TeamFound
from tests.journey.people import Family, appointment
from tests.journey.world import MemoryWorld

SHIPPED: Final = Path(__file__).parents[2] / "deploy" / "extracts"
SOURCES: Final = Sources(
    extracts=(
        load_mapping(SHIPPED / "lewisham-liquidlogic.yaml"),
        load_mapping(SHIPPED / "southwark-mosaic.yaml"),
    )
)
# A Monday in November, within duty hours: London is on UTC.
MONDAY: Final = datetime(2026, 11, 9, 10, 0, tzinfo=UTC)
FAMILY: Final = Family("extract", edd="2026-11-29")
MOTHER: Final = FAMILY.numbers["mother"]

LIQUIDLOGIC: Final = {
    "lcs_persons.csv": (
        "Person ID,Forename,Surname,Date of Birth,Expected Date of Birth,Postcode,NHS Number,"
        "Restricted,Record Status\r\n"
        "30417,,Example,,29/11/2026,,,N,Active\r\n"
    ),
    "lcs_relationships.csv": (
        "Person ID,Related Person ID,Relationship,Main Carer,Related Person Name,"
        "Related NHS Number,Related Date of Birth,Start Date,End Date\r\n"
        f"30417,30418,Mother,Yes,Rosa Example,{MOTHER},11/03/2004,,\r\n"
    ),
    "lcs_cp_plans.csv": (
        "Person ID,CP Plan ID,Start Date,End Date,Initial Category,Latest Category\r\n"
        "30417,9001,01/10/2026,,Neglect,Neglect\r\n"
    ),
    "lcs_involvements.csv": (
        "Person ID,Worker ID,Role,Team,Start Date,End Date,Duty Telephone\r\n"
        "30417,SW-2041,Lead Child Protection Practitioner,Child Protection Team,01/10/2026,,"
        "020 7946 0110\r\n"
    ),
}
MOSAIC: Final = {
    "people.csv": (
        "Mosaic ID,First Names,Last Name,DOB,EDD,Postcode,NHS Number,Access\n"
        "771203,,Example,,2026-11-29,,,Open\n"
    ),
    "relationships.csv": (
        "Mosaic ID,Other Mosaic ID,Relationship,Main Carer,Other Name,Other NHS Number,Other DOB,"
        "From,To\n"
        f"771203,771204,Is the mother of,1,Rosa Example,{MOTHER},2004-03-11,,\n"
    ),
    "workflow_steps.csv": (
        "Mosaic ID,Step ID,Step Name,Step Status,Source,Started On,Completed On,Scheduled For,"
        "Led From Step ID\n"
        "771203,51,MASH Referral,COMPLETED,3D: Midwife,01/09/2026,02/09/2026,,\n"
        "771203,52,Section 47 Enquiry,COMPLETED,,10/09/2026,30/09/2026,,51\n"
        "771203,53,Initial Child Protection Conference,COMPLETED,,01/10/2026,,01/10/2026,52\n"
        "771203,54,Pre-Birth Assessment,PROPOSED,,,,,53\n"
    ),
    "cp_registrations.csv": (
        "Mosaic ID,Registration ID,Registered On,Deregistered On,Category,Latest Category\n"
        "771203,R7,01/10/2026,,Neglect,Neglect\n"
    ),
    "allocations.csv": (
        "Mosaic ID,Worker Code,Allocation Type,Team,From,To,Team Telephone\n"
        "771203,W310,Lead child protection practitioner,Multi-agency child protection,01/10/2026,,"
        "020 7946 0310\n"
    ),
}


@dataclass(frozen=True)
class Borough:
    """A borough with the tables that its case system gives."""

    source: str
    team: str
    tables: Mapping[str, str]

    @property
    def authority(self) -> str:
        return self.source[:3]


ALLOCATED: Final = TeamFound.ALLOCATED
BOROUGHS: Final = [
    pytest.param(
        Borough("209.liquidlogic", "lewisham-child-protection-team", LIQUIDLOGIC),
        id="Lewisham, Liquidlogic",
    ),
    pytest.param(Borough("210.mosaic", "southwark-macpt", MOSAIC), id="Southwark, Mosaic"),
]


def take(world: MemoryWorld, borough: Borough, changed: Mapping[str, str] | None = None) -> None:
    """Take a load in as intake does."""
    taken = taking(SOURCES, borough.source, "case-extract")
    assert taken is not None
    tables = {**borough.tables, **(changed or {})}
    files = [SourceFile(n, io.BytesIO(t.encode()), len(t)) for n, t in tables.items()]
    parts = taken.format.cut(files, taken.loading(world.now().date()), unheard)
    world.put(*taken.entries(parts, world.arrival))


def missed(world: MemoryWorld) -> list[AlertRevision]:
    """Let the mother miss an appointment, and give what is said of it."""
    start = world.now() + timedelta(minutes=10)
    world.pass_time(hours=1)
    world.send(appointment(FAMILY, "a1", start, recorded=world.now()))
    world.pass_time(hours=6)
    return world.alerts()


@pytest.fixture
def world() -> MemoryWorld:
    return MemoryWorld(MONDAY - timedelta(days=3))


@pytest.mark.parametrize("borough", BOROUGHS)
def test_an_extract_and_a_missed_appointment_reach_the_boroughs_own_team(
    world: MemoryWorld, borough: Borough
) -> None:
    take(world, borough)
    world.until(MONDAY)

    alerts = missed(world)

    found = [a for a in alerts if "R1" in {i.concern.rule for i in a.items}]
    assert {(a.authority, a.arm) for a in found} == {(borough.authority, "macpt")}
    assert {(a.team.code, a.team.found) for a in found if a.team} == {(borough.team, ALLOCATED)}


@pytest.mark.parametrize(
    ("team", "expected"),
    [
        pytest.param("Team of Nowhere", TeamFound.TEAM_NOT_KNOWN, id="a team that is not listed"),
        pytest.param("", TeamFound.NO_TEAM_RECORDED, id="no team"),
        pytest.param("North Family Help", TeamFound.TEAM_OF_ANOTHER_ARM, id="of another arm"),
    ],
)
def test_what_no_team_is_found_for_reaches_the_default_team_and_says_why(
    world: MemoryWorld, team: str, expected: TeamFound
) -> None:
    allocations = MOSAIC["allocations.csv"].replace("Multi-agency child protection", team)
    take(world, Borough("210.mosaic", "", MOSAIC), {"allocations.csv": allocations})
    world.until(MONDAY)

    found = [a for a in missed(world) if "R1" in {i.concern.rule for i in a.items}]
    assert {(a.team.code, a.team.found) for a in found if a.team} == {
        ("southwark-macpt", expected)
    }


def test_without_an_extract_the_same_appointment_is_nobodys(world: MemoryWorld) -> None:
    world.until(MONDAY)

    assert missed(world) == []


@pytest.mark.parametrize("borough", BOROUGHS)
def test_an_extract_that_comes_each_night_says_nothing_new(
    world: MemoryWorld, borough: Borough
) -> None:
    take(world, borough)
    before = len(world.line.outputs("child-events"))

    for _ in range(3):
        world.pass_time(hours=24)
        take(world, borough)

    assert len(world.line.outputs("child-events")) == before
