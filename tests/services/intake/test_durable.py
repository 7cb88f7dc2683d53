"""What a 202 promises, on a broker that speaks the real protocol."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from typing import Final

import httpx
import pytest
import uvicorn
from confluent_kafka import Consumer, TopicPartition

from kinbridge.intake.agent import NotDurableError, open_durable, wall_clock
from kinbridge.intake.app import create_app
from kinbridge.runtime.embedded import PARTITIONS, start_embedded_broker
from kinbridge.runtime.partitioner import partition_of
from tests.adapters.fhir.messages import as_xml, birth
from tests.services.intake.door import KEYS, NHS, PSEUDONYMS

TOPIC: Final = "received.nhs"


def _header(pair: object) -> tuple[str, str]:
    match pair:
        case (str() as name, bytes() as value):
            return name, value.decode()
        case _:
            raise AssertionError("A header is a name and bytes.")


@pytest.fixture
def bootstrap() -> Iterator[str]:
    broker = start_embedded_broker([TOPIC], production=False)
    yield broker.bootstrap
    # The broker lives as long as something holds it: until the test is over.
    assert broker.cluster


def everything(bootstrap: str) -> list[tuple[int, bytes, bytes, dict[str, str]]]:
    """Read the topic to its end: partition, key, value and headers of each record."""
    consumer = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": "test", "enable.partition.eof": True}
    )
    consumer.assign([TopicPartition(TOPIC, number, 0) for number in range(PARTITIONS)])
    found, ended = [], 0
    while ended < PARTITIONS:
        message = consumer.poll(10)
        assert message is not None
        if message.error() is not None:
            ended += 1
            continue
        headers = dict(_header(pair) for pair in message.headers() or [])
        key, value = message.key() or b"", message.value() or b""
        found.append((message.partition() or 0, key, value, headers))
    consumer.close()
    return found


async def test_a_record_is_there_once_send_has_returned(bootstrap: str) -> None:
    durable = open_durable({"bootstrap.servers": bootstrap}, within=10)

    await asyncio.gather(
        *(durable.send(TOPIC, f"sk-{n}", b"body", [("ce_id", b"x")]) for n in range(50))
    )

    found = everything(bootstrap)
    durable.close()
    assert len(found) == 50
    assert all(p == partition_of(key, PARTITIONS) for p, key, _, _ in found)
    assert found[0][3] == {"ce_id": "x"}


async def test_what_nobody_acknowledges_is_not_durable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"127.0.0.1:{taken.getsockname()[1]}"
        durable = open_durable({"bootstrap.servers": nobody}, within=1)

        with pytest.raises(NotDurableError) as raised:
            await durable.send(TOPIC, "sk-1", b"body", [])

        durable.close()

    assert raised.value.reason in {"msg-timed-out", "not-acknowledged"}


async def test_a_full_queue_is_said_and_not_waited_for(bootstrap: str) -> None:
    config = {"bootstrap.servers": bootstrap, "queue.buffering.max.messages": "1"}
    durable = open_durable(config, within=10)

    sent = await asyncio.gather(
        *(durable.send(TOPIC, "sk-1", b"body", []) for _ in range(20)), return_exceptions=True
    )

    durable.close()
    refused = [s.reason for s in sent if isinstance(s, NotDurableError)]
    assert set(refused) == {"queue-full"}
    assert len(everything(bootstrap)) == 20 - len(refused)


async def test_a_closed_producer_is_not_ready(bootstrap: str) -> None:
    durable = open_durable({"bootstrap.servers": bootstrap}, within=5)
    before = durable.ready

    durable.close()

    assert (before, durable.ready) == (True, False)


async def test_over_http_a_202_means_that_the_bytes_are_in_kafka(bootstrap: str) -> None:
    durable = open_durable({"bootstrap.servers": bootstrap}, within=10)
    app = create_app(keys=KEYS, durable=durable, pseudonymiser=PSEUDONYMS, clock=wall_clock)
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, access_log=False, log_config=None))
    serving = asyncio.create_task(server.serve(sockets=[listening]))

    headers = {"X-API-Key": NHS, "content-type": "application/fhir+xml"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        answer = await client.post(
            "/nhs/$process-message", content=as_xml(birth()), headers=headers
        )
        in_kafka = await asyncio.to_thread(everything, bootstrap)
    server.should_exit = True
    await serving
    durable.close()

    assert answer.status_code == 202
    assert [(value, h["ce_id"]) for _, _, value, h in in_kafka] == [
        (as_xml(birth()), answer.json()["id"])
    ]
