"""Round after round: what is written is acknowledged, what is not stays, and silence is told."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from structlog.testing import capture_logs

from kinbridge.intake.mesh.box import TryLater
from kinbridge.intake.mesh.decide import Head, Unfetched
from kinbridge.intake.mesh.polling import Poller
from kinbridge.intake.mesh.unpack import Chunk
from tests.services.intake.door import NOW, InMemory
from tests.services.intake.mesh.mailbox import (
    BIRTHS,
    MAILBOX,
    Clock,
    InMemoryBox,
    a_birth,
    a_mailbox,
    a_poller,
)

AWAY = TryLater("unreachable")


def with_births(count: int) -> InMemoryBox:
    box = InMemoryBox()
    for number in range(count):
        box.put(a_birth(number), own=f"M{number}")
    return box


def shown(poller: Poller, name: str, **labels: str) -> float | None:
    return poller.meters.registry.get_sample_value(name, {"source": "example-trust", **labels})


def codes(logs: list[Any]) -> list[str]:
    return [line["event"] for line in logs]


async def test_what_is_written_is_acknowledged() -> None:
    box, durable = with_births(3), InMemory()

    ended = await a_poller(box, durable).round()

    assert ended is None
    assert [record.value for record in durable.records] == [a_birth(n) for n in range(3)]
    assert box.parcels == {}


async def test_what_kafka_does_not_have_is_not_acknowledged_and_comes_the_next_time() -> None:
    box, durable = with_births(5), InMemory(refuses="msg-timed-out", refuse_after=2)
    poller = a_poller(box, durable)

    pause = await poller.turn()
    left = list(box.parcels)
    durable.refuses = ""
    healed = await poller.turn()

    assert left == ["M2", "M3", "M4"]
    assert pause == timedelta(seconds=5)
    assert healed == MAILBOX.poll_every
    assert [record.value for record in durable.records] == [a_birth(n) for n in range(5)]
    assert shown(poller, "kinbridge_mesh_failures_total", reason="kafka-msg-timed-out") == 1


async def test_a_bad_message_between_good_ones_is_parked_and_the_rest_goes_on() -> None:
    box, durable = with_births(2), InMemory()
    box.put(b"<not FHIR", own="M9")
    box.put(a_birth(7), own="MA")

    await a_poller(box, durable).round()

    assert [r.topic for r in durable.records] == [
        "received.nhs",
        "received.nhs",
        "dead-letters",
        "received.nhs",
    ]
    assert box.parcels == {}


async def test_a_message_that_stays_in_the_mailbox_is_not_fetched_again() -> None:
    box, durable = with_births(1), InMemory()
    box.put(bytes(5_000), own="LARGE")
    poller = a_poller(box, durable, a_mailbox(max_bytes=1_000))
    box.parcels.pop("M0")

    await poller.round()
    await poller.round()

    assert box.fetched == ["LARGE"]
    assert list(box.parcels) == ["LARGE"]
    assert [record.topic for record in durable.records] == ["dead-letters"]
    assert shown(poller, "kinbridge_mesh_left") == 1


async def test_what_kafka_finds_too_large_is_parked_without_its_content() -> None:
    box, durable = with_births(1), TooLargeForKafka()

    ended = await a_poller(box, durable).round()

    assert ended is None
    assert [record.topic for record in durable.records] == ["dead-letters"]
    assert list(box.parcels) == ["M0"]


class TooLargeForKafka(InMemory):
    """Refuses what is larger than a small dead letter, as a topic with its own limit does."""

    async def send(self, topic: str, key: str, value: bytes, headers: Any) -> None:
        self.refuses = "msg-size-too-large" if topic == "received.nhs" else ""
        await super().send(topic, key, value, headers)


async def test_messages_that_fail_by_themselves_never_stand_before_the_others() -> None:
    box, durable = with_births(6), InMemory()
    failed = TryLater("server-error", alone=True)
    box.broken = {f"M{number}": failed for number in range(3)}
    poller = a_poller(box, durable)

    first = await poller.round()
    second = await poller.round()

    assert (first, second) == (failed, failed)
    assert sorted(box.parcels) == ["M0", "M1", "M2"]
    assert len(durable.records) == 3


async def test_what_is_gone_is_parked_and_not_asked_for_again() -> None:
    box, durable = with_births(2), InMemory()
    box.broken = {"M0": Unfetched(Head("M0"), "message-gone")}

    await a_poller(box, durable).round()

    assert [record.topic for record in durable.records] == ["dead-letters", "received.nhs"]
    assert box.parcels == {}


async def test_a_wrong_password_is_told_plainly_and_not_tried_again_soon() -> None:
    box = InMemoryBox(away=TryLater("access-refused"))
    poller = a_poller(box, InMemory())

    with capture_logs() as logs:
        pause = await poller.turn()

    assert pause == MAILBOX.poll_every
    assert codes(logs) == ["mesh.round-failed"]
    assert "password" in logs[0]["advice"]
    assert poller.failing == "access-refused"
    assert shown(poller, "kinbridge_source_failing") == 1


async def test_a_mailbox_that_is_back_says_so() -> None:
    box = with_births(1)
    poller = a_poller(box, InMemory())
    box.away = AWAY
    pauses = [(await poller.turn()).total_seconds() for _ in range(3)]
    box.away = None

    with capture_logs() as logs:
        await poller.turn()

    assert pauses == [5, 10, 20]
    assert codes(logs) == ["mesh.fetched", "mesh.works-again"]
    assert (poller.failing, shown(poller, "kinbridge_source_failing")) == ("", 0)
    assert shown(poller, "kinbridge_source_last_polled_seconds") == NOW.timestamp()


async def test_silence_beyond_what_is_expected_is_told_once_and_so_is_its_end() -> None:
    clock, box = Clock(), with_births(1)
    mailbox = a_mailbox(expect_within=timedelta(minutes=30))
    poller = a_poller(box, InMemory(), mailbox, clock)
    with capture_logs() as logs:
        await poller.turn()
        for _ in range(8):
            clock.move(timedelta(minutes=5))
            await poller.turn()
        silent = shown(poller, "kinbridge_source_silent")
        box.put(a_birth(2), own="M2")
        await poller.turn()

    told = [line for line in logs if line["event"].startswith("source.")]
    assert codes(told) == ["source.silent", "source.heard-again"]
    assert (told[0]["quiet_seconds"], told[0]["expected_seconds"]) == (2_100, 1_800)
    assert (silent, shown(poller, "kinbridge_source_silent")) == (1, 0)
    assert shown(poller, "kinbridge_source_last_received_seconds") == clock.now.timestamp()


async def test_a_workflow_that_ends_is_told_though_another_one_comes() -> None:
    clock, box = Clock(), with_births(1)
    hour = timedelta(hours=1)
    mailbox = a_mailbox(expect_within=hour, expect_workflows={BIRTHS: hour})
    poller = a_poller(box, InMemory(), mailbox, clock)
    with capture_logs() as logs:
        for number in range(6):
            box.put(b'{"id": "%d"}' % number, own=f"S{number}", workflow="EXAMPLE_MNS")
            await poller.turn()
            clock.move(timedelta(minutes=15))
        silent = shown(poller, "kinbridge_mesh_workflow_silent", workflow=BIRTHS)
        box.put(a_birth(2), own="M2", workflow=BIRTHS.lower())
        await poller.turn()

    told = [line for line in logs if line["event"].startswith("source.")]
    assert codes(told) == ["source.silent", "source.heard-again"]
    assert [line["workflow"] for line in told] == [BIRTHS, BIRTHS]
    assert (silent, shown(poller, "kinbridge_source_silent")) == (1, 0)
    assert shown(poller, "kinbridge_mesh_workflow_silent", workflow=BIRTHS) == 0


async def test_a_mailbox_that_cannot_be_asked_falls_silent_too() -> None:
    clock, box = Clock(), InMemoryBox(away=AWAY)
    poller = a_poller(box, InMemory(), a_mailbox(expect_within=timedelta(minutes=15)), clock)
    clock.move(timedelta(minutes=16))

    with capture_logs() as logs:
        await poller.turn()

    assert codes(logs) == ["mesh.round-failed", "source.silent"]


async def test_an_error_report_is_counted_by_its_status_and_is_no_sign_of_life() -> None:
    box, durable = with_births(1), InMemory()
    parcel = box.parcels.pop("M0")
    for own, status in (("R1", "14"), ("R2", "x y"), ("R3", "")):
        head = Head(own, kind="REPORT", status=status)
        box.parcels[own] = type(parcel)(head, (Chunk(b"", gzip=False),))
    poller = a_poller(box, durable)

    await poller.turn()

    assert shown(poller, "kinbridge_mesh_reports_total", status="14") == 1
    assert shown(poller, "kinbridge_mesh_reports_total", status="other") == 2
    assert shown(poller, "kinbridge_source_last_received_seconds") == 0


async def test_messages_that_mesh_is_about_to_return_are_told() -> None:
    box = InMemoryBox(broken={})
    box.put(a_birth(), own="20260226090000000000_AAAAAA")
    poller = a_poller(box, InMemory(refuses="msg-timed-out"))

    with capture_logs() as logs:
        await poller.turn()

    assert codes(logs) == ["mesh.messages-near-return", "mesh.round-failed"]
    assert logs[0]["oldest_seconds"] > 4 * 86_400


async def test_it_stops_after_the_message_in_hand() -> None:
    box = with_births(3)
    durable = StopsAfterOne()
    poller = a_poller(box, durable)
    durable.stopping = poller.stopping

    await poller.run()

    assert len(durable.records) == 1
    assert list(box.parcels) == ["M1", "M2"]
    assert box.closed


class StopsAfterOne(InMemory):
    """Somebody asks for the end while the first record is being written."""

    stopping: asyncio.Event

    async def send(self, topic: str, key: str, value: bytes, headers: Any) -> None:
        self.stopping.set()
        await super().send(topic, key, value, headers)


async def test_a_producer_that_is_lost_ends_the_process_for_a_new_start() -> None:
    box, durable = with_births(1), InMemory(refuses="fatal")
    poller = a_poller(box, durable)

    await asyncio.wait_for(poller.run(), timeout=10)

    assert poller.stopping.is_set()
    assert list(box.parcels) == ["M0"]


async def test_no_identifier_stands_in_what_is_logged() -> None:
    box = InMemoryBox()
    box.put(a_birth() + b"<broken", own="20260302100000000000_1B8F53")

    with capture_logs() as logs:
        await a_poller(box, InMemory()).turn()

    parked, fetched = logs
    assert codes(logs) == ["mesh.message-parked", "mesh.fetched"]
    assert set(parked) == {"event", "log_level", "source", "reason", "id", "left_in_mailbox"}
    assert parked["id"].startswith("dead-")
    assert fetched["messages"] == 1
