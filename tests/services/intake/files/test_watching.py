"""What the process that watches folders counts, and what it refuses to start with."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from kinbridge.intake.files.agent import Writing
from kinbridge.intake.files.meters import Meters
from kinbridge.intake.files.serving import Round, watcher_of
from kinbridge.sources.files import WatchedFolder
from kinbridge.sources.loader import SourcesError, load_sources
from kinbridge.sources.model import Sources
from tests.adapters.casesystem.test_extract import LCS, SHIPPED
from tests.services.intake.door import NOW, PSEUDONYMS, InMemory

FOLDER = WatchedFolder(
    source="209.liquidlogic",
    kind="case-extract",
    folder_setting="KINBRIDGE_FOLDER",
    expect_within=timedelta(hours=2),
)


def value(meters: Meters, name: str, **labels: str) -> float | None:
    return meters.registry.get_sample_value(
        f"kinbridge_{name}", {"source": "209.liquidlogic", **labels}
    )


def sources(tmp_path: Path) -> Sources:
    text = f"extracts: [{(SHIPPED / 'lewisham-liquidlogic.yaml').as_posix()}]\n"
    file = tmp_path / "sources.yaml"
    file.write_text(text, encoding="utf-8")
    return load_sources(file)


class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


def a_round(tmp_path: Path, clock: Clock) -> Round:
    incoming = tmp_path / "incoming"
    incoming.mkdir()
    writing = Writing(InMemory(), PSEUDONYMS, clock)
    found = watcher_of(
        FOLDER, sources(tmp_path), lambda _: SecretStr(incoming.as_posix()), writing
    )
    return Round(FOLDER, found, Meters(), asyncio.Event())


async def test_rounds_count_loads_records_and_silence(tmp_path: Path) -> None:
    clock = Clock()
    watched = a_round(tmp_path, clock)
    for name in ("persons.csv", "other.csv"):
        (tmp_path / "incoming" / name).write_bytes(LCS["lcs_persons.csv"])

    await watched.once()
    await watched.once()

    meters = watched.meters
    assert value(meters, "files_loads_total", end="taken") == 1
    assert value(meters, "files_loads_total", end="refused") == 1
    assert value(meters, "files_records_total") == 2
    assert value(meters, "source_silent") == 0
    clock.now += timedelta(hours=3)
    await watched.once()
    assert value(meters, "source_silent") == 1


async def test_a_folder_that_went_away_is_failing_until_it_is_back(tmp_path: Path) -> None:
    clock = Clock()
    watched = a_round(tmp_path, clock)
    (tmp_path / "incoming").rename(tmp_path / "elsewhere")

    clock.now += timedelta(hours=3)
    await watched.once()
    failing, silent = watched.failing, value(watched.meters, "source_silent")
    (tmp_path / "elsewhere").rename(tmp_path / "incoming")
    await watched.once()

    assert (failing, silent) == ("folder-unreadable", 1)
    assert watched.failing == ""


async def test_rounds_end_when_told_to(tmp_path: Path) -> None:
    watched = a_round(tmp_path, Clock())

    running = asyncio.ensure_future(watched.run())
    watched.stopping.set()

    await asyncio.wait_for(running, 5)


def test_a_folder_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    writing = Writing(InMemory(), PSEUDONYMS, Clock())

    with pytest.raises(SourcesError, match="no such folder"):
        watcher_of(FOLDER, sources(tmp_path), lambda _: SecretStr("nowhere"), writing)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("extracts: [none.yaml]", "no none.yaml", id="no such mapping file"),
        pytest.param("extracts: [bad.yaml]", "bad.yaml: tables", id="a wrong mapping file"),
        pytest.param(
            "folders: [{source: 209.a, kind: case-extract, folder_setting: KINBRIDGE_FOLDER}]",
            "no mapping file for 209.a",
            id="an extract without one",
        ),
        pytest.param(
            "folders: [{source: 209.a, kind: hl7v2, folder_setting: KINBRIDGE_FOLDER}]",
            "folders.0.kind",
            id="a kind that is no file",
        ),
    ],
)
def test_what_is_wrong_with_files_is_said_at_the_start(
    tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "bad.yaml").write_text("{authority: '209', system: a, tables: []}")
    file = tmp_path / "sources.yaml"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(SourcesError, match=said):
        load_sources(file)
