"""The file of sources: closed, and refused with its place and never a value."""

from __future__ import annotations

from pathlib import Path

import pytest

from kinbridge.sources.loader import SourcesError, load_sources, parse_sources
from kinbridge.sources.model import Sources


def test_without_a_file_and_with_an_empty_one_there_are_no_sources(tmp_path: Path) -> None:
    empty = tmp_path / "sources.yaml"
    empty.write_text("# none yet\n", encoding="utf-8")

    assert load_sources(None) == load_sources(empty) == Sources()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("telepathy: [{password: hunter2}]", "telepathy", id="a kind unknown"),
        pytest.param("{", "not YAML", id="no YAML"),
        pytest.param("[hunter2]", "file", id="not a mapping"),
    ],
)
def test_what_is_wrong_is_said_by_its_place_and_not_its_value(text: str, said: str) -> None:
    with pytest.raises(SourcesError, match=said) as raised:
        parse_sources(text)

    assert "hunter2" not in str(raised.value)


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(SourcesError, match="There is no"):
        load_sources(tmp_path / "sources.yaml")
