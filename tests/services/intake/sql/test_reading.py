"""A reporting copy in a real database: read whole, read only, by name, at its times."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Final

import pytest
from pydantic import SecretStr
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from kinbridge.intake.agent import Clock
from kinbridge.intake.files.agent import Writing
from kinbridge.intake.files.decide import Loaded, LoadRefused
from kinbridge.intake.files.meters import Meters
from kinbridge.intake.sql.agent import Copy, CopyUnreadableError
from kinbridge.intake.sql.decide import next_reading
from kinbridge.intake.sql.serving import Readings, copies_of
from kinbridge.runtime.reporting_copy import Wanted, open_read_only, read_rows
from kinbridge.sources.loader import SourcesError, parse_sources
from kinbridge.sources.model import Sources
from kinbridge.sources.sql import ReportingCopy
from kinbridge_casesystem.extract_model import load_mapping
from tests.adapters.casesystem.test_extract import SHIPPED
from tests.services.intake.door import NOW, PSEUDONYMS, InMemory

SSD: Final = load_mapping(SHIPPED / "ssd.yaml")
TOLD: Final = ReportingCopy(source="209.ssd", url_setting="KINBRIDGE_SSD")


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    """The dataset's tables in SQLite, with a child and a plan."""
    path = tmp_path / "copy.sqlite3"
    with sqlite3.connect(path) as database:
        for table in SSD.tables:
            columns = ", ".join([*sorted(table.columns), "private_note"])
            database.execute(f"CREATE TABLE {table.table} ({columns})")
        database.execute(
            "INSERT INTO ssd_person (pers_person_id, pers_surname, pers_dob, private_note)"
            " VALUES (100, 'Example', '2019-09-01 00:00:00', 'not for us')"
        )
        database.execute(
            "INSERT INTO ssd_cp_plans (cppl_person_id, cppl_cp_plan_id, cppl_cp_plan_start_date,"
            " cppl_cp_plan_initial_category) VALUES (100, 7.0, '2026-02-02', 'NEG')"
        )
    database.close()
    return Copy(SecretStr(f"sqlite:///{path}"), SSD)


def writing(kept: InMemory, clock: Clock = lambda: NOW) -> Writing:
    return Writing(kept, PSEUDONYMS, clock)


async def test_rows_become_one_record_a_child_with_what_the_mapping_names(copy: Copy) -> None:
    kept = InMemory()

    end = await copy.read(writing(kept))

    assert isinstance(end, Loaded)
    [record] = kept.records
    assert record.headers["ce_source"] == "case-extract:209.ssd"
    assert b'"id": "7"' in record.value
    assert b"not for us" not in record.value


async def test_where_all_is_told_an_empty_table_refuses_the_reading(copy: Copy) -> None:
    kept = InMemory()
    whole = Copy(copy.url, SSD.model_copy(update={"complete_days": 365}))

    end = await whole.read(writing(kept))

    assert isinstance(end, LoadRefused)
    assert (end.reason, kept.records) == ("table-empty", [])


def test_a_reading_may_not_write_and_gives_only_the_columns_it_names(copy: Copy) -> None:
    url = copy.url.get_secret_value()
    rows = read_rows(url, [Wanted("ssd_person", ("pers_surname",))])

    assert [row for _, row in rows] == [{"pers_surname": "Example"}]
    with open_read_only(url) as connection, pytest.raises(OperationalError, match="readonly"):
        connection.exec_driver_sql("DELETE FROM ssd_person")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        pytest.param("nothing://x", "address-invalid", id="no dialect"),
        pytest.param("not an address", "address-invalid", id="no address"),
        pytest.param("sqlite:////nowhere/at/all/x.sqlite3", "database-away", id="away"),
        pytest.param("sqlite://", "table-unreadable", id="no such table"),
    ],
)
async def test_what_cannot_be_read_is_said_by_a_code_and_writes_nothing(
    url: str, reason: str
) -> None:
    kept = InMemory()

    with pytest.raises(CopyUnreadableError) as refused:
        await Copy(SecretStr(url), SSD).read(writing(kept))

    assert refused.value.reason == reason
    assert kept.records == []


@pytest.mark.parametrize(
    ("now", "at", "then"),
    [
        pytest.param("2026-01-10T05:00", "06:30", "2026-01-10T06:30", id="today, in winter"),
        pytest.param("2026-01-10T06:30", "06:30", "2026-01-11T06:30", id="on the minute"),
        pytest.param("2026-07-10T05:00", "06:30", "2026-07-10T05:30", id="in summer time"),
        pytest.param("2026-03-28T23:00", "06:30", "2026-03-29T05:30", id="clocks go forward"),
    ],
)
def test_the_next_reading_is_at_the_time_of_england(now: str, at: str, then: str) -> None:
    found = next_reading(datetime.fromisoformat(now).replace(tzinfo=UTC), [time.fromisoformat(at)])

    assert found == datetime.fromisoformat(then).replace(tzinfo=UTC)


async def test_readings_count_and_a_failure_is_shown_until_the_next_success(copy: Copy) -> None:
    times, meters = [NOW], Meters()
    sources = Sources(extracts=(SSD,), sql=(TOLD,))
    [(told, found)] = copies_of(sources, lambda _: copy.url)
    kept = writing(InMemory(), lambda: times[-1])
    readings = Readings(told, found, kept, meters, asyncio.Event())

    await readings.once()
    readings.copy = Copy(SecretStr("sqlite://"), SSD)
    times.append(NOW + told.expect_within + timedelta(hours=1))
    with capture_logs() as logs:
        await readings.once()
    failed = readings.failing
    readings.copy = found
    await readings.once()

    value = meters.registry.get_sample_value
    assert (failed, readings.failing) == ("table-unreadable", "")
    assert [line["event"] for line in logs] == ["sql.failing", "source.silent"]
    assert value("kinbridge_source_silent", {"source": "209.ssd"}) == 0
    assert value("kinbridge_source_expected_within_seconds", {"source": "209.ssd"})
    assert value("kinbridge_files_loads_total", {"source": "209.ssd", "end": "taken"}) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(
            "sql: [{source: 209.a, url_setting: KINBRIDGE_SSD}]", "no mapping", id="none"
        ),
        pytest.param(
            "sql: [{source: 209.a, url_setting: KINBRIDGE_SSD, at: ['06:30Z']}]",
            "local",
            id="zone",
        ),
    ],
)
def test_a_copy_that_could_not_be_read_stops_the_start(text: str, said: str) -> None:
    with pytest.raises(SourcesError, match=said):
        parse_sources(text)
