"""A watched folder, on a real disk: taken once, whole or not at all, moved aside with a report."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import pytest

from kinbridge.intake.files.agent import Folder, Watcher, Writing
from kinbridge.intake.files.decide import (
    End,
    Loaded,
    LoadRefused,
    LoadRepeated,
    LoadWaits,
)
from kinbridge.intake.files.taking import taking
from kinbridge.sources.model import Sources
from kinbridge_casesystem.extract_model import load_mapping
from tests.adapters.casesystem.loads import census, census_child, referral
from tests.adapters.casesystem.test_extract import LCS, PLANS, SHIPPED
from tests.services.intake.door import NOW, PSEUDONYMS, InMemory

CENSUS: Final = census(census_child("C1", referral()), census_child("C2", referral()))
SOURCES: Final = Sources(extracts=(load_mapping(SHIPPED / "lewisham-liquidlogic.yaml"),))


@dataclass
class Place:
    root: Path
    kept: InMemory
    watcher: Watcher

    async def looks(self, times: int = 2) -> list[End]:
        return [end for _ in range(times) for end in await self.watcher.look()]

    def names(self, folder: str = "") -> set[str]:
        place = self.root / folder
        return {p.relative_to(place).as_posix() for p in place.rglob("*") if p.is_file()}


def a_place(
    root: Path,
    kind: str = "cin-census",
    by: Literal["rename", "marker"] = "rename",
    max_bytes: int = 1_000_000,
) -> Place:
    kept = InMemory()
    found = taking(SOURCES, "209.liquidlogic", kind)
    assert found is not None
    writing = Writing(kept, PSEUDONYMS, lambda: NOW)
    return Place(root, kept, Watcher(Folder(root, max_bytes), found, writing, by))


async def test_a_file_is_taken_and_moved_aside_with_its_report(tmp_path: Path) -> None:
    place = a_place(tmp_path)
    (tmp_path / "cin.xml").write_bytes(CENSUS)

    [end] = await place.looks()

    assert isinstance(end, Loaded)
    assert end.records == len(place.kept.records) == 2
    assert place.names("taken") == {f"{end.digest}/cin.xml", f"{end.digest}/report.txt"}
    report = (tmp_path / "taken" / end.digest / "report.txt").read_text(encoding="utf-8")
    assert "taken: 2 records" in report
    assert "C1" not in report


async def test_what_is_written_is_one_record_a_child_under_a_pseudonym(tmp_path: Path) -> None:
    place = a_place(tmp_path)
    (tmp_path / "cin.xml").write_bytes(CENSUS)
    await place.looks()

    first, second = place.kept.records

    assert {r.topic for r in place.kept.records} == {"received.cases"}
    assert first.key != second.key
    assert first.headers["ce_source"] == "cin-census:209.liquidlogic"
    assert "C1" not in first.key


async def test_the_same_content_is_taken_once_by_whatever_name(tmp_path: Path) -> None:
    place = a_place(tmp_path)
    (tmp_path / "cin.xml").write_bytes(CENSUS)
    await place.looks()
    (tmp_path / "again.xml").write_bytes(CENSUS)

    again = a_place(tmp_path)
    [end] = await again.looks()

    assert isinstance(end, LoadRepeated)
    assert again.kept.records == []
    assert not (tmp_path / "again.xml").exists()


async def test_a_source_that_goes_back_to_what_it_said_before_is_heard(tmp_path: Path) -> None:
    place = a_place(tmp_path)
    ends = []
    for content in (CENSUS, census(census_child("C1", referral())), CENSUS, CENSUS):
        (tmp_path / "cin.xml").write_bytes(content)
        ends += await place.looks(3)

    assert [type(end) for end in ends] == [Loaded, Loaded, Loaded, LoadRepeated]


async def test_a_file_that_grows_waits_until_it_no_longer_does(tmp_path: Path) -> None:
    place = a_place(tmp_path)
    (tmp_path / "cin.xml").write_bytes(CENSUS[:100])
    await place.looks(1)
    (tmp_path / "cin.xml").write_bytes(CENSUS)

    early = await place.looks(1)

    assert early == []
    assert [type(end) for end in await place.looks(1)] == [Loaded]


async def test_what_changes_between_the_look_and_the_copy_is_left(tmp_path: Path) -> None:
    place = a_place(tmp_path)
    (tmp_path / "cin.xml").write_bytes(CENSUS)
    seen = place.watcher.folder.look()
    (tmp_path / "cin.xml").write_bytes(CENSUS + b"\n")

    assert place.watcher.folder.copy("cin.xml", seen["cin.xml"]) is None


async def test_with_a_marker_a_load_waits_for_it_and_it_goes_too(tmp_path: Path) -> None:
    place = a_place(tmp_path, by="marker")
    (tmp_path / "cin.xml").write_bytes(CENSUS)

    before = await place.looks(3)
    (tmp_path / "cin.xml.done").touch()

    assert before == []
    assert [type(end) for end in await place.looks(1)] == [Loaded]
    assert {n for n in place.names() if not n.startswith("taken/")} == set()


async def test_a_broken_file_is_refused_whole_with_a_reason_beside_it(tmp_path: Path) -> None:
    place = a_place(tmp_path)
    (tmp_path / "cin.xml").write_bytes(CENSUS[:-20])

    [end] = await place.looks()

    assert isinstance(end, LoadRefused)
    assert place.kept.records == []
    assert place.names("refused") == {f"{end.digest}/cin.xml", f"{end.digest}/report.txt"}
    report = (tmp_path / "refused" / end.digest / "report.txt").read_text(encoding="utf-8")
    assert f"refused: {end.reason}" in report


async def test_while_kafka_is_away_a_load_stays_and_is_taken_later(tmp_path: Path) -> None:
    place = a_place(tmp_path)
    (tmp_path / "cin.xml").write_bytes(CENSUS)
    place.kept.refuses = "queue-full"

    [waits] = await place.looks()
    place.kept.refuses = ""

    assert isinstance(waits, LoadWaits)
    assert (tmp_path / "cin.xml").exists()
    assert [type(end) for end in await place.looks(1)] == [Loaded]


async def test_a_crash_after_writing_gives_the_same_records_again(tmp_path: Path) -> None:
    place = a_place(tmp_path)
    (tmp_path / "cin.xml").write_bytes(CENSUS)
    await place.looks()
    (tmp_path / "taken").rename(tmp_path / ".gone")
    (tmp_path / "cin.xml").write_bytes(CENSUS)

    again = a_place(tmp_path)
    await again.looks()

    assert again.kept.records == place.kept.records


async def test_a_folder_or_an_archive_of_tables_is_one_load(tmp_path: Path) -> None:
    place = a_place(tmp_path, "case-extract")
    sent = tmp_path / "friday"
    sent.mkdir()
    for name, content in LCS.items():
        (sent / name).write_bytes(content)
    with zipfile.ZipFile(tmp_path / "saturday.zip", "w") as packed:
        for name, content in LCS.items():
            packed.writestr(f"export/{name}", content)

    ends = await place.looks()

    assert [type(end) for end in ends] == [Loaded, Loaded]
    assert len(place.kept.records) == 4
    assert place.kept.records[:2] == place.kept.records[2:]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        pytest.param("a.zip", b"PK\x03\x04 no more", "archive-invalid", id="a broken archive"),
        pytest.param("cp_plans.csv", PLANS * 10_000, "load-too-large", id="too large"),
        pytest.param("other.csv", PLANS, "file-not-mapped", id="a table that nobody mapped"),
    ],
)
async def test_what_can_never_be_taken_is_refused(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    place = a_place(tmp_path, "case-extract")
    (tmp_path / name).write_bytes(content)

    [end] = await place.looks()

    assert isinstance(end, LoadRefused)
    assert end.reason == reason
    assert not (tmp_path / name).exists()


async def test_an_archive_that_unpacks_to_more_than_allowed_is_refused(tmp_path: Path) -> None:
    place = a_place(tmp_path, "case-extract")
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("cp_plans.csv", PLANS + b"\n" * 2_000_000)

    [end] = await place.looks()

    assert isinstance(end, LoadRefused)
    assert end.reason == "load-too-large"


async def test_a_link_in_the_folder_is_not_followed(tmp_path: Path) -> None:
    watched, elsewhere = tmp_path / "in", tmp_path / "cin.xml"
    watched.mkdir()
    elsewhere.write_bytes(CENSUS)
    (watched / "cin.xml").symlink_to(elsewhere)

    assert await a_place(watched).looks(3) == []
    assert elsewhere.exists()


async def test_a_folder_that_is_away_is_an_error_for_whoever_watches(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await a_place(tmp_path / "none").looks()
