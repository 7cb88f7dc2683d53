"""Restricted records, other authorities, disclosure risks: what must not travel does not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from kinbridge_schemas.alerts import TeamAlert
from tests.journey.people import Family, appointment, birth, from_cases
from tests.journey.world import CODEC, MemoryWorld

NOW = datetime(2026, 11, 11, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)
FAMILY = Family("shade", edd="2026-11-29")
DATA = {
    "disclosure_risk_set": {"risk_id": "shade-risk", "ground": "domestic-abuse"},
    "adoption_shield_started": {"trigger": "rc1"},
}
EVERY_TOPIC = (
    "child-events",
    "linked-events",
    "alerts-proposed",
    "alerts",
    "dispatches",
    "sharing-decisions",
    "dispositions",
)


def a_world(*kinds: str) -> MemoryWorld:
    world = MemoryWorld(NOW - 40 * DAY)
    world.send(from_cases(*FAMILY.on_a_plan(world.now())))
    for kind in kinds:
        world.send(from_cases(FAMILY.event(kind, world.now(), **DATA.get(kind, {}))))
    world.until(NOW)
    return world


def misses(world: MemoryWorld) -> None:
    world.send(appointment(FAMILY, "a1", NOW - 2 * DAY, recorded=world.now()))
    world.pass_time(hours=1)


def team_alerts(world: MemoryWorld, authority: str = "209") -> list[TeamAlert]:
    topics = ("alerts.macpt.{authority}", "alerts.family-help.{authority}")
    found = (m.body for t in topics for m in world.line.outputs(t, authority=authority))
    return [body for body in found if isinstance(body, TeamAlert)]


def bytes_of(world: MemoryWorld, topics: Iterable[str]) -> bytes:
    return b"\n".join(CODEC.encode(m.body) for t in topics for m in world.line.outputs(t))


def test_of_a_restricted_child_a_team_topic_tells_that_there_is_an_alert_and_no_more() -> None:
    world = a_world("record_restricted")
    misses(world)
    (alert,) = team_alerts(world)

    assert alert.restricted
    assert alert.content is None


def test_of_a_restricted_child_no_place_leaves_the_rules() -> None:
    world = a_world("record_restricted")
    misses(world)

    assert b"Example Maternity Unit" not in bytes_of(world, ("alerts-proposed", "alerts"))


def test_a_child_restricted_after_the_alarm_is_restricted_in_what_follows() -> None:
    world = a_world()
    misses(world)
    world.send(from_cases(FAMILY.event("record_restricted", world.now())))
    world.pass_time(minutes=10)
    world.send(birth(FAMILY, world.now() - timedelta(hours=1), recorded=world.now()))
    world.pass_time(minutes=10)
    before, *after = team_alerts(world)

    assert not before.restricted
    assert after
    assert all(alert.content is None for alert in after)


def test_another_authority_hears_nothing() -> None:
    world = a_world()
    misses(world)

    assert team_alerts(world)
    assert team_alerts(world, "210") == []


def test_a_disclosure_risk_holds_the_share_for_a_named_person() -> None:
    world = a_world("disclosure_risk_set")
    misses(world)
    held = [s for s in world.sharing() if s.decision == "hold"]

    assert world.alerts() == []
    assert [(s.rule, s.reason) for s in held] == [("R1", "disclosure-risk")]


def test_a_risk_that_a_person_cleared_lets_it_go() -> None:
    world = a_world("disclosure_risk_set")
    misses(world)
    world.send(
        from_cases(
            FAMILY.event("disclosure_risk_cleared", world.now(), risk_id="shade-risk", own="clear")
        )
    )
    world.pass_time(hours=1)

    assert len(team_alerts(world)) == 1


def test_adoption_stops_the_stream_and_what_follows_is_not_known() -> None:
    world = a_world("adoption_shield_started")
    misses(world)

    assert world.alerts() == []
    assert "not-known" in {d.end for d in world.dispositions()}


@pytest.mark.parametrize("topic", EVERY_TOPIC)
def test_no_identifier_is_in_a_key_or_a_header(topic: str) -> None:
    world = a_world()
    misses(world)
    world.send(birth(FAMILY, world.now() - timedelta(hours=1), recorded=world.now()))
    numbers = list(FAMILY.numbers.values())
    messages = world.line.outputs(topic)
    shown = "\n".join(f"{m.key} {m.envelope!r} {m.body!r}" for m in messages)

    assert messages
    assert not any(number in shown for number in numbers)
    assert "shade-U" not in shown


def test_what_goes_out_by_webhook_names_nobody() -> None:
    world = a_world()
    misses(world)
    sent = bytes_of(world, ("dispatches",)).decode()

    assert sent
    assert not any(n in sent for n in FAMILY.numbers.values())
    assert not any(word in sent for word in ("Rosa", "Example", "shade"))
    assert not re.search(r"(child|person)-[a-z2-7]{32}", sent)
