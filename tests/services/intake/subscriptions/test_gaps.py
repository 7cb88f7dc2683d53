"""What a server loses, repeats, mixes up or never sends: all of it comes, and once."""

from __future__ import annotations

import random

import pytest
from structlog.testing import capture_logs

from tests.services.intake.subscriptions.provider import Sending
from tests.services.intake.subscriptions.world import World, a_world, missed, three_missed


async def lose_two(world: World) -> None:
    """Lose two of three notifications: the third shows that they are missing."""
    await world.subscribe()
    for own in ("a1", "a2"):
        world.provider.event(world.provider.put(missed(own)))
    await world.provider.happen(missed("a3"))
    await world.turn(seconds=1)


async def test_a_gap_is_waited_for_a_little_and_then_closed_by_its_events() -> None:
    async with a_world() as world:
        await lose_two(world)
        seen = (world.own.watch.missing, len(world.asked("$events")))
        await world.turn(seconds=31)

        assert seen == (2, 0)
        assert world.said("subscription.gap") == 1
        assert world.asked("$events") == [
            "GET Subscription/s1/$events?eventsSinceNumber=1&eventsUntilNumber=3"
        ]
        assert world.told() == ["assert"] * 3
        assert (world.own.watch.missing, world.said("subscription.gap-closed")) == (0, 1)
        assert world.gauge("kinbridge_subscription_missing") == 0


@pytest.mark.parametrize("status", [400, 404, 405, 501])
async def test_where_a_server_has_no_events_to_give_a_gap_is_closed_by_what_changed(
    status: int,
) -> None:
    async with a_world() as world:
        world.provider.lacks["$events"] = status
        with capture_logs() as logs:
            await lose_two(world)
            await world.turn(seconds=31)

        (closed,) = (each for each in logs if each["event"] == "subscription.gap-closed")
        assert (closed["how"], closed["missing"]) == ("asked-again", 2)
        assert world.said("subscription.no-events-operation") == 1
        assert world.told() == ["assert"] * 3


async def test_what_the_events_lack_is_closed_by_what_changed() -> None:
    async with a_world() as world:
        await lose_two(world)
        world.provider.only.happened[0:1] = []
        with capture_logs() as logs:
            await world.turn(seconds=31)

        (closed,) = (each for each in logs if each["event"] == "subscription.gap-closed")
        assert closed["how"] == "asked-again"
        assert world.told() == ["assert"] * 3


async def test_a_notification_that_was_only_late_closes_its_gap_by_itself() -> None:
    async with a_world() as world:
        await world.subscribe()
        late = world.provider.event(world.provider.put(missed("a1")))
        await world.provider.happen(missed("a2"))
        await world.turn(seconds=1)
        await world.provider.send(late)
        with capture_logs() as logs:
            await world.turn(seconds=1)

        (closed,) = (each for each in logs if each["event"] == "subscription.gap-closed")
        assert (closed["how"], world.asked("$events")) == ("late", [])
        assert world.told() == ["assert"] * 2


async def test_a_lost_notification_with_none_after_it_is_seen_in_the_count() -> None:
    async with a_world() as world:
        await world.subscribe()
        world.provider.event(world.provider.put(missed("a1")))

        await world.turn(minutes=5)
        await world.turn(seconds=31)

        assert world.said("subscription.gap-closed") == 1
        assert world.told() == ["assert"]


async def test_repeats_and_any_order_change_nothing() -> None:
    def notices(world: World) -> list[Sending]:
        places = [world.provider.put(missed(f"a{number}")) for number in range(8)]
        return [world.provider.event(place) for place in places]

    found: list[set[str]] = []
    asked: list[int] = []
    for shuffled in (False, True):
        async with a_world(payload="full-resource") as world:
            await world.subscribe()
            sendings = notices(world)
            if shuffled:
                sendings = [*sendings, *sendings[2:6]]
                random.Random(7).shuffle(sendings)
            for sending in sendings:
                await world.provider.send(sending)
                await world.turn()
            await world.turn(seconds=5)

            found.append(world.events())
            asked.append(len(world.asked("Appointment/")))
            assert (world.own.watch.handled, world.own.watch.missing) == (8, 0)
            assert world.own.watch.gap_since is None

    assert found[0] == found[1]
    assert (len(found[0]), asked) == (8, [0, 0])


async def test_silence_is_told_once_asks_for_all_and_ends_with_the_next_heartbeat() -> None:
    async with a_world() as world:
        await world.subscribe()
        world.provider.put(missed("a1"))

        await world.turn(minutes=16)
        await world.turn(minutes=1)
        silent = (world.said("subscription.silent"), world.gauge("kinbridge_source_silent"))
        failing = world.client.failing
        await world.provider.beat()
        await world.turn(seconds=1)

        assert (silent, failing) == ((1, 1), ["appointments:silent"])
        assert world.told() == ["assert"]
        assert world.said("subscription.heard-again") == 1
        assert (world.gauge("kinbridge_source_silent"), world.client.failing) == (0, [])


async def test_heartbeats_keep_it_from_being_silent() -> None:
    async with a_world() as world:
        await world.subscribe()
        for _ in range(6):
            world.clock.on(minutes=5)
            await world.provider.beat()
            await world.turn()

        assert world.said("subscription.silent") == 0
        assert world.own.watch.handled == 0


async def test_a_server_that_begins_to_count_anew_loses_nothing() -> None:
    async with a_world() as world:
        await world.subscribe()
        await three_missed(world)
        world.provider.only.happened.clear()

        await world.provider.happen(missed("a4"))
        await world.turn(seconds=1)
        await world.provider.happen(missed("a5"))
        await world.turn(seconds=1)

        assert world.said("subscription.restarted") == 1
        assert world.told() == ["assert"] * 5
        assert (world.own.watch.handled, world.own.watch.missing) == (2, 0)


async def test_reconciliation_brings_what_was_never_notified_and_repeats_change_nothing() -> None:
    async with a_world() as world:
        await world.subscribe()
        await three_missed(world)
        before = world.events()
        world.provider.put(missed("never-told"))
        for _ in range(4):
            await world.turn(minutes=15)

        assert len(world.events() - before) == 1
        assert before <= world.events()
        assert len(world.asked("GET Appointment?")) >= 5


async def test_more_than_may_be_read_at_once_is_asked_for_in_parts() -> None:
    async with a_world(pages=2, overlap=60) as world:
        world.provider.page = 3
        await world.subscribe()
        for number in range(16):
            world.clock.on(minutes=1)
            world.provider.put(missed(f"a{number}"))

        await world.turn(seconds=30)

        assert world.said("subscription.asked-in-parts") >= 1
        assert len(world.events()) == 16
        assert world.own.watch.settled
        assert world.own.watch.span is None
