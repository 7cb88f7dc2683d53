"""Playing a story: what meets an expectation, what is missing, and what was cut short."""

from __future__ import annotations

import json
import stat
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from pydantic import SecretStr

from kinbridge.demo.line import Line, read_line, write_line
from kinbridge.demo.played import Answered, Arrival, Ledger, meets, names_from
from kinbridge.demo.player import Player
from kinbridge.demo.policy import shorten, write_shortened
from kinbridge.demo.sources import SOURCES, source_keys
from kinbridge.demo.story import Expected, StoryError, load_story, shipped
from kinbridge.demo.telling import expectation
from kinbridge.demo.templates import Request
from kinbridge.partnership.loader import load_all
from kinbridge_schemas.alerts import TeamAlert

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = ROOT / "schemas" / "examples" / "TeamAlert.v1"
POLICIES = ROOT / "deploy" / "partnerships"


def an_alert(name: str) -> TeamAlert:
    return TeamAlert.model_validate_json((EXAMPLES / f"{name}.json").read_bytes())


def expected(**said: object) -> Expected:
    return Expected.model_validate({"team": "macpt", "reason": "first", **said})


def arrived(alert: TeamAlert, at: float = 0.0) -> Arrival:
    return Arrival(alert, "alerts.macpt.209", at)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("first", {}),
        ("first", {"new": ["R1"], "active": ["R1"], "urgency": "U2", "state": "open"}),
        ("correction", {"reason": "correction", "corrected": ["R1"], "active": ["R1"]}),
        ("restricted", {"reason": "new_item"}),
    ],
)
def test_an_alert_meets_what_is_said_of_it(name: str, said: dict[str, object]) -> None:
    assert meets(an_alert(name), expected(**said), "209")


@pytest.mark.parametrize(
    ("name", "said", "authority"),
    [
        pytest.param("first", {}, "210", id="another authority"),
        pytest.param("first", {"team": "family-help"}, "209", id="another team"),
        pytest.param("first", {"reason": "closed"}, "209", id="another reason"),
        pytest.param("first", {"urgency": "U1"}, "209", id="another urgency"),
        pytest.param("first", {"state": "closed"}, "209", id="another state"),
        pytest.param("first", {"new": ["R1", "R1"]}, "209", id="one new item, not two"),
        pytest.param("first", {"active": []}, "209", id="something stands"),
        pytest.param(
            "correction", {"reason": "correction", "active": ["R1", "R1"]}, "209", id="one stands"
        ),
        pytest.param(
            "restricted", {"reason": "new_item", "new": ["R1"]}, "209", id="hidden is not seen"
        ),
    ],
)
def test_an_alert_does_not_meet_anything_else(
    name: str, said: dict[str, object], authority: str
) -> None:
    assert not meets(an_alert(name), expected(**said), authority)


def test_a_revision_meets_one_expectation_and_its_repeat_none() -> None:
    ledger = Ledger("209")
    ledger.put([arrived(an_alert("first")), arrived(an_alert("first"))])

    assert ledger.take(expected()) is not None
    assert ledger.take(expected()) is None
    assert ledger.rest() == ()


def test_what_came_for_the_family_and_was_not_expected_is_kept() -> None:
    ledger = Ledger("209")
    ledger.put([arrived(an_alert("first")), arrived(an_alert("correction"))])
    ledger.take(expected())

    assert [a.alert for a in ledger.rest()] == [an_alert("correction")]


def test_an_alert_of_another_storys_family_meets_nothing() -> None:
    alert = an_alert("first")
    ledger = Ledger("209", frozenset({alert.family}))
    ledger.put([arrived(alert)])

    assert ledger.take(expected()) is None


def test_later_steps_get_ids_of_an_alert_and_nothing_of_a_hidden_one() -> None:
    assert names_from(an_alert("first")).keys() == {"alert", "family", "child", "facts"}
    assert names_from(an_alert("restricted")).keys() == {"alert", "family"}


def test_an_expectation_reads_as_one_line() -> None:
    said = expected(new=["R1"], active=["R1", "R2"], urgency="U1")

    assert expectation(said) == "macpt: first, new R1, standing R1 R2, U1"


class Silent:
    """A world in which nothing ever comes of what is sent, and time goes by at once."""

    def __init__(self, status: int) -> None:
        self.time = datetime(2026, 11, 9, tzinfo=UTC)
        self.status = status

    def now(self) -> datetime:
        return self.time

    def until(self, when: datetime) -> None:
        self.time = when

    def send(self, request: Request) -> Answered:
        return Answered(request, self.status, 0.0)

    def listen(self, within: timedelta) -> Sequence[Arrival]:
        self.time += within
        return []


def test_what_does_not_come_is_missing() -> None:
    story = load_story(shipped()[1])
    first = story.model_copy(update={"steps": story.steps[:1]})
    played = Player(Silent(202), lambda _step: None).play(first, "p1")

    assert played.missing == first.expected
    assert not played.as_expected


def test_a_door_that_refuses_ends_the_story_with_its_answer() -> None:
    player = Player(Silent(413), lambda _step: None)

    with pytest.raises(StoryError, match="The door answered 413 to /cases/liquidlogic/events"):
        player.play(load_story(shipped()[1]), "p1")


def test_the_policy_of_a_demonstration_differs_in_what_is_said_to_differ(tmp_path: Path) -> None:
    said = write_shortened(POLICIES, tmp_path, date(2026, 11, 9))
    shipped_ones, shortened = load_all(POLICIES), load_all(tmp_path)
    lewisham = shortened["209"]
    waits = {
        m for by_urgency in lewisham.clocks.settle_minutes.values() for m in by_urgency.values()
    }

    assert shortened.keys() == shipped_ones.keys()
    assert waits == {0}
    assert lewisham.rules == shipped_ones["209"].rules
    assert lewisham.bases == shipped_ones["209"].bases
    assert said == (
        "items are said at once; the policy lets them settle for up to 60 minutes",
        "no case system is told by webhook",
    )


def test_a_ground_that_begins_later_is_taken_as_in_force_and_said_so(tmp_path: Path) -> None:
    early = date(2025, 1, 6)
    said = write_shortened(POLICIES, tmp_path, early)
    basis = load_all(tmp_path)["209"].basis("PB", early)

    assert basis is not None
    assert "grounds that begin later are taken as in force today" in said


def test_a_ground_that_is_not_in_force_stays_out(tmp_path: Path) -> None:
    write_shortened(POLICIES, tmp_path, date(2025, 1, 6))

    assert load_all(tmp_path)["209"].basis("16LA", date(2026, 11, 9)) is None


def test_a_policy_that_waits_for_nothing_differs_in_nothing() -> None:
    raw = yaml.safe_load((POLICIES / "lewisham.yaml").read_text(encoding="utf-8"))
    once = shorten(raw, date(2026, 11, 9))

    assert shorten(once.policy, date(2026, 11, 9)).differences == ()


def test_every_source_of_a_shipped_story_has_a_key() -> None:
    used = {s.as_ for path in shipped() for step in load_story(path).steps for s in step.send}

    assert used <= SOURCES.keys()
    assert [key.name for key in source_keys({name: name for name in SOURCES})] == list(SOURCES)


def test_where_a_line_is_comes_back_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    line = Line(address="http://127.0.0.1:1", broker="127.0.0.1:2", keys={"nems": SecretStr("s")})
    path = tmp_path / "line.json"
    write_line(path, line)
    write_line(path, line)

    assert read_line(path) == line
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "'s'" not in repr(line)
    assert json.loads(path.read_text(encoding="utf-8"))["keys"] == {"nems": "s"}


@pytest.mark.parametrize("text", ["", "{", '{"address": 1}'])
def test_a_broken_line_file_is_refused_by_its_field(text: str, tmp_path: Path) -> None:
    path = tmp_path / "line.json"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(StoryError, match=r"line\.json"):
        read_line(path)
