"""Story files: closed, complete, and found out when they are spoilt."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from kinbridge.demo.story import FOLDER, ORDER, StoryError, load_story, shipped


def a_story() -> dict[str, Any]:
    raw: dict[str, Any] = yaml.safe_load((FOLDER / f"{ORDER[0]}.yaml").read_text(encoding="utf-8"))
    return raw


def written(folder: Path, raw: object) -> Path:
    path = folder / "spoilt.yaml"
    path.write_text(yaml.safe_dump(raw), encoding="utf-8")
    return path


def test_the_demo_plays_every_story_that_is_shipped() -> None:
    assert {path.name for path in shipped()} == {path.name for path in FOLDER.iterdir()}


@pytest.mark.parametrize("path", shipped(), ids=lambda path: path.stem)
def test_a_shipped_story_is_read_and_expects_something(path: Path) -> None:
    story = load_story(path)

    assert story.name == path.stem
    assert story.expected


def _upload(files: dict[str, str]) -> dict[str, Any]:
    return {"to": "/cases/x/files/case-extract", "as": "x", "files": files}


SPOILT = [
    pytest.param(lambda r: r.update(titel="x"), "titel", id="a misspelt entry"),
    pytest.param(lambda r: r.pop("authority"), "authority", id="no authority"),
    pytest.param(lambda r: r.update(steps=[]), "steps", id="no steps"),
    pytest.param(lambda r: r["steps"][1]["send"][0].pop("template"), "body", id="nothing to send"),
    pytest.param(
        lambda r: r["steps"][1]["send"][0].update(body={}), "either `body`", id="sends two things"
    ),
    pytest.param(
        lambda r: r["steps"][1]["send"][0].update(files={"a.csv": "A\n"}),
        "either `body`",
        id="sends a file and something else",
    ),
    pytest.param(
        lambda r: r["steps"][1].update(send=[_upload({"../a.csv": "A\n"})]),
        "files",
        id="a file that lies elsewhere",
    ),
    pytest.param(
        lambda r: r["steps"][1].update(send=[_upload({})]), "files", id="a load without files"
    ),
    pytest.param(
        lambda r: r["steps"][1].update(quiet="3s"), "expects nothing", id="quiet, and expects"
    ),
    pytest.param(lambda r: r["steps"][1]["send"][0].update(to="cases"), "to", id="not a path"),
    pytest.param(
        lambda r: r["steps"][1]["send"][0].update(to="/cases/x?nhs=1"), "to", id="a query"
    ),
    pytest.param(
        lambda r: r["steps"][1]["expect"][0].update(reason="alarm"), "reason", id="no such reason"
    ),
    pytest.param(
        lambda r: r["steps"][1]["expect"][0].update(within="soon"), "within", id="no span"
    ),
    pytest.param(
        lambda r: r["steps"][2]["expect"][0].update(call="first_alert"),
        "named twice",
        id="two alerts of one name",
    ),
    pytest.param(
        lambda r: (r["steps"][1].update(at="9s"), r["steps"][2].update(at="8s")),
        "follow each other",
        id="back in time",
    ),
    pytest.param(lambda r: r.update(start="2026-11-09T11:00:00"), "start", id="no zone"),
]


@pytest.mark.parametrize(("spoil", "named"), SPOILT)
def test_a_spoilt_story_is_refused_with_its_place(
    spoil: Callable[[dict[str, Any]], object], named: str, tmp_path: Path
) -> None:
    raw = a_story()
    spoil(raw)

    with pytest.raises(StoryError) as caught:
        load_story(written(tmp_path, raw))
    assert named in str(caught.value)
    assert "spoilt.yaml" in str(caught.value)


def test_what_is_no_file_or_no_yaml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("steps: [", encoding="utf-8")

    with pytest.raises(StoryError, match="cannot be opened"):
        load_story(tmp_path / "none.yaml")
    with pytest.raises(StoryError, match="not YAML in line"):
        load_story(tmp_path / "broken.yaml")
