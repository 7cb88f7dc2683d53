"""Subscriptions against a server that really notifies: made once, kept active, and understood."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final, get_args

import pytest

from kinbridge.sources.subscriptions import FhirVersion, Payload
from tests.services.intake.subscriptions.world import a_world, missed, three_missed

VERSIONS: Final = get_args(FhirVersion)
PAYLOADS: Final = get_args(Payload)


@pytest.fixture(scope="module")
def expected() -> set[str]:
    """What the three appointments are, whichever way they came: filled by the first."""
    return set()


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("version", VERSIONS)
async def test_every_version_and_payload_gives_the_same_facts(
    version: str, payload: str, expected: set[str]
) -> None:
    async with a_world(version=version, payload=payload) as world:
        await world.subscribe()
        asked = len(world.provider.asked)

        await three_missed(world)

        expected.update(expected or world.events())
        assert world.events() == expected
        assert world.told() == ["assert"] * 3
        assert set(world.provider.answers) == {200}
        assert (world.own.watch.handled, world.own.watch.settled) == (3, True)
        by_reference = [
            a for a in world.provider.asked[asked:] if a.startswith("GET Appointment/")
        ]
        assert len(by_reference) == (3 if payload == "id-only" else 0)


async def test_a_full_payload_without_its_patient_is_asked_for_again_with_it() -> None:
    async with a_world(payload="full-resource") as world:
        await world.subscribe()
        world.provider.with_patient = False

        await world.provider.happen(missed("a1"))
        await world.turn(seconds=1)

        assert world.told() == ["assert"]
        assert world.asked("GET Appointment/a1") == ["GET Appointment/a1"]


async def test_a_subscription_is_made_once_and_found_again() -> None:
    async with a_world() as world:
        await world.subscribe()
        await world.restart()
        await world.turn()

        assert len(world.asked("POST Subscription")) == 1
        assert world.asked("PUT Subscription") == []
        assert list(world.provider.subscriptions) == [world.own.watch.own]


@pytest.mark.parametrize(
    "lost", [{"breaks_after": "POST Subscription"}, {"restates": False}], ids=["answer", "body"]
)
async def test_where_the_answer_to_making_it_is_lost_it_is_looked_for(
    lost: dict[str, Any],
) -> None:
    async with a_world() as world:
        for name, value in lost.items():
            setattr(world.provider, name, value)
        await world.turn()
        await world.turn(seconds=10)
        await world.provider.shake_hands()
        await world.turn(seconds=30)

        assert world.own.watch.status == "active"
        assert len(world.provider.subscriptions) == 1


async def test_what_is_changed_in_the_file_is_asked_for_anew_once() -> None:
    async with a_world(payload="empty") as world:
        await world.subscribe()
        await world.restart(payload="full-resource", filters=("Appointment?service-type=560",))

        await world.subscribe()
        await world.turn(minutes=10)

        assert world.provider.only.payload == "full-resource"
        assert len(world.asked("PUT Subscription")) == 1


async def test_it_is_renewed_when_a_third_of_its_time_is_left() -> None:
    async with a_world(heartbeat=0) as world:
        await world.subscribe()
        first = world.provider.only.resource["end"]
        await world.turn(days=19)
        before = len(world.asked("PUT Subscription"))

        await world.turn(days=2)
        await world.provider.shake_hands()
        await world.turn(seconds=6)

        assert (before, len(world.asked("PUT Subscription"))) == (0, 1)
        assert world.provider.only.resource["end"] > first
        assert world.own.watch.status == "active"


async def test_after_an_error_it_is_activated_again_and_what_was_missed_is_asked_for() -> None:
    async with a_world() as world:
        await world.subscribe()
        world.durable.refuses = "msg-timed-out"
        answer = await world.provider.happen(missed("a1"))
        world.durable.refuses = ""

        await world.turn(minutes=5)
        stopped = (world.said("subscription.stopped"), world.told())
        await world.provider.shake_hands()
        await world.turn(seconds=6)

        assert (answer, stopped) == (503, (1, ["assert"]))
        assert world.own.watch.status == "active"
        assert len(world.asked("PUT Subscription")) == 1
        assert world.gauge("kinbridge_subscription_active") == 1


async def test_a_server_that_cannot_reach_us_is_asked_ever_more_slowly() -> None:
    async with a_world() as world:
        await world.subscribe()
        times = []
        world.clock.on(minutes=5)
        for _ in range(90):
            world.provider.only.resource["status"] = "error"
            before = len(world.asked("PUT Subscription"))
            await world.turn(seconds=1)
            if len(world.asked("PUT Subscription")) > before:
                times.append(world.clock.now)

        waits = [int((b - a).total_seconds()) for a, b in pairwise(times)]
        assert waits[:4] == [5, 10, 20, 40]


async def test_one_that_was_deleted_on_the_server_is_made_again() -> None:
    async with a_world() as world:
        await world.subscribe()
        await world.provider.happen(missed("a1"))
        await world.turn()
        world.provider.subscriptions.clear()
        world.provider.put(missed("a2"))

        await world.turn(minutes=5)
        await world.provider.shake_hands()
        await world.turn(seconds=6)
        await world.provider.happen(missed("a3"))
        await world.turn(seconds=1)

        assert (world.said("subscription.gone"), world.said("subscription.created")) == (1, 2)
        assert world.told() == ["assert"] * 3
        assert world.own.watch.handled == 1


async def test_without_the_operation_status_the_subscription_itself_is_looked_at() -> None:
    async with a_world() as world:
        world.provider.lacks["$status"] = 501
        await world.turn()
        await world.provider.shake_hands()
        await world.turn(seconds=6)
        await world.turn(minutes=8)
        active = world.own.watch.status
        world.provider.only.resource["status"] = "off"
        await world.turn(minutes=8)

        assert (active, world.said("subscription.no-status-operation")) == ("active", 1)
        assert world.said("subscription.stopped") == 1
        assert len(world.asked("PUT Subscription")) == 1


async def test_what_was_deleted_is_taken_back() -> None:
    async with a_world() as world:
        await world.subscribe()
        await world.provider.happen(missed("a1"))
        await world.turn(seconds=1)
        place = world.provider.delete("Appointment/a1")

        await world.provider.send(world.provider.event(place))
        await world.turn(seconds=1)

        assert world.told() == ["assert", "retract"]
        assert len(world.asked("GET Appointment/a1/_history")) == 1
