"""From a trust's socket to the health lead: HL7 v2 is the feed of what has no national event."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from kinbridge_schemas.alerts import AlertRevision, Reason
from tests.adapters.hl7v2.messages import evn, message, msh
from tests.journey.people import Family, from_cases
from tests.journey.world import MemoryWorld
from tests.services.intake.mllp.talk import Place, a_place

# A Monday in November, within duty hours: London is on UTC.
MONDAY = datetime(2026, 11, 9, 10, 0, tzinfo=UTC)
EARLY = Family("early", edd="2027-01-25")
CHILD = Family("kit", born="2021-01-15")
BOOKINGS = "SCH|A7001^BOOKINGS" + "|" * 10 + "^^^202611091000" + "|" * 14


@dataclass(frozen=True, slots=True)
class IntoTheLine:
    """Writes what the listener took into the line in memory."""

    world: MemoryWorld
    ready: bool = True

    async def send(
        self, topic: str, key: str, value: bytes, headers: Sequence[tuple[str, bytes]]
    ) -> None:
        self.world.line.send_bytes(topic, key.encode(), value, tuple(headers))


def listening(world: MemoryWorld) -> AbstractAsyncContextManager[Place]:
    return a_place(IntoTheLine(world), clock=world.now)


async def says(place: Place, world: MemoryWorld, control: str, content: bytes) -> None:
    async with place.connected() as trust:
        await trust.send(content)
        assert await trust.answer() == ("AA", control)
    world.line.run()
    assert world.unread() == []


def a_world(family: Family) -> MemoryWorld:
    world = MemoryWorld(MONDAY - timedelta(days=30))
    world.send(from_cases(*family.on_a_plan(world.now())))
    world.until(MONDAY)
    return world


def minute(world: MemoryWorld) -> str:
    return world.now().strftime("%Y%m%d%H%M")


def said(world: MemoryWorld) -> list[AlertRevision]:
    return [alert for alert in world.alerts() if alert.arm == "macpt"]


async def test_a_missed_antenatal_appointment_is_told_and_its_correction_as_well() -> None:
    world = a_world(EARLY)
    mother = f"PID|1||{EARLY.numbers['mother']}^^^NHS^NH||Example^Rosa||20040311|2"
    clinic = "PV1|1|O||||||||560"
    async with listening(world) as place:
        world.until(MONDAY + timedelta(minutes=30))
        no_show = msh("SIU^S26", "S1", sent=minute(world))
        await says(place, world, "S1", message(no_show, BOOKINGS, mother, clinic))
        world.watch(MONDAY + timedelta(hours=5))
        (told,) = said(world)
        came = msh("SIU^S14", "S2", sent=minute(world))
        await says(place, world, "S2", message(came, BOOKINGS + "Complete", mother, clinic))
        world.pass_time(hours=1)

    assert (told.reason, told.owner) == (Reason.FIRST, "macpt_health_lead")
    assert [alert.reason for alert in said(world)] == [Reason.FIRST, Reason.CORRECTION]


async def test_a_childs_arrival_at_an_emergency_department_is_told() -> None:
    world = a_world(CHILD)
    child = f"PID|1||{CHILD.numbers['child']}^^^NHS^NH||Example^Kit||20210115|1"
    visit = "PV1|1|E|ED|||||||180|||||||||V1001^^^VISITID" + "|" * 25 + "202611090945"
    async with listening(world) as place:
        arrived = message(
            msh("ADT^A04", "M1", sent=minute(world)), evn(minute(world)), child, visit
        )
        await says(place, world, "M1", arrived)
        world.pass_time(hours=1)

    (item,) = said(world)[0].items
    assert item.concern.rule == "R7"
    assert said(world)[0].owner == "allocated_social_worker"
