"""An unborn child whose record is closed as died: what was open ends, and why is never said."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from kinbridge.demo.templates import Request
from tests.adapters.casesystem.loads import census
from tests.journey.loading import take
from tests.journey.ties import holding, pieces
from tests.journey.world import MemoryWorld

MONDAY: Final = datetime(2026, 11, 9, 10, 0, tzinfo=UTC)
TOLD: Final = "pregnan", "RC2", "died"


def by_the_api(world: MemoryWorld, reason: str) -> None:
    closed = {"closure_date": "2026-11-10", "closure_reason": reason} if reason else {}
    episode = {"social_care_episode_id": "E1", "referral_date": "2026-11-08"}
    child: dict[str, Any] = {
        "la_child_id": "U1",
        "child_details": {"expected_date_of_birth": "2027-02-01"},
        "social_care_episodes": [{**episode, "referral_source": "3D", **closed}],
    }
    body = json.dumps([child]).encode()
    path = "/cases/liquidlogic/children"
    world.send(Request(path, "lewisham-cases", "application/json", body))


def by_the_census(world: MemoryWorld, reason: str) -> None:
    closed = (
        f"<CINclosureDate>2026-11-10</CINclosureDate><ReasonForClosure>{reason}</ReasonForClosure>"
    )
    child = (
        "<Child><ChildIdentifiers><LAchildID>U1</LAchildID>"
        "<ExpectedPersonBirthDate>2027-02-01</ExpectedPersonBirthDate></ChildIdentifiers>"
        "<CINdetails><CINreferralDate>2026-11-08</CINreferralDate>"
        f"<ReferralSource>3D</ReferralSource>{closed if reason else ''}</CINdetails></Child>"
    )
    whole = census(child).replace(b"2026-03-31", b"2027-03-31")
    take(world, "cin-census", {"cin.xml": whole})


@pytest.mark.parametrize("tell", [by_the_api, by_the_census])
def test_closed_as_died_what_was_open_ends_without_a_word_of_why(
    tell: Callable[[MemoryWorld, str], None],
) -> None:
    world = MemoryWorld(MONDAY)
    tell(world, "")
    world.pass_time(hours=1)
    before = len(world.alerts())
    world.until(MONDAY + timedelta(days=1, hours=2))
    tell(world, "RC2")
    world.pass_time(hours=3)
    last = world.alerts()[-1]
    kinds = {m.body.detail.kind for m in world.line.outputs("child-events")}  # type: ignore[attr-defined] # events
    leaves = {n: t for n, t in pieces(world).items() if n.startswith(("alerts.", "dispatches/"))}

    assert before
    assert "pregnancy_ended" in kinds
    assert {item.concern.status for item in last.items} == {"ended"}
    assert leaves
    assert holding(leaves, TOLD) == {}
