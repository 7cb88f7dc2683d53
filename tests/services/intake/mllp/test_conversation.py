"""What a sender is answered, over real sockets: when it is safe, and what becomes of the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from kinbridge.intake.mllp.frames import framed
from tests.adapters.hl7v2.messages import ADA, ROSA, arrival, message, missed, msh
from tests.services.intake.door import InMemory
from tests.services.intake.mllp.talk import NOW, a_feed, a_place

MESSAGES: Final = "kinbridge_mllp_messages_total"
CLOSED: Final = "kinbridge_mllp_connections_closed_total"
SOON: Final = timedelta(milliseconds=50)


class Held(InMemory):
    """Has nothing acknowledged until it is let go, as a slow Kafka."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.go = asyncio.Event(), asyncio.Event()

    async def send(
        self, topic: str, key: str, value: bytes, headers: Sequence[tuple[str, bytes]]
    ) -> None:
        self.asked.set()
        await self.go.wait()
        await super().send(topic, key, value, headers)


async def test_a_message_is_acknowledged_once_it_is_durable_and_not_before() -> None:
    held = Held()
    async with a_place(held) as place, place.connected() as sender:
        await sender.send(arrival("M1"))
        await held.asked.wait()
        before = len(held.records), place.counted(MESSAGES, outcome="stored")
        held.go.set()
        answer = await sender.answer()

        assert not any(before)
        assert answer == ("AA", "M1")
        assert [record.value for record in held.records] == [arrival("M1")]


async def test_while_kafka_is_away_the_sender_keeps_the_message_and_sends_it_again() -> None:
    durable = InMemory(refuses="msg-timed-out")
    async with a_place(durable) as place, place.connected() as sender:
        await sender.send(arrival("M1"), arrival("M2"))
        away = [await sender.answer(), await sender.answer()]
        durable.refuses = ""
        await sender.send(arrival("M1"), arrival("M2"))
        back = [await sender.answer(), await sender.answer()]

    assert away == [("AE", "M1"), ("AE", "M2")]
    assert back == [("AA", "M1"), ("AA", "M2")]
    assert len(durable.records) == 2
    assert place.counted(MESSAGES, outcome="not-stored") == 2
    # What has no hope to write again ends the process, and its supervisor starts it anew.
    assert place.listener.desk.lost.is_set()


async def test_a_message_sent_twice_is_one_record_written_twice() -> None:
    durable = InMemory()
    async with a_place(durable) as place:
        for _ in range(2):
            async with place.connected() as sender:
                await sender.send(arrival("M1"))
                assert await sender.answer() == ("AA", "M1")

    first, again = durable.records
    assert first == again


_TWO: Final = framed(arrival("M1")) + framed(missed("S1"))


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([_TWO], id="two in one packet"),
        pytest.param([_TWO[n : n + 1] for n in range(len(_TWO))], id="a byte at a time"),
        pytest.param([_TWO[:400], _TWO[400:]], id="one and a half, and the rest"),
        pytest.param([b"QUIT\r\n", _TWO], id="garbage before"),
        pytest.param([b"\r\n", _TWO[:-1], b"\r\n"], id="line ends between"),
        pytest.param([b"\x0b" + arrival("M0")[:90], _TWO], id="one begun and given up"),
    ],
)
async def test_every_whole_message_is_answered_in_its_order(pieces: list[bytes]) -> None:
    durable = InMemory()
    async with a_place(durable) as place, place.connected() as sender:
        for piece in pieces:
            await sender.raw(piece)
        answers = [await sender.answer(), await sender.answer()]

    assert answers == [("AA", "M1"), ("AA", "S1")]
    assert [record.value for record in durable.records] == [arrival("M1"), missed("S1")]


async def test_what_is_refused_stands_in_the_way_of_nothing() -> None:
    durable = InMemory()
    large = message(msh(control="BIG"), "NTE|1||" + "x" * 5_000)
    async with a_place(durable, a_feed(max_bytes=2_000)) as place:
        async with place.connected() as sender:
            await sender.send(
                b"BHS|^~\\&|PAS\r" + arrival("B1"),
                large,
                b"",
                message(msh("ORU^R01", "R1")),
                arrival("M1", sender="LAB|RJ1"),
                arrival("M2"),
            )
            answers = [await sender.answer() for _ in range(6)]
        refused = {
            reason: place.counted("kinbridge_mllp_refused_total", reason=reason)
            for reason in ("batch-not-accepted", "message-too-large", "sender-not-known")
        }

    assert answers == [
        *[("AR", ""), ("AR", "BIG"), ("AR", ""), ("AR", "R1"), ("AR", "M1")],
        ("AA", "M2"),
    ]
    assert len(durable.records) == 1
    assert set(refused.values()) == {1}


async def test_enhanced_mode_is_answered_as_it_asks() -> None:
    more = "|||{}|{}"
    async with a_place(InMemory()) as place, place.connected() as sender:
        await sender.send(
            arrival("C1", more=more.format("AL", "NE")),
            arrival("C2", more=more.format("NE", "NE")),
            arrival("C3", more=more.format("ER", "NE")),
            message(msh("ORU^R01", "C4", more=more.format("ER", "NE"))),
            arrival("C5"),
        )
        answers = [await sender.answer() for _ in range(3)]

    assert answers == [("CA", "C1"), ("CR", "C4"), ("AA", "C5")]


@pytest.mark.parametrize(
    ("changes", "said", "reason"),
    [
        pytest.param({"idle_after": SOON}, b"", "idle", id="nothing said"),
        pytest.param({"message_within": SOON}, b"\x0bMSH|", "message-too-slow", id="half said"),
        pytest.param({}, b"x" * 70_000, "not-mllp", id="something else said"),
        pytest.param({"networks": ["10.0.0.0/8"]}, b"", "network-not-allowed", id="outside"),
    ],
)
async def test_a_connection_that_is_none_is_ended_and_counted_by_its_reason(
    changes: dict[str, Any], said: bytes, reason: str
) -> None:
    durable = InMemory()
    async with a_place(durable, a_feed(**changes)) as place:
        async with place.connected() as sender:
            await sender.raw(said)
            ended = await sender.ended()
        await place.quiet()

        assert ended
        assert place.counted(CLOSED, reason=reason) == 1
    assert durable.records == []


async def test_a_long_stream_of_messages_is_not_taken_for_one_slow_message() -> None:
    """Each packet ends one message and begins the next, for longer than one may take."""
    within = 0.15
    feed = a_feed(message_within=timedelta(seconds=within))
    loop = asyncio.get_running_loop()
    async with a_place(InMemory(), feed) as place, place.connected() as sender:
        whole, end, count = framed(arrival("M1")), loop.time() + 3 * within, 0
        await sender.raw(whole[:200])
        while loop.time() < end:
            await sender.raw(whole[200:] + whole[:200])
            assert await sender.answer() == ("AA", "M1")
            count += 1

    assert count > 1


async def test_there_are_no_more_connections_than_the_feed_allows() -> None:
    async with a_place(InMemory(), a_feed(max_connections=1)) as place:
        async with place.connected() as first:
            await first.send(arrival("M1"))
            answers = [await first.answer()]
            async with place.connected() as second:
                ended = await second.ended()
        await place.quiet()
        async with place.connected() as third:
            await third.send(arrival("M2"))
            answers.append(await third.answer())

    assert (ended, answers) == (True, [("AA", "M1"), ("AA", "M2")])
    assert place.counted(CLOSED, reason="too-many-connections") == 1


async def test_what_was_taken_is_answered_before_the_end() -> None:
    held = Held()
    async with a_place(held) as place, place.connected() as sender:
        await sender.send(arrival("M1"))
        await held.asked.wait()
        stopping = asyncio.create_task(place.listener.stop(10))
        answer = asyncio.create_task(sender.answer())
        held.go.set()

        assert await answer == ("AA", "M1")
        assert await sender.ended()
        await stopping


async def test_a_silent_feed_is_told_and_what_is_refused_does_not_make_it_heard() -> None:
    times = [NOW]
    async with a_place(InMemory(), clock=lambda: times[-1]) as place, place.connected() as sender:
        with capture_logs() as logs:
            times.append(NOW + timedelta(hours=2))
            place.listener.hearing.look(times[-1])
            place.listener.hearing.look(times[-1])
            await sender.send(arrival("M1", sender="LAB|RJ1"))
            await sender.answer()
            silent = place.counted("kinbridge_source_silent")
            await sender.send(arrival("M2"))
            await sender.answer()
            heard = place.counted("kinbridge_source_silent")

    assert (silent, heard) == (1, 0)
    told = [line["event"] for line in logs if line["event"].startswith("source.")]
    assert told == ["source.silent", "source.heard-again"]


async def test_no_log_and_no_metric_holds_anything_of_a_message() -> None:
    durable = InMemory()
    with capture_logs() as logs:
        async with a_place(durable) as place, place.connected() as sender:
            await sender.send(arrival(ADA), missed(ROSA), arrival(ADA, sender=f"{ROSA}|RJ1"))
            await sender.send(message(msh(f"ADT^{ADA}", ROSA)))
            for _ in range(4):
                await sender.acknowledgement()
            durable.refuses = "msg-timed-out"
            await sender.send(arrival(ADA))
            await sender.acknowledgement()
            samples = [
                sample for metric in place.meters.registry.collect() for sample in metric.samples
            ]

    told = f"{logs}{samples}"
    assert "mllp.stored" in told
    assert "mllp.refused" in told
    assert "mllp.not-stored" in told
    assert not [word for word in (ADA, ROSA, "Okoro", "Rosa", "V1001") if word in told]


_PIECES: Final = st.one_of(
    st.binary(max_size=80),
    st.sampled_from(
        [b"\x0b", b"\x1c\x0d", b"\x1c", framed(arrival("M1")), framed(b"MSH|^~\\&|PAS|RJ1"), b"\r"]
    ),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(pieces=st.lists(_PIECES, max_size=8))
async def test_any_bytes_are_answered_or_the_connection_ends_and_the_next_sender_is_served(
    pieces: list[bytes],
) -> None:
    async with a_place(InMemory()) as place:
        async with place.connected() as sender:
            for piece in pieces:
                await sender.raw(piece)
            sender.writer.write_eof()
            said = await sender.reader.read()
        async with place.connected() as sender:
            await sender.send(arrival("M2"))
            assert await sender.answer() == ("AA", "M2")

    answers = said.split(b"\x1c\x0d")
    assert answers.pop() == b""
    assert all(answer.startswith(b"\x0bMSH|") for answer in answers)
    assert all(b"\rMSA|A" in answer for answer in answers)


async def test_a_sender_that_wants_no_answers_learns_by_the_end_of_the_connection() -> None:
    durable = InMemory(refuses="msg-timed-out")
    async with a_place(durable) as place:
        async with place.connected() as sender:
            await sender.send(arrival("M1", more="|||NE|NE"), arrival("M2"))
            answer = await sender.answer()
            ended = await sender.ended()
        await place.quiet()

    assert (answer, ended) == (("AE", "M2"), True)
    assert place.counted(CLOSED, reason="not-stored") == 1
