"""Subscriptions against a server that really notifies: nothing lost, nothing told twice."""

from __future__ import annotations

import asyncio
import random
from itertools import pairwise
from typing import Any, Final, get_args

import pytest
from structlog.testing import capture_logs

from kinbridge.sources.subscriptions import FhirVersion, Payload
from tests.adapters.fhir.messages import patient
from tests.logs import kinds_in
from tests.services.intake.subscriptions.provider import TOKEN, Sending
from tests.services.intake.subscriptions.world import MOTHER, SECRET, World, a_world, missed

VERSIONS: Final = get_args(FhirVersion)
PAYLOADS: Final = get_args(Payload)


async def three_missed(world: World) -> None:
    """Let three appointments be missed, two told in one notification."""
    version = world.config.version
    await world.provider.happen(missed("a1", version))
    two = [world.provider.put(missed(own, version)) for own in ("a2", "a3")]
    await world.provider.send(world.provider.event(*two))
    await world.turn(seconds=1)


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
        await world.turn(seconds=10)

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
        places = [world.provider.put(missed(f"a{number}")) for number in range(12)]
        return [world.provider.event(place) for place in places]

    found: list[set[str]] = []
    asked: list[int] = []
    for shuffled in (False, True):
        async with a_world(payload="full-resource") as world:
            await world.subscribe()
            sendings = notices(world)
            if shuffled:
                sendings = [*sendings, *sendings[3:9]]
                random.Random(7).shuffle(sendings)
            for sending in sendings:
                await world.provider.send(sending)
                await world.turn()
            await world.turn(seconds=5)

            found.append(world.events())
            asked.append(len(world.asked("Appointment/")))
            assert (world.own.watch.handled, world.own.watch.missing) == (12, 0)
            assert world.own.watch.gap_since is None

    assert found[0] == found[1]
    assert (len(found[0]), asked) == (12, [0, 0])


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
        for _ in range(600):
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
    async with a_world(pages=2) as world:
        world.provider.page = 3
        await world.subscribe()
        for number in range(40):
            world.clock.on(seconds=30)
            world.provider.put(missed(f"a{number}"))

        await world.turn(seconds=30)

        assert world.said("subscription.asked-in-parts") >= 1
        assert len(world.events()) == 40
        assert world.own.watch.settled
        assert world.own.watch.span is None


async def test_after_a_restart_it_reads_on_and_asks_only_for_what_changed_meanwhile() -> None:
    async with a_world() as world:
        await world.subscribe()
        await three_missed(world)
        kept = (world.log.kept, len(world.durable.records))
        await world.close()
        await world.provider.happen(missed("a4"))
        world.clock.on(hours=3)
        searches = len(world.asked("GET Appointment?"))
        await world.restart()
        await world.turn()

        (search,) = world.asked("GET Appointment?")[searches:]
        assert kept[0] > 0
        assert world.told() == ["assert"] * 4
        assert "ge2026-03-02T10:10" in search.replace("%3A", ":")


async def test_what_could_not_be_fetched_is_fetched_after_a_restart() -> None:
    async with a_world() as world:
        await world.subscribe()
        kept = world.log.kept
        world.provider.lacks["Appointment"] = 503
        await world.provider.happen(missed("a1"))
        await world.turn(seconds=1)
        unsettled = (world.log.kept, world.client.failing)
        world.provider.lacks.clear()
        await world.restart()
        await world.turn()

        assert unsettled == (kept, ["appointments:status-503"])
        assert len(world.asked("GET Appointment/a1")) == 2
        assert world.told() == ["assert"]


async def test_what_kafka_does_not_take_is_asked_for_again() -> None:
    async with a_world() as world:
        await world.subscribe()
        await world.provider.happen(missed("a1"))
        world.durable.refuses, world.durable.refuse_after = "msg-timed-out", 0
        await world.turn(seconds=1)
        failing = world.client.failing
        world.durable.refuses = ""
        await world.turn(seconds=6)

        assert failing == ["appointments:not-durable-msg-timed-out"]
        assert world.told() == ["assert"]
        assert world.said("subscription.server-answers") == 1


async def test_one_resource_that_always_fails_holds_up_no_other() -> None:
    async with a_world() as world:
        await world.subscribe()
        world.provider.lacks["Appointment/a1"] = 500
        await world.provider.happen(missed("a1"))
        await world.provider.happen(missed("a2"))
        for _ in range(8):
            await world.turn(minutes=3)

        assert world.said("subscription.not-fetched") == 1
        assert world.told() == ["assert"] * 2
        assert world.own.watch.settled


@pytest.mark.parametrize(
    "reference", ["https://other.example.org/fhir/Appointment/a1", "Appointment/../../admin"]
)
async def test_nothing_but_this_servers_resources_is_asked_for(reference: str) -> None:
    async with a_world() as world:
        await world.subscribe()
        sending = world.provider.event(world.provider.put(missed("a1")))
        for part in sending.body["entry"][0]["resource"]["parameter"][-1]["part"]:
            if part["name"] == "focus":
                part["valueReference"]["reference"] = reference
        asked = len(world.provider.asked)
        await world.provider.send(sending)
        await world.turn(seconds=1)

        assert world.provider.asked[asked:] == []
        assert world.own.watch.settled


async def test_a_page_of_another_origin_is_not_followed() -> None:
    async with a_world() as world:
        await world.subscribe()
        world.provider.page = 1
        for own in ("a1", "a2"):
            world.provider.put(missed(own))
        world.provider.base = "http://127.0.0.1:9/fhir"

        await world.turn(minutes=15)

        assert world.client.failing == ["appointments:page-elsewhere"]


async def test_an_answer_beyond_its_limit_is_read_no_further() -> None:
    async with a_world(max_bytes=10_000) as world:
        await world.subscribe()
        world.provider.put(missed("a1", comment="x" * 20_000))

        await world.turn(minutes=15)

        assert world.client.failing == ["appointments:answer-too-large"]


async def test_a_slow_server_does_not_stop_the_log_from_being_read() -> None:
    async with a_world() as world:
        await world.subscribe()
        world.client.patience = 0.05
        world.provider.stuck = "Appointment"
        await world.provider.happen(missed("a1"))
        await world.turn(seconds=1)
        again = await world.provider.happen(missed("a1"))
        await world.turn(seconds=1)
        meanwhile = (world.own.watch.handled, world.own.watch.settled)
        world.provider.stuck = ""
        world.provider.go.set()
        await asyncio.wait_for(world.own.task or asyncio.sleep(0), 5)
        await world.turn()

        assert (again, meanwhile) == (200, (2, False))
        assert world.asked("GET Appointment/a1") == ["GET Appointment/a1"] * 2
        assert world.own.watch.settled


async def test_a_number_of_a_person_stands_in_no_address_no_log_and_no_key() -> None:
    async with a_world(version="5.0") as world:
        world.provider.put(patient(MOTHER, MOTHER, "1998-05-04"))
        with capture_logs() as logs:
            await world.subscribe()
            await world.provider.happen(missed("a1", participant=[_about(MOTHER)]))
            await world.turn(seconds=1)
            world.provider.fails = 500
            await world.turn(minutes=15)

        said = "\n".join(map(str, logs))
        keys = "\n".join(record.key for record in world.durable.records)
        assert world.told() == ["assert"]
        assert [a for a in world.provider.asked if MOTHER in a] == []
        assert world.asked("POST Patient/_search") != []
        assert kinds_in(said) | kinds_in(keys) | kinds_in(str(world.own)) == set()
        assert [word for word in (SECRET, TOKEN, "http", "Appointment/") if word in said] == []


def _about(own: str) -> dict[str, Any]:
    return {"actor": {"reference": f"Patient/{own}"}, "status": "accepted"}
