"""A case system's first file is history: it raises no alert, and neither does the same again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kinbridge_schemas.events import ChildEvent
from tests.adapters.casesystem.loads import census, census_child, enquiry, plan, referral
from tests.journey.adoption_feeds import OTHER
from tests.journey.edge import FIRST as STARTED
from tests.journey.edge import Edge
from tests.journey.loading import take
from tests.journey.test_adoption_edge import EACH
from tests.journey.world import MemoryWorld

NOW = datetime(2026, 11, 11, 10, 0, tzinfo=UTC)
WORK = enquiry("2025-12-03", "2026-01-20") + plan("2026-01-20", category="EMO")
CHILDREN = [census_child(f"C{n}", referral(more=WORK)) for n in range(4)]
UNBORN = (
    "<Child><ChildIdentifiers><LAchildID>U1</LAchildID>"
    "<ExpectedPersonBirthDate>2026-06-01</ExpectedPersonBirthDate></ChildIdentifiers>"
    f"<CINdetails>{referral(more=plan('2026-03-20'))}</CINdetails></Child>"
)
FIRST = census(*CHILDREN, UNBORN)


@pytest.fixture
def world() -> MemoryWorld:
    return MemoryWorld(NOW - timedelta(hours=1))


def events(world: MemoryWorld) -> list[ChildEvent]:
    found = (m.body for m in world.line.outputs("child-events"))
    return [body for body in found if isinstance(body, ChildEvent)]


def test_a_first_load_is_told_whole_ends_in_the_line_and_raises_no_alert(
    world: MemoryWorld,
) -> None:
    take(world, "cin-census", {"cin.xml": FIRST})
    world.until(NOW + timedelta(hours=26))
    told = events(world)

    assert len(told) == 4 * 6 + 3
    assert {e.fact for e in told} <= {d.fact for d in world.dispositions()}
    assert (world.alerts(), world.unread()) == ([], [])


def test_the_same_file_again_and_a_file_in_another_order_tell_nothing(world: MemoryWorld) -> None:
    take(world, "cin-census", {"cin.xml": FIRST})
    before = len(events(world))
    take(world, "cin-census", {"cin.xml": FIRST})
    take(world, "cin-census", {"cin.xml": census(UNBORN, *reversed(CHILDREN))})

    assert len(events(world)) == before


def test_a_changed_file_tells_only_what_changed(world: MemoryWorld) -> None:
    take(world, "cin-census", {"cin.xml": FIRST})
    before = {e.id for e in events(world)}
    changed = census_child("C0", referral(more=WORK.replace("EMO", "PHY")))
    take(world, "cin-census", {"cin.xml": census(changed, *CHILDREN[1:], UNBORN)})

    new = [e.detail.kind for e in events(world) if e.id not in before]
    assert new == ["cp_plan_category_changed"]


@pytest.mark.parametrize("name", EACH)
def test_the_first_load_of_every_source_opens_the_case_and_raises_no_alert(
    name: str, tmp_path: Path
) -> None:
    edge = Edge(EACH[name], tmp_path)
    edge.take((OTHER, ""))
    edge.world.until(STARTED + timedelta(hours=26))

    assert edge.record().open
    assert edge.world.alerts() == []
