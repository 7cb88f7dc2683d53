"""From a trust's FHIR server to the health lead, though its notifications are lost or repeated."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from kinbridge_schemas.alerts import AlertRevision, Reason
from tests.adapters.fhir.messages import patient
from tests.journey.people import Family, from_cases
from tests.journey.world import MemoryWorld
from tests.services.intake.subscriptions.world import World, a_world, missed

# A Monday in November, within duty hours: London is on UTC.
MONDAY = datetime(2026, 11, 9, 10, 0, tzinfo=UTC)
EARLY = Family("early", edd="2027-01-25")


class Trust:
    """A trust's server and what is received of it, put into a line that runs in memory."""

    def __init__(self, trust: World, line: MemoryWorld) -> None:
        self.trust = trust
        self.line = line
        self._carried = 0

    async def works(self, **span: float) -> None:
        """Let time go on for both, and let the line have what came."""
        self.line.pass_time(**span)
        self.trust.clock.now = self.line.now()
        await self.trust.client.turn()
        new = self.trust.durable.records[self._carried :]
        self._carried += len(new)
        for record in new:
            headers = tuple((name, text.encode()) for name, text in record.headers.items())
            self.line.line.send_bytes(record.topic, record.key.encode(), record.value, headers)
        self.line.line.run()
        assert self.line.unread() == []

    def says(self) -> list[Reason]:
        """Give the reasons of all that the health lead was told."""
        return [alert.reason for alert in self.line.alerts() if _is_macpt(alert)]


def _is_macpt(alert: AlertRevision) -> bool:
    return alert.arm == "macpt"


async def test_a_missed_appointment_is_told_though_its_notification_was_lost() -> None:
    line = MemoryWorld(MONDAY - timedelta(days=30))
    line.send(from_cases(*EARLY.on_a_plan(line.now())))
    line.until(MONDAY)
    async with a_world(at=line.now()) as world:
        provider, trust = world.provider, Trust(world, line)
        provider.put(patient("mother", EARLY.numbers["mother"], "2004-03-11"))
        await trust.works()
        await provider.shake_hands()
        await trust.works(minutes=30)

        lost = provider.event(provider.put(missed("a1", start=MONDAY.isoformat())))
        await provider.happen({**missed("a2"), "status": "booked", "participant": []})
        await trust.works(seconds=1)
        before = trust.trust.said("subscription.gap")
        await trust.works(minutes=1)
        await trust.works(hours=5)
        told = trust.says()

        for _ in range(3):
            await provider.send(lost)
            await trust.works(minutes=20)
        repeated = trust.says()
        came = missed("a1", start=MONDAY.isoformat())
        await provider.happen({**came, "status": "fulfilled"})
        await trust.works(seconds=1)
        await trust.works(hours=1)

    assert (before, told, repeated) == (1, [Reason.FIRST], [Reason.FIRST])
    assert trust.says() == [Reason.FIRST, Reason.CORRECTION]
