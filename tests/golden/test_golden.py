"""Golden folders: what each shape of input is mapped to, in full.

`tests/golden/<route>/<case>/` holds `in.*` (or `in.1.*`, `in.2.*` for snapshots in their
order) and `expect.json`. Run with `--update-golden`, then read the difference.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from kinbridge.mapping.routes import ROUTES
from kinbridge_schemas.mapped import Mapped, Remembered
from tests.adapters.mapping import map_one

HERE: Final = Path(__file__).parent
CASES: Final = sorted(folder for folder in HERE.glob("*/*") if folder.is_dir())


def _inputs(folder: Path) -> list[Path]:
    return sorted(folder.glob("in*"), key=lambda path: path.name)


def _told(mapped: Mapped) -> dict[str, Any]:
    # What it remembers is seen in what the next snapshot says; ids of events and facts stay in.
    return mapped.model_dump(mode="json", include={"events", "ends", "version"}, exclude_none=True)


def _mapped(folder: Path) -> list[dict[str, Any]]:
    remembered, told = Remembered(), []
    for path in _inputs(folder):
        kind = "application/fhir+xml" if path.suffix == ".xml" else "application/json"
        mapped = map_one(folder.parent.name, path.read_bytes(), kind, remembered=remembered)
        remembered = mapped.remember
        told.append(_told(mapped))
    return told


@pytest.mark.parametrize("folder", CASES, ids=lambda f: f"{f.parent.name}/{f.name}")
def test_a_case_is_mapped_as_it_was_read_and_found_right(
    folder: Path, request: pytest.FixtureRequest
) -> None:
    told = _mapped(folder)

    expect = folder / "expect.json"
    if request.config.getoption("--update-golden"):
        expect.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    assert told == json.loads(expect.read_text(encoding="utf-8"))


def test_every_folder_holds_inputs_and_what_is_expected_and_nothing_else() -> None:
    odd = [
        path.relative_to(HERE)
        for folder in CASES
        for path in folder.iterdir()
        if path.name != "expect.json" and not path.name.startswith("in.")
    ]

    assert odd == []
    assert all(_inputs(folder) and (folder / "expect.json").is_file() for folder in CASES)


def test_every_route_has_cases() -> None:
    assert {folder.parent.name for folder in CASES} == set(ROUTES)
