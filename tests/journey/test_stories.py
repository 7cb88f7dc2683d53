"""The shipped stories, played in memory: every alert comes, and in any order of the records."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from random import Random

import pytest

from kinbridge.demo.played import Played
from kinbridge.demo.player import Player
from kinbridge.demo.policy import write_shortened
from kinbridge.demo.sources import mapping_files
from kinbridge.demo.story import Story, load_story, shipped
from kinbridge.demo.telling import Teller, document, expectation
from kinbridge.partnership.loader import load_all
from kinbridge.partnership.model import Partnership
from kinbridge.sources.model import Sources
from kinbridge_casesystem.extract_model import load_mapping
from tests.journey.world import POLICIES, MemoryWorld

STORIES = [load_story(path) for path in shipped()]
EXTRACTS = Sources(extracts=tuple(load_mapping(Path(p)) for p in mapping_files(POLICIES)))


@pytest.fixture(scope="module")
def shortened(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Partnership]:
    folder = tmp_path_factory.mktemp("partnerships")
    write_shortened(POLICIES, folder, date(2026, 11, 9))
    return dict(load_all(folder))


def played(
    story: Story, policies: dict[str, Partnership], disorder: Random | None = None
) -> tuple[Played, MemoryWorld]:
    world = MemoryWorld(story.start, partnerships=policies, disorder=disorder, sources=EXTRACTS)
    return Player(world, lambda _step: None).play(story, "memory"), world


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_every_expected_alert_comes(story: Story, shortened: dict[str, Partnership]) -> None:
    found, _ = played(story, shortened)

    assert [expectation(e) for e in found.missing] == []


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_any_order_batch_and_repetition_of_records_says_the_same(
    story: Story, seed: int, shortened: dict[str, Partnership]
) -> None:
    _, orderly = played(story, shortened)
    found, disorderly = played(story, shortened, Random(seed))

    assert found.as_expected
    assert final(disorderly) == final(orderly)


def final(world: MemoryWorld) -> dict[str, dict[str, str]]:
    """The last account of every alert: its items and how each stands."""
    return {
        alert.alert: {i.concern.concern: i.concern.status for i in alert.items}
        for alert in world.alerts()
    }


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_each_fact_has_exactly_one_end(story: Story, shortened: dict[str, Partnership]) -> None:
    _, world = played(story, shortened)
    # A load that has a child again as it was is a message again, and a duplicate each time.
    first = [d for d in world.dispositions() if d.end != "duplicate"]
    ends = Counter((d.message, d.fact) for d in first)

    assert ends
    assert set(ends.values()) == {1}
    assert {d.end for d in first} == {"mapped-and-linked"}


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_every_alert_was_shared_by_a_recorded_decision(
    story: Story, shortened: dict[str, Partnership]
) -> None:
    _, world = played(story, shortened)
    shared = {(s.concern, s.arm) for s in world.sharing() if s.decision == "share"}
    said = {(i.concern.concern, a.arm) for a in world.alerts() for i in a.items}

    assert said <= shared


def test_the_telling_shows_what_was_expected_and_what_came(
    shortened: dict[str, Partnership],
) -> None:
    found = [played(story, shortened)[0] for story in STORIES]
    table = Teller().table(found)

    assert "MISSING" not in table
    assert table.count("yes, ") == sum(len(story.expected) for story in STORIES)
    assert '"as_expected": true' in document(found, ())


def test_what_comes_of_a_step_that_should_be_quiet_is_told(
    shortened: dict[str, Partnership], tmp_path: Path
) -> None:
    text = next(p for p in shipped() if p.stem == "lewisham-extract").read_text(encoding="utf-8")
    first, second, *_ = text.split("    expect:\n")
    path = tmp_path / "loud.yaml"
    path.write_text(f"{first}    quiet: 3s\n", encoding="utf-8")
    found, _ = played(load_story(path), shortened)

    assert "R7" in second
    assert [len(step.broke) for step in found.steps] == [0, 1]
    assert not found.as_expected
    assert "NOT QUIET: alerts.macpt.209: first" in Teller().table([found])
    assert '"not_quiet": []' in document([found], ())


def test_the_first_load_of_each_borough_is_quiet(shortened: dict[str, Partnership]) -> None:
    extracts = [story for story in STORIES if story.name.endswith("-extract")]
    found = [played(story, shortened)[0] for story in extracts]

    assert [story.authority for story in extracts] == ["210", "209"]
    assert [(one.steps[0].quiet, one.steps[0].broke) for one in found] == [(True, ())] * 2


def test_a_missing_alert_is_told(shortened: dict[str, Partnership], tmp_path: Path) -> None:
    text = shipped()[1].read_text(encoding="utf-8").replace("reason: first", "reason: reminder")
    path = tmp_path / "spoilt.yaml"
    path.write_text(text.split("  - say: The Contact Point's")[0], encoding="utf-8")
    found, _ = played(load_story(path), shortened)

    assert not found.as_expected
    assert "MISSING" in Teller().table([found])
    assert '"as_expected": false' in document([found], ())
