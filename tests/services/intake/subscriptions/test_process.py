"""The process as it is run, between a real server, a real door and a real log, and a crash."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import httpx
import pytest
import yaml
from confluent_kafka import Consumer, TopicPartition
from pydantic import SecretStr

from kinbridge.intake.agent import open_durable, wall_clock
from kinbridge.intake.app import create_app
from kinbridge.intake.keys import Keys
from kinbridge.intake.subscriptions.hooks import make_hooks
from kinbridge.runtime.embedded import PARTITIONS, EmbeddedBroker, start_embedded_broker
from tests.adapters.fhir.messages import patient
from tests.integration.kafka import free_ports
from tests.logs import kinds_in
from tests.services.intake.door import PSEUDONYMS
from tests.services.intake.subscriptions.provider import TOKEN, Provider, app_of
from tests.services.intake.subscriptions.world import (
    MOTHER,
    NOBODY,
    SECRET,
    UNDER,
    a_subscription,
    missed,
    serving,
)

pytestmark = pytest.mark.integration

TOPIC: Final = "received.nhs"
WITHIN: Final = 90
ENDS_WITHIN: Final = 60


def in_kafka(bootstrap: str, *texts: bytes) -> set[bytes]:
    """Wait until each text stands in some record. Gives those that do."""
    settings = {"bootstrap.servers": bootstrap, "group.id": "judge"}
    consumer = Consumer(settings)
    consumer.assign([TopicPartition(TOPIC, number, 0) for number in range(PARTITIONS)])
    found: set[bytes] = set()
    while len(found) < len(texts):
        message = consumer.poll(WITHIN)
        if message is None:
            break
        found |= {text for text in texts if text in (message.value() or b"")}
    consumer.close()
    return found


@asynccontextmanager
async def running(
    program: str, *more: str, environment: dict[str, str], log: Path
) -> AsyncIterator[Process]:
    """Run one program of ours; what it says is added to a file."""
    command = str(Path(sys.executable).with_name("kinbridge"))
    with log.open("ab") as said:
        process = await asyncio.create_subprocess_exec(
            command, program, *more, env=environment, cwd=log.parent, stdout=said, stderr=said
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


def settings_of(folder: Path, address: str, bootstrap: str) -> dict[str, str]:
    """Write the file that an operator writes, and give the settings that name it."""
    config = a_subscription().model_dump(mode="json")
    (folder / "sources.yaml").write_text(yaml.safe_dump({"subscriptions": [config]}))
    (watch,) = free_ports(1)
    return {
        **os.environ,
        "KINBRIDGE_BROKER": bootstrap,
        "KINBRIDGE_SOURCES": "sources.yaml",
        "KINBRIDGE_SECRET": "a secret of tests, and of tests only",
        "KINBRIDGE_SUBSCRIPTIONS_PORT": str(watch),
        "KINBRIDGE_TRUST_ADDRESS": f"{address}{UNDER}",
        "KINBRIDGE_TRUST_SECRET": SECRET,
        "KINBRIDGE_TRUST_TOKEN": TOKEN,
        "KINBRIDGE_DOOR_ADDRESS": address,
    }


@asynccontextmanager
async def a_trust(bootstrap: str) -> AsyncIterator[tuple[Provider, str]]:
    """Give a server, and the address of the door that writes to Kafka."""
    durable = open_durable({"bootstrap.servers": bootstrap}, within=10)
    try:
        hooks = make_hooks([(a_subscription(), SecretStr(SECRET))])
        door = create_app(
            keys=Keys(keys=()),
            durable=durable,
            pseudonymiser=PSEUDONYMS,
            clock=wall_clock,
            hooks=hooks,
        )
        async with httpx.AsyncClient(verify=NOBODY, timeout=30) as client:
            provider = Provider("4.0", wall_clock, client)
            provider.put(patient("mother", MOTHER, "1998-05-04"))
            async with serving(app_of(provider, UNDER), door) as address:
                provider.base = f"{address}{UNDER}"
                yield provider, address
    finally:
        durable.close()


async def test_a_crash_between_two_notifications_loses_neither(tmp_path: Path) -> None:
    broker, log = start_embedded_broker([TOPIC], production=False), tmp_path / "said.txt"
    async with a_trust(broker.bootstrap) as (provider, address), asyncio.timeout(WITHIN):
        environment = settings_of(tmp_path, address, broker.bootstrap)
        async with running("source", "subscriptions", environment=environment, log=log) as first:
            await provider.until("POST Subscription")
            await provider.shake_hands()
            await provider.happen(missed("a1"))
            await provider.until("GET Appointment/a1")
            first.send_signal(signal.SIGKILL)
            await first.wait()

        await provider.happen(missed("a2"))
        provider.event(provider.put(missed("lost")))
        async with running("source", "subscriptions", environment=environment, log=log) as second:
            await provider.until("GET Appointment/a2")
            came = await read(broker, b'"AP-a1"', b'"AP-a2"', b'"AP-lost"')
            counts = await watched(provider, environment)
            code = await ended(second)

    said = log.read_text(encoding="utf-8")
    assert provider.answers == [200] * 3
    assert len(provider.subscriptions) == 1
    assert came == {b'"AP-a1"', b'"AP-a2"', b'"AP-lost"'}
    assert 'kinbridge_subscription_active{source="appointments"} 1.0' in counts
    assert (code, "Traceback" in said) == (0, False)
    assert "subscription.created" in said
    assert "subscriptions.stopped" in said
    assert kinds_in(said) == set()
    assert [word for word in (SECRET, TOKEN, provider.base, "Appointment/") if word in said] == []


async def read(broker: EmbeddedBroker, *texts: bytes) -> set[bytes]:
    return await asyncio.to_thread(in_kafka, broker.bootstrap, *texts)


async def watched(provider: Provider, environment: dict[str, str]) -> str:
    """Give the counts of the process, which must say of itself that all is well."""
    address = f"http://127.0.0.1:{environment['KINBRIDGE_SUBSCRIPTIONS_PORT']}"
    ready = await provider.client.get(f"{address}/health/ready")

    assert ready.json() == {"status": "ready"}
    return (await provider.client.get(f"{address}/metrics")).text


async def ended(process: Process) -> int:
    """End a process as an operator does, and give its exit code."""
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(ENDS_WITHIN):
        return await process.wait()
