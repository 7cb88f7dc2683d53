"""The line as it is put together, and the README's picture of it, are what topics.yaml says."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from kinbridge.intake.stage import WRITES
from kinbridge.partnership.loader import load_all
from kinbridge.pipeline import STAGES, stages
from kinbridge.topics.graph import graph
from kinbridge_schemas.identifiers import Pseudonymiser
from kinbridge_schemas.topics import load_topics
from tests.architecture.wiring import differences

ROOT: Final = Path(__file__).resolve().parents[2]
TOPICS: Final = load_topics(ROOT / "topics.yaml")


def test_topics_and_stages_say_the_same_of_each_other() -> None:
    line = stages(Pseudonymiser(bytes(32)), load_all(ROOT / "deploy" / "partnerships"))

    assert differences(TOPICS, line) == []
    assert tuple(stage.name for stage in line) == STAGES


def test_intake_writes_the_topics_that_are_said_to_come_from_it() -> None:
    assert {topic.name for topic in TOPICS.written_by("intake")} == set(WRITES)


def test_the_readme_shows_the_line_as_topics_yaml_has_it() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert f"```mermaid\n{graph(TOPICS)}```" in readme
