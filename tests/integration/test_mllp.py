"""`kinbridge source mllp` as an operator starts it: what was acknowledged is in Kafka."""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx
import pytest

from kinbridge.intake.agent import open_durable
from kinbridge.runtime.embedded import EmbeddedBroker, start_embedded_broker
from tests.adapters.hl7v2.messages import ADA, arrival, missed
from tests.integration.kafka import free_ports
from tests.integration.mesh import Certificates, certificates
from tests.services.intake.mllp.talk import Sender, a_place, connected
from tests.services.intake.test_durable import TOPIC, everything

pytestmark = pytest.mark.integration

SENDERS: Final = 5
EACH: Final = 100
WITHIN: Final = 120.0


@pytest.fixture
def broker() -> Iterator[EmbeddedBroker]:
    started = a_broker()
    yield started
    # The broker lives as long as something holds it: until the test is over.
    assert started.cluster


def a_broker() -> EmbeddedBroker:
    return start_embedded_broker([TOPIC], production=False)


class Program:
    """The process, with a feed over TLS and a plain one."""

    def __init__(self, folder: Path, tls: Certificates, bootstrap: str) -> None:
        self.port, self.plain, self.watch = free_ports(3)
        setting = "KINBRIDGE_MLLP_"
        (folder / "sources.yaml").write_text(
            f"mllp:\n  - {{source: over-tls, port: {self.port}, senders: [{{application: PAS}}],"
            f" tls: {{certificate_setting: {setting}CERTIFICATE, key_setting: {setting}KEY,"
            f" client_ca_setting: {setting}CLIENTS}}}}\n"
            f"  - {{source: plain, port: {self.plain}, senders: [{{application: ED}}]}}\n",
            encoding="utf-8",
        )
        environment = {
            **os.environ,
            "KINBRIDGE_BROKER": bootstrap,
            "KINBRIDGE_SECRET": "a secret of tests, and of tests only",
            "KINBRIDGE_SOURCES": str(folder / "sources.yaml"),
            "KINBRIDGE_MLLP_WATCH_PORT": str(self.watch),
            "KINBRIDGE_MLLP_CERTIFICATE": str(tls.server),
            "KINBRIDGE_MLLP_KEY": str(tls.server_key),
            "KINBRIDGE_MLLP_CLIENTS": str(tls.authority),
        }
        self.process = subprocess.Popen(
            [str(Path(sys.executable).with_name("kinbridge")), "source", "mllp"],
            env=environment,
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
        )
        self.said = b""
        assert self.process.stdout is not None
        while self.said.count(b"mllp.listening") < 2:
            line = self.process.stdout.readline()
            assert line, self.said
            self.said += line

    def seen(self, path: str) -> httpx.Response:
        # It tries again, ever more slowly, while nobody listens yet.
        with httpx.Client(transport=httpx.HTTPTransport(retries=9), timeout=30) as client:
            return client.get(f"http://127.0.0.1:{self.watch}{path}")

    def kill(self) -> None:
        self.process.kill()

    def end(self) -> str:
        """Ask it to end, if it has not, and give what it said."""
        self.process.send_signal(signal.SIGTERM)
        rest, _ = self.process.communicate(timeout=WITHIN)
        return (self.said + rest).decode()


@dataclass(slots=True)
class Trust:
    """One connection's messages: each is sent until it has been acknowledged."""

    number: int
    acknowledged: set[str] = field(default_factory=set)

    @property
    def left(self) -> list[str]:
        every = (f"C{self.number}-{n}" for n in range(EACH))
        return [control for control in every if control not in self.acknowledged]

    async def send(
        self, port: int, tls: ssl.SSLContext, together: int, then: Callable[[], None]
    ) -> None:
        """Send what is left, so many at a time. `then` is called after each answer."""
        async with connected(port, tls) as sender:
            left = self.left
            for first in range(0, len(left), together):
                await self._some(sender, left[first : first + together], then)

    async def _some(self, sender: Sender, some: list[str], then: Callable[[], None]) -> None:
        await sender.send(*(arrival(control) for control in some))
        for control in some:
            assert await sender.answer() == ("AA", control)
            self.acknowledged.add(control)
            then()


async def all_send(
    trusts: list[Trust],
    program: Program,
    tls: ssl.SSLContext,
    together: int,
    then: Callable[[], None],
) -> list[BaseException | None]:
    return await asyncio.gather(
        *(trust.send(program.port, tls, together, then) for trust in trusts),
        return_exceptions=True,
    )


async def test_what_was_acknowledged_outlives_the_process_and_what_was_not_comes_again(
    broker: EmbeddedBroker, tmp_path: Path
) -> None:
    tls = certificates(tmp_path / "tls")
    trusts = [Trust(number) for number in range(SENDERS)]
    every = {arrival(control) for trust in trusts for control in trust.left}

    def count() -> int:
        return sum(len(trust.acknowledged) for trust in trusts)

    def kill_in_the_middle() -> None:
        if count() >= 200:
            first.kill()

    def go_on() -> None:
        assert second.process.returncode is None

    first = await asyncio.to_thread(Program, tmp_path, tls, broker.bootstrap)
    ended = await all_send(trusts, first, tls.context, 10, kill_in_the_middle)
    first.end()
    safe = {arrival(control) for trust in trusts for control in trust.acknowledged}
    arrived = {value for _, _, value, _ in everything(broker.bootstrap)}

    assert all(isinstance(each, OSError | EOFError) for each in ended)
    assert 200 <= len(safe) < len(every)
    assert safe <= arrived

    second = await asyncio.to_thread(Program, tmp_path, tls, broker.bootstrap)
    left = len(every) - count()
    assert await all_send(trusts, second, tls.context, EACH, go_on) == [None] * SENDERS
    async with connected(second.plain) as sender:
        await sender.send(missed("S1", sender="ED|RJ1"))
        assert await sender.answer() == ("AA", "S1")
    metrics = (await asyncio.to_thread(second.seen, "/metrics")).text
    said = await asyncio.to_thread(second.end)

    records = everything(broker.bootstrap)
    assert {value for _, _, value, _ in records} - every == {missed("S1", sender="ED|RJ1")}
    # What came twice is the same record: mapping ends the second as a duplicate.
    assert len({headers["ce_id"] for *_, headers in records}) == len(every) + 1
    assert f'messages_total{{outcome="stored",source="over-tls"}} {left}.0' in metrics
    assert second.process.returncode == 0, said
    assert "mllp.stopped" in said
    assert not [word for word in (ADA, "Okoro", "V1001") if word in said]


async def test_while_the_broker_is_away_the_answer_is_to_send_again(
    broker: EmbeddedBroker,
) -> None:
    mortal = [a_broker()]
    durable = open_durable({"bootstrap.servers": mortal[0].bootstrap}, within=1)
    async with a_place(durable) as place, place.connected() as sender:
        await sender.send(arrival("M1"))
        alive = await sender.answer()
        mortal.clear()
        await sender.send(arrival("M2"), arrival("M3"))
        away = [await sender.answer(), await sender.answer()]
    durable.close()
    healed = open_durable({"bootstrap.servers": broker.bootstrap}, within=10)
    async with a_place(healed) as place, place.connected() as sender:
        await sender.send(arrival("M2"), arrival("M3"))
        back = [await sender.answer(), await sender.answer()]
    healed.close()

    assert alive == ("AA", "M1")
    assert away == [("AE", "M2"), ("AE", "M3")]
    assert back == [("AA", "M2"), ("AA", "M3")]
    assert {value for _, _, value, _ in everything(broker.bootstrap)} == {
        arrival("M2"),
        arrival("M3"),
    }
