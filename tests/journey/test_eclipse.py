"""From Eclipse's notifications, in whatever order they come, to the alert of the right team."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

import pytest

from kinbridge.intake.decide import Accepted, Entrance
from kinbridge.intake.eclipse.decide import Delivery, record
from kinbridge.intake.keys import SourceKey
from kinbridge.sources.model import Sources
from kinbridge_schemas.linked import LinkedEvent
from tests.adapters.casesystem.eclipses import TABLE, a_mother, a_person
from tests.journey.people import Family, appointment
from tests.journey.world import MemoryWorld
from tests.services.intake.eclipse.far_end import a_system

# A Monday in November, within duty hours: London is on UTC.
MONDAY: Final = datetime(2026, 11, 9, 10, 0, tzinfo=UTC)
FAMILY: Final = Family("eclipse", edd="2026-11-29")
SENDER: Final = SourceKey(
    name="eclipse",
    sha256="0" * 64,
    source="eclipse",
    doors=frozenset({"eclipse"}),
    authority="209",
)
UNBORN: Final = a_person(
    id="E1", nhsNumber=None, dateOfBirth=None, dueDate="2026-11-29", lifeState="UNBORN"
)
MOTHER: Final = a_mother(
    id="E2",
    nhsNumber=FAMILY.numbers["mother"],
    dateOfBirth={"lower": "2004-03-11", "upper": "2004-03-11"},
)
KIN: Final = {
    "id": "R1",
    "relationshipKind": "Familial",
    "relationshipType": {"class": "ParentChild"},
    "roleAPerson": MOTHER,
    "roleBPerson": UNBORN,
    "mainCarer": "ROLE_A",
    "startDate": "2026-09-01",
}
PLAN: Final = {
    "id": "C1",
    "person": UNBORN,
    "classification": {"path": "CHILD.CP.NEGLECT"},
    "startDateTime": "2026-10-01T09:00:00Z",
}
WORKER: Final = {
    "id": "R2",
    "relationshipKind": "Professional",
    "roleAPerson": {"id": "W7"},
    "roleBPerson": UNBORN,
    "allocatedWorker": "ROLE_A",
    "startDate": "2026-10-01",
}
TOLD: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("Person_ADD", UNBORN),
    ("PersonPersonRelationship_ADD", KIN),
    ("PersonClassification_ADD", PLAN),
    ("PersonPersonRelationship_ADD", WORKER),
)


def tell(world: MemoryWorld, kind: str, resource: dict[str, Any], minute: int) -> None:
    """Take one notification in, as the door does once Eclipse has confirmed it."""
    at = world.now() - timedelta(hours=1) + timedelta(minutes=minute)
    headers = {"deliveryId": f"d-{kind}-{minute}", "eventTime": at.isoformat()}
    delivery = Delivery({**headers, "groupId": "3", "subscriptionId": "1"})
    pseudonyms = world.arrival.pseudonymiser
    body = json.dumps({"type": kind, "resource": resource})
    decided = record(body, delivery, Entrance(SENDER, pseudonyms, world.now()))
    assert isinstance(decided, Accepted)
    world.put(*decided.entries)


def miss(world: MemoryWorld) -> set[str]:
    """Let the mother miss an appointment, and give the rules that speak of it."""
    start = world.now() + timedelta(minutes=10)
    world.pass_time(hours=1)
    world.send(appointment(FAMILY, "a1", start, recorded=world.now()))
    world.pass_time(hours=6)
    return rules(world)


def rules(world: MemoryWorld) -> set[str]:
    return {item.concern.rule for alert in world.alerts() for item in alert.items}


def restrictions(world: MemoryWorld) -> set[str]:
    """Give what linking last said of each child's restriction."""
    found = {}
    for message in world.line.outputs("linked-events"):
        body = message.body
        if isinstance(body, LinkedEvent):
            found[body.child_ref] = body.child.restriction
    return set(found.values())


@pytest.fixture
def world() -> MemoryWorld:
    found = MemoryWorld(
        MONDAY - timedelta(days=3), sources=Sources(eclipse=(a_system(table=TABLE),))
    )
    found.until(MONDAY)
    return found


@pytest.mark.parametrize("seed", range(4))
def test_a_missed_appointment_reaches_the_team_whatever_came_first(
    world: MemoryWorld, seed: int
) -> None:
    order = list(enumerate(TOLD))
    Random(seed).shuffle(order)
    for minute, (kind, resource) in order:
        tell(world, kind, resource, minute)

    assert "R1" in miss(world)
    assert {(alert.authority, alert.arm) for alert in world.alerts()} == {("209", "macpt")}


def test_without_notifications_the_same_appointment_is_nobodys(world: MemoryWorld) -> None:
    assert miss(world) == set()


def test_a_birth_is_told_at_once(world: MemoryWorld) -> None:
    for minute, (kind, resource) in enumerate(TOLD):
        tell(world, kind, resource, minute)
    world.pass_time(hours=1)
    day = world.now().date().isoformat()
    born = {**UNBORN, "lifeState": "ALIVE", "dateOfBirth": {"lower": day, "upper": day}}

    tell(world, "Person_UPDATE", born, 50)
    world.pass_time(hours=1)

    assert "R3" in rules(world)


def test_after_a_pregnancy_has_ended_nothing_is_said(world: MemoryWorld) -> None:
    for minute, (kind, resource) in enumerate(TOLD):
        tell(world, kind, resource, minute)

    tell(world, "Person_UPDATE", {**UNBORN, "lifeState": "NOT_CARRIED_TO_TERM"}, 50)

    assert "R1" not in miss(world)


def test_no_contact_holds_what_would_be_shared(world: MemoryWorld) -> None:
    for minute, (kind, resource) in enumerate(TOLD):
        tell(world, kind, resource, minute)

    tell(world, "PersonPersonRelationship_UPDATE", {**KIN, "nonContact": "ROLE_A"}, 50)
    miss(world)

    assert {d.decision for d in world.sharing()} == {"hold"}


def test_what_was_flagged_by_mistake_holds_nothing(world: MemoryWorld) -> None:
    for minute, (kind, resource) in enumerate(TOLD):
        tell(world, kind, resource, minute)

    tell(world, "PersonPersonRelationship_UPDATE", {**KIN, "nonContact": None}, 51)
    tell(world, "PersonPersonRelationship_UPDATE", {**KIN, "nonContact": "ROLE_A"}, 50)

    assert "R1" in miss(world)


def test_a_restriction_that_was_taken_off_is_off(world: MemoryWorld) -> None:
    off = {
        "securityMetaData": {"secured": False},
        "securedContext": {"subjectRestrictedViaLock": False},
    }
    for minute, (kind, resource) in enumerate(TOLD):
        tell(world, kind, resource, minute)

    tell(world, "Person_UPDATE", {**UNBORN, "securityMetaData": {"secured": True}}, 50)
    during = restrictions(world)
    tell(world, "Person_UPDATE", {**UNBORN, **off}, 51)

    assert (during, restrictions(world)) == ({"sensitive"}, {"none"})
