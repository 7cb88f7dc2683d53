"""Extracts by the shipped mapping files: cut, and told by difference."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from kinbridge_casesystem.cutting import Loading, SourceFile, unheard
from kinbridge_casesystem.extract_file import ExtractFormat
from kinbridge_casesystem.extract_model import ExtractMapping, load_mapping
from kinbridge_casesystem.records import Part
from kinbridge_schemas.events import ChildEvent
from kinbridge_schemas.events.persons import UnbornRegistered
from kinbridge_schemas.events.protection import CpPlanStarted, IcpcHeld, S47Started
from kinbridge_schemas.mapped import Remembered
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.vocabulary import Role
from tests.adapters.casesystem.loads import judged, kinds, shuffled_lines
from tests.adapters.mapping import NOW, map_one

SHIPPED: Final = Path(__file__).parents[3] / "deploy" / "extracts"
LEWISHAM: Final = load_mapping(SHIPPED / "lewisham-liquidlogic.yaml")
SOUTHWARK: Final = load_mapping(SHIPPED / "southwark-mosaic.yaml")
SSD: Final = load_mapping(SHIPPED / "ssd.yaml")

PERSONS: Final = (
    b"\xef\xbb\xbfPerson ID,Forename,Surname,Date of Birth,Expected Date of Birth,Postcode,"
    b"NHS Number,Restricted,Record Status,Column1,\r\n"
    b'C1,"Ada, Jane",Example,01/09/2019,,SE13 6AB,9000000017,N,Active,junk,\r\n'
    b"\r\n"
    b"C2,,Example,,20/06/2026,,,Y,Active,,\r\n"
)
RELATIONS: Final = (
    b"Person ID,Related Person ID,Relationship,Main Carer,Related Person Name,"
    b"Related NHS Number,Related Date of Birth,Start Date,End Date\n"
    b"C1,M1,MOTHER,Y,Eve Example,9000000009,04/05/1996,,\n"
    b"C2,M1,Mother,Y,Eve Example,9000000009,04/05/1996,,\n"
)
PLANS: Final = (
    b"Person ID,CP Plan ID,Start Date,End Date,Initial Category,Latest Category\n"
    b"C2,P7,2026-02-02,,Neglect,Neglect\n"
)
REVIEWS: Final = b"Person ID,CP Plan ID,Review Date\nC2,P7,27/02/2026\n"
LCS: Final = {
    "lcs_persons.csv": PERSONS,
    "lcs_relationships.csv": RELATIONS,
    "lcs_cp_plans.csv": PLANS,
    "lcs_cp_reviews.csv": REVIEWS,
}

STEPS: Final = (
    b"Mosaic ID,Step ID,Step Name,Step Status,Source,Started On,Completed On,Scheduled For,"
    b"Led From Step ID\n"
    b"S1,10,MASH Referral,COMPLETED,6: Police,02/02/2026,03/02/2026,,\n"
    b"S1,11,Section 47 Enquiry,%b,,03/02/2026,,,10\n"
    b"S1,12,Initial Child Protection Conference,COMPLETED,,20/02/2026,,20/02/2026,11\n"
    b"S1,13,Pre-Birth Assessment,PROPOSED,,05/02/2026,,,\n"
    b"S1,14,Something else of ours,COMPLETED,,05/02/2026,,,\n"
)


@dataclass
class Feed:
    """One extract whose loads come an hour apart."""

    mapping: ExtractMapping
    now: datetime = NOW
    remembered: dict[str, Remembered] = field(default_factory=dict)

    def take(self, files: Mapping[str, bytes], loading: Loading | None = None) -> list[ChildEvent]:
        told: list[ChildEvent] = []
        for part in parts(self.mapping, files, loading):
            before = self.remembered.get(part.id, Remembered())
            mapped = map_one("case-extract", part.content, remembered=before, now=self.now)
            self.remembered[part.id] = mapped.remember
            told += mapped.events
        self.now += timedelta(hours=1)
        return told


def parts(
    mapping: ExtractMapping, files: Mapping[str, bytes], loading: Loading | None = None
) -> list[Part]:
    found = [SourceFile(name, io.BytesIO(b), len(b)) for name, b in files.items()]
    return list(ExtractFormat(mapping).cut(found, loading or Loading(), unheard))


def told_of(events: list[ChildEvent], child: str) -> list[ChildEvent]:
    return [
        e
        for e in events
        if e.subjects[0].la_child_id is not None and e.subjects[0].la_child_id.reveal() == child
    ]


def test_tables_of_liquidlogic_become_one_account_of_each_child() -> None:
    events = Feed(LEWISHAM).take(LCS)

    assert kinds(told_of(events, "C1")) == [
        ("assert", "person_registered"),
        ("assert", "relationship_recorded"),
    ]
    assert kinds(told_of(events, "C2")) == [
        ("assert", "cp_plan_started"),
        ("assert", "record_restricted"),
        ("assert", "relationship_recorded"),
        ("assert", "review_held"),
        ("assert", "unborn_registered"),
    ]


def test_an_unborn_child_has_its_due_date_its_role_and_its_mothers_number() -> None:
    unborn = told_of(Feed(LEWISHAM).take(LCS), "C2")

    due = next(e.detail for e in unborn if isinstance(e.detail, UnbornRegistered))
    related = next(e for e in unborn if e.detail.kind == "relationship_recorded")
    plan = next(e.detail for e in unborn if isinstance(e.detail, CpPlanStarted))
    number = related.subjects[1].nhs_number
    assert due.edd is not None
    assert due.edd.astimezone(UTC).date() in {date(2026, 6, 19), date(2026, 6, 20)}
    assert [s.role for s in related.subjects] == [Role.UNBORN, Role.MOTHER]
    assert number is not None
    assert number.reveal() == "9000000009"
    assert plan.category == "NEG"


def test_steps_of_mosaic_count_by_their_name_and_status() -> None:
    events = Feed(SOUTHWARK).take({"workflow_steps.csv": STEPS % b"STARTED"})

    started = next(e.detail for e in events if isinstance(e.detail, S47Started))
    held = next(e.detail for e in events if isinstance(e.detail, IcpcHeld))
    assert kinds(events) == [
        ("assert", "icpc_held"),
        ("assert", "referral_received"),
        ("assert", "s47_started"),
    ]
    assert started.icpc_required
    assert held.conference_id


def test_a_step_that_was_cancelled_is_taken_back() -> None:
    feed = Feed(SOUTHWARK)
    feed.take({"workflow_steps.csv": STEPS % b"STARTED"})

    events = feed.take({"workflow_steps.csv": STEPS % b"CANCELLED"})

    assert ("retract", "s47_started") in kinds(events)
    assert ("assert", "s47_started") not in kinds(events)


def test_the_same_load_again_and_in_another_order_tells_nothing() -> None:
    feed = Feed(LEWISHAM)
    feed.take(LCS)

    assert feed.take(LCS) == []
    assert feed.take({n: shuffled_lines(b, 7) for n, b in LCS.items()}) == []


def test_a_changed_load_tells_the_difference() -> None:
    feed = Feed(LEWISHAM)
    feed.take(LCS)

    ended = PLANS.replace(b"2026-02-02,,", b"2026-02-02,01/03/2026,")

    assert kinds(feed.take({**LCS, "lcs_cp_plans.csv": ended})) == [("assert", "cp_plan_ended")]


def test_a_table_that_comes_alone_takes_nothing_back() -> None:
    feed = Feed(LEWISHAM)
    feed.take(LCS)

    assert feed.take({"lcs_cp_plans.csv": PLANS}) == []


def test_what_left_a_whole_load_was_deleted_and_a_whole_load_misses_no_table() -> None:
    whole = LEWISHAM.model_copy(
        update={"complete_days": 365, "tables": LEWISHAM.tables[:1] + LEWISHAM.tables[6:7]}
    )
    feed, since = Feed(whole), Loading(date(2025, 3, 2), date(2026, 3, 2))
    both = {"persons.csv": PERSONS, "cp_plans.csv": PLANS}
    feed.take(both, since)

    gone = {**both, "cp_plans.csv": PLANS.splitlines(keepends=True)[0]}

    assert kinds(feed.take(gone, since)) == [("retract", "cp_plan_started")]
    with pytest.raises(UnreadableError, match="table-missing"):
        parts(whole, {"persons.csv": PERSONS})


def test_a_child_whose_record_was_deleted_is_purged() -> None:
    feed = Feed(LEWISHAM)
    feed.take(LCS)

    events = feed.take({"persons.csv": PERSONS.replace(b"N,Active", b"N,Deleted")})

    assert kinds(events) == [
        ("assert", "purged"),
        ("retract", "person_registered"),
        ("retract", "relationship_recorded"),
    ]


def test_columns_that_no_rule_names_stay_where_they_are() -> None:
    content = b"".join(part.content for part in parts(LEWISHAM, LCS))

    assert b"junk" not in content
    assert b"Ada, Jane" in content


def test_windows_1252_is_read() -> None:
    said = parts(LEWISHAM, {"persons.csv": PERSONS[3:].replace(b"Ada", b"Ren\xe9e")})

    assert "Renée" in json.loads(said[0].content)["tables"]["details"][0]["first_name"]


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        pytest.param({}, "file-missing", id="nothing"),
        pytest.param({"holidays.csv": PLANS}, "file-not-mapped", id="another file"),
        pytest.param({"cp_plans.csv": PLANS[:-4]}, "file-cut-short", id="cut in a line"),
        pytest.param({"cp_plans.csv": b""}, "file-empty", id="empty"),
        pytest.param(
            {"cp_plans.csv": PLANS.replace(b"End Date", b"Ended")}, "column-missing", id="column"
        ),
        pytest.param(
            {"cp_plans.csv": PLANS.replace(b"P7,", b"P7,,")}, "row-of-other-length", id="row"
        ),
        pytest.param({"cp_plans.csv": PLANS + b'C3,"P\n'}, "csv-invalid", id="open quote"),
    ],
)
def test_a_file_that_is_not_as_it_must_be_is_refused_whole(
    files: dict[str, bytes], reason: str
) -> None:
    with pytest.raises(UnreadableError) as refused:
        parts(LEWISHAM, files)

    assert refused.value.reason == reason


def test_what_is_odd_is_counted_and_stops_nothing() -> None:
    odd = (
        PLANS
        + b"C2,P7,,,Neglect,Emotional Abuse\n"
        + b"C2,P8,31/02/2026,,Sloth,\n"
        + b"C 9,P9,01/02/2026,,,\n"
    )

    found = parts(LEWISHAM, {"cp_plans.csv": odd})

    report = judged(ExtractFormat(LEWISHAM).read, found, NOW)
    counted = {(c.rule, c.field): c.times for c in report.counts}
    assert (report.children, report.unreadable) == (2, 1)
    assert counted[("value-contradicted", "cp-plan.latest_category")] == 1
    assert counted[("date-invalid", "cp-plan.start")] == 1
    assert counted[("code-unknown", "cp-plan.category")] == 1
    assert "Sloth" not in str(report)
    assert "Sloth" not in "".join(p.content.decode() for p in found)


def test_tables_of_the_dataset_can_come_as_rows() -> None:
    table = next(t for t in SSD.tables if t.table == "ssd_s47_enquiry")
    row = {
        "s47e_person_id": "C1",
        "s47e_s47_enquiry_id": "E1",
        "s47e_s47_start_date": "2026-02-02",
    }

    found = list(ExtractFormat(SSD).cut_rows([(table, row)], Loading()))

    assert [part.id for part in found] == ["C1"]
    told = map_one("case-extract", found[0].content).events
    assert kinds(list(told)) == [("assert", "s47_started")]
