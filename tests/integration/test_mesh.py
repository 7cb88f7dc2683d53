"""From a MESH over TLS into Kafka: nothing lost, nothing changed, nothing counted twice."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any, Final

import httpx
import pytest
from confluent_kafka import Consumer, TopicPartition
from structlog.testing import capture_logs

from kinbridge.intake.agent import Durable, open_durable, wall_clock
from kinbridge.intake.mesh.box import TryLater
from kinbridge.intake.mesh.decide import Parcel, Unfetched
from kinbridge.intake.mesh.polling import Poller
from kinbridge.runtime.embedded import PARTITIONS, EmbeddedBroker, start_embedded_broker
from kinbridge.sources.loader import SourcesError
from kinbridge_schemas.deadletters import DeadLetter
from tests.integration.kafka import free_ports
from tests.integration.line import headers
from tests.integration.mesh import OURS, Certificates, Sandbox, certificates, start_sandbox
from tests.services.intake.mesh.mailbox import (
    BIRTHS,
    MAILBOX,
    InMemoryBox,
    a_birth,
    a_mailbox,
    a_poller,
)

pytestmark = pytest.mark.integration

NHS: Final = "received.nhs"
DEAD: Final = "dead-letters"
WITHIN: Final = 180.0


@dataclass(frozen=True, slots=True)
class Record:
    key: bytes
    value: bytes
    id: str


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with start_sandbox(tmp_path_factory.mktemp("mesh")) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    """Give the running MESH with nothing in its mailboxes."""
    running.empty()
    return running


@pytest.fixture
def broker() -> Iterator[EmbeddedBroker]:
    started = a_broker()
    yield started
    # The broker lives as long as something holds it: until the test is over.
    assert started.cluster


@pytest.fixture
def durable(broker: EmbeddedBroker) -> Iterator[Durable]:
    made = open_durable({"bootstrap.servers": broker.bootstrap}, within=10)
    yield made
    made.close()


def a_broker() -> EmbeddedBroker:
    return start_embedded_broker([NHS, DEAD], production=False)


def everything(bootstrap: str, topic: str = NHS) -> list[Record]:
    """Read a topic to its end."""
    found, ended = list[Record](), 0
    with reading(bootstrap, topic) as consumer:
        while ended < PARTITIONS:
            message = consumer.poll(10)
            assert message is not None
            if message.error() is not None:
                ended += 1
                continue
            own = headers(message)["ce_id"].decode()
            found.append(Record(message.key() or b"", message.value() or b"", own))
    return found


@contextmanager
def reading(bootstrap: str, topic: str) -> Iterator[Consumer]:
    """Give a reader of all of a topic from its beginning. It says where a partition ends."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "test",
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 20,
        }
    )
    consumer.assign([TopicPartition(topic, number, 0) for number in range(PARTITIONS)])
    try:
        yield consumer
    finally:
        consumer.close()


def until(bootstrap: str, many: int) -> None:
    """Wait until so many different messages have come."""
    end, found = monotonic() + WITHIN, set[bytes]()
    with reading(bootstrap, NHS) as consumer:
        while len(found) < many:
            message = consumer.poll(1)
            if message is not None and message.error() is None:
                found.add(message.value() or b"")
            assert monotonic() < end, f"{len(found)} messages have come"


def letters(bootstrap: str) -> list[DeadLetter]:
    return [DeadLetter.model_validate_json(r.value) for r in everything(bootstrap, DEAD)]


def put(sandbox: Sandbox, contents: Iterable[bytes], **more: Any) -> list[str]:
    """Send messages to our mailbox, as NEMS does. Gives their ids."""
    headers = {"workflow_id": BIRTHS, "content_type": "application/fhir+xml", **more}
    with sandbox.client() as client:
        return [client.send_message(OURS, content, **headers) for content in contents]


async def polled(sandbox: Sandbox, durable: Durable, **changes: Any) -> TryLater | None:
    """Do one round with a poller of its own."""
    mailbox = a_mailbox(**changes)
    box = sandbox.box(mailbox)
    try:
        return await a_poller(box, durable, mailbox).round()
    finally:
        box.close()


@pytest.mark.parametrize("compress", [False, True])
async def test_five_megabytes_in_chunks_arrive_whole(
    sandbox: Sandbox, broker: EmbeddedBroker, durable: Durable, *, compress: bool
) -> None:
    padding = b"<!--" + os.urandom(2_500_000).hex().encode() + b"-->"
    large = a_birth().replace(b"</Bundle>", padding + b"</Bundle>")
    put(sandbox, [large], max_chunk_size=1_000_000, compress=compress)

    await polled(sandbox, durable)

    assert len(large) > 5_000_000
    assert [record.value for record in everything(broker.bootstrap)] == [large]
    assert sandbox.waiting() == []


async def test_what_cannot_be_read_is_parked_between_what_can(
    sandbox: Sandbox, broker: EmbeddedBroker, durable: Durable
) -> None:
    put(sandbox, [a_birth(1), b"<Bundle", a_birth(2)])
    put(sandbox, [a_birth(3)], workflow_id="SOMETHING_ELSE_1")
    put(sandbox, [a_birth(4), b'<x xmlns="urn:hl7-org:v3"/>', a_birth(5)])

    ended = await polled(sandbox, durable)

    arrived = [record.value for record in everything(broker.bootstrap)]
    parked = {(each.reason, each.content) for each in letters(broker.bootstrap)}
    assert ended is None
    assert sorted(arrived) == sorted(a_birth(number) for number in (1, 2, 4, 5))
    assert parked == {
        ("xml-invalid", b"<Bundle"),
        ("workflow-unknown", a_birth(3)),
        ("cp-is-hl7v3-not-read", b'<x xmlns="urn:hl7-org:v3"/>'),
    }
    assert sandbox.waiting() == []


@dataclass(slots=True)
class After:
    """The real producer, and what happens once so many records are durable."""

    real: Durable
    count: int
    happens: Callable[[], None]
    written: int = 0

    @property
    def ready(self) -> bool:
        return self.real.ready

    async def send(
        self, topic: str, key: str, value: bytes, headers: Sequence[tuple[str, bytes]]
    ) -> None:
        await self.real.send(topic, key, value, headers)
        self.written += 1
        if self.written == self.count:
            self.happens()


@dataclass(slots=True)
class Mortal:
    """A broker that can be killed. What it held until then is kept, for the test to look at."""

    broker: list[EmbeddedBroker] = field(default_factory=lambda: [a_broker()])
    held: list[Record] = field(default_factory=list)

    def kill(self) -> None:
        self.held = everything(self.broker[0].bootstrap)
        self.broker.clear()


async def test_a_broker_killed_after_a_write_loses_nothing(
    sandbox: Sandbox, broker: EmbeddedBroker, durable: Durable
) -> None:
    sent = [a_birth(number) for number in range(10)]
    put(sandbox, sent)
    first = Mortal()
    dying = open_durable({"bootstrap.servers": first.broker[0].bootstrap}, within=1)

    ended = await polled(sandbox, After(dying, 4, first.kill))
    left = len(sandbox.waiting())
    healed = await polled(sandbox, durable)

    dying.close()
    after = everything(broker.bootstrap)
    assert isinstance(ended, TryLater)
    assert ended.reason.startswith("kafka-")
    assert (len(first.held), left, healed) == (4, 6, None)
    assert sorted(r.value for r in [*first.held, *after]) == sorted(sent)
    assert sandbox.waiting() == []


class CrashError(Exception):
    """The process dies."""


async def test_dying_between_write_and_acknowledgement_repeats_the_same_record(
    sandbox: Sandbox, broker: EmbeddedBroker, durable: Durable
) -> None:
    sent = [a_birth(number) for number in range(5)]
    put(sandbox, sent)

    def crash() -> None:
        raise CrashError

    with pytest.raises(CrashError):
        await polled(sandbox, After(durable, 3, crash))
    left = len(sandbox.waiting())
    await polled(sandbox, durable)

    arrived = everything(broker.bootstrap)
    assert (left, len(arrived)) == (3, 6)
    # Twice the same key, bytes and id: mapping ends the second as a duplicate.
    assert len(set(arrived)) == len({record.id for record in arrived}) == 5
    assert {record.value for record in arrived} == set(sent)


async def test_two_pollers_of_one_mailbox_do_no_harm(
    sandbox: Sandbox, broker: EmbeddedBroker, durable: Durable
) -> None:
    sent = [a_birth(number) for number in range(16)]
    put(sandbox, sent)

    await asyncio.gather(polled(sandbox, durable), polled(sandbox, durable))

    arrived = everything(broker.bootstrap)
    assert {record.value for record in arrived} == set(sent)
    assert len(set(arrived)) == 16
    assert sandbox.waiting() == []


async def test_error_reports_and_undelivered_notices_are_kept_for_operations(
    sandbox: Sandbox, broker: EmbeddedBroker, durable: Durable
) -> None:
    sandbox.report("14", "20210311101813838554_1B8F53")
    sandbox.report("12")
    put(sandbox, [a_birth()])

    await polled(sandbox, durable)

    told = {
        each.reason: (each.headers["mesh-status"], each.headers.get("mesh-linked-message-id"))
        for each in letters(broker.bootstrap)
    }
    assert told == {
        "mesh-undelivered": (b"14", b"20210311101813838554_1B8F53"),
        "mesh-error-report": (b"12", None),
    }
    assert len(everything(broker.bootstrap)) == 1
    assert sandbox.waiting() == []


async def test_a_message_given_up_while_it_is_listed_is_parked(
    sandbox: Sandbox, broker: EmbeddedBroker, durable: Durable
) -> None:
    ids = put(sandbox, [a_birth(number) for number in range(3)])

    await polled(sandbox, After(durable, 1, lambda: sandbox.expire(ids[1])))

    assert [each.reason for each in letters(broker.bootstrap)] == ["message-gone"]
    assert len(everything(broker.bootstrap)) == 2


async def test_what_is_too_large_stays_in_the_mailbox_and_blocks_nothing(
    sandbox: Sandbox, broker: EmbeddedBroker, durable: Durable
) -> None:
    (large,) = put(sandbox, [os.urandom(400_000)], max_chunk_size=100_000)
    put(sandbox, [a_birth()])

    await polled(sandbox, durable, max_bytes=200_000)

    (kept,) = letters(broker.bootstrap)
    assert (kept.reason, kept.content) == ("message-too-large", b"")
    assert kept.headers["mesh-workflow"] == BIRTHS.encode()
    assert len(everything(broker.bootstrap)) == 1
    assert sandbox.waiting() == [large]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"password": "wrong"}, "access-refused", id="password"),
        pytest.param({"shared_key": "wrong"}, "access-refused", id="shared key"),
        pytest.param({"certificate": "", "key": ""}, "closed-unanswered", id="no certificate"),
        pytest.param({"authorities": ""}, "tls-refused", id="an authority we do not trust"),
        pytest.param({"address": "https://127.0.0.1:1"}, "unreachable", id="nobody there"),
    ],
)
async def test_what_is_set_up_wrong_is_said_and_left_alone_for_a_while(
    sandbox: Sandbox, durable: Durable, changes: dict[str, str], reason: str
) -> None:
    put(sandbox, [a_birth()])
    box = sandbox.box(MAILBOX, **changes)
    poller = a_poller(box, durable)

    with capture_logs() as logs:
        pause = await poller.turn()
    box.close()

    assert [(line["event"], line["reason"]) for line in logs] == [("mesh.round-failed", reason)]
    assert "wrong" not in str(logs)
    assert pause >= timedelta(seconds=5)
    assert (pause == MAILBOX.poll_every) == (reason == "access-refused")
    assert len(sandbox.waiting()) == 1


async def test_a_certificate_of_another_authority_is_refused(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    other: Certificates = certificates(tmp_path)
    box = sandbox.box(MAILBOX, certificate=str(other.client), key=str(other.client_key))

    said = box.greet()
    box.close()

    assert said is not None
    assert said.reason in {"closed-unanswered", "tls-refused"}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"certificate": "not-there.pem"}, "KINBRIDGE_MESH_CERTIFICATE"),
        ({"authorities": "not-there.pem"}, "KINBRIDGE_MESH_CA"),
        ({"address": "http://mesh.example.org"}, "KINBRIDGE_MESH_ADDRESS"),
        ({"password": "påssword"}, "KINBRIDGE_MESH_PASSWORD"),
        ({"shared_key": ""}, "KINBRIDGE_MESH_SHARED_KEY"),
    ],
)
def test_what_can_never_work_refuses_the_start_and_names_the_setting(
    running: Sandbox, changes: dict[str, str], named: str
) -> None:
    mailbox = a_mailbox(
        certificate_setting="KINBRIDGE_MESH_CERTIFICATE",
        key_setting="KINBRIDGE_MESH_KEY",
        ca_setting="KINBRIDGE_MESH_CA",
    )

    with pytest.raises(SourcesError, match=named):
        running.box(mailbox, **changes)


@pytest.mark.parametrize("kind", ["the real one", "in memory"])
def test_a_mailbox_keeps_what_the_poller_relies_on(sandbox: Sandbox, kind: str) -> None:
    box = InMemoryBox() if kind == "in memory" else sandbox.box(MAILBOX)
    if isinstance(box, InMemoryBox):
        for number in range(12):
            box.put(a_birth(number), own=f"M{number}")
    else:
        put(sandbox, [a_birth(number) for number in range(12)])

    greeted, listed = box.greet(), box.listed()
    assert isinstance(listed, tuple)
    fetched, again = box.fetch(listed[0]), box.fetch(listed[0])
    missing = box.fetch("F" * 32)
    acknowledged = [box.acknowledge(listed[0]), box.acknowledge(listed[0]), box.acknowledge("X")]
    left = box.listed()
    box.close()

    assert (greeted, acknowledged) == (None, [None, None, None])
    assert len(listed) == 12
    assert isinstance(fetched, Parcel)
    assert isinstance(again, Parcel)
    assert fetched.head == again.head
    assert isinstance(missing, Unfetched)
    assert missing.reason == "message-not-found"
    assert left == listed[1:]


class Program:
    """`kinbridge source mesh` as an operator starts it."""

    def __init__(self, folder: Path, sandbox: Sandbox, bootstrap: str) -> None:
        (self.port,) = free_ports(1)
        setting = "KINBRIDGE_MESH_"
        (folder / "sources.yaml").write_text(
            f"mesh: [{{source: example-trust, mailbox: {OURS}, page_size: 100,"
            f" address_setting: {setting}ADDRESS, password_setting: {setting}PASSWORD,"
            f" shared_key_setting: {setting}SHARED, certificate_setting: {setting}CERTIFICATE,"
            f" key_setting: {setting}KEY, ca_setting: {setting}CA}}]",
            encoding="utf-8",
        )
        has = sandbox.connection()
        environment = {
            **os.environ,
            "KINBRIDGE_BROKER": bootstrap,
            "KINBRIDGE_SECRET": "a secret of tests, and of tests only",
            "KINBRIDGE_SOURCES": str(folder / "sources.yaml"),
            "KINBRIDGE_MESH_PORT": str(self.port),
            "KINBRIDGE_MESH_ADDRESS": has.address.get_secret_value(),
            "KINBRIDGE_MESH_PASSWORD": has.password.get_secret_value(),
            "KINBRIDGE_MESH_SHARED": has.shared_key.get_secret_value(),
            "KINBRIDGE_MESH_CERTIFICATE": has.certificate,
            "KINBRIDGE_MESH_KEY": has.key,
            "KINBRIDGE_MESH_CA": has.authorities,
        }
        self.process = subprocess.Popen(
            [str(Path(sys.executable).with_name("kinbridge")), "source", "mesh"],
            env=environment,
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def seen(self, path: str) -> httpx.Response:
        with httpx.Client(transport=httpx.HTTPTransport(retries=8), timeout=30) as client:
            return client.get(f"http://127.0.0.1:{self.port}{path}")

    def stop(self) -> str:
        """Tell it to end, and give what it said."""
        self.process.send_signal(signal.SIGTERM)
        said, _ = self.process.communicate(timeout=WITHIN)
        return said


def test_six_hundred_messages_arrive_byte_by_byte_although_the_process_is_ended_on_the_way(
    sandbox: Sandbox, broker: EmbeddedBroker, tmp_path: Path
) -> None:
    sent = [a_birth(number) for number in range(600)]
    put(sandbox, sent)

    first = Program(tmp_path, sandbox, broker.bootstrap)
    until(broker.bootstrap, 10)
    said = first.stop()
    left, arrived = len(sandbox.waiting()), everything(broker.bootstrap)
    second = Program(tmp_path, sandbox, broker.bootstrap)
    until(broker.bootstrap, 600)
    metrics, ready = second.seen("/metrics").text, second.seen("/health/ready")
    said_again = second.stop()

    assert (first.process.returncode, second.process.returncode) == (0, 0), said + said_again
    assert 0 < left < 600
    # It ended after the message in hand: none was written and not acknowledged.
    assert len(arrived) == 600 - left
    found = everything(broker.bootstrap)
    assert sorted(record.value for record in found) == sorted(sent)
    assert len({record.id for record in found}) == len({record.key for record in found}) == 600
    assert sandbox.waiting() == []
    assert 'kinbridge_mesh_messages_total{outcome="taken",source="example-trust"}' in metrics
    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})
    assert "mesh.stopped" in said
    assert not [secret for secret in ("a shared key of tests", "Rosa") if secret in said]


async def test_silence_of_a_real_mailbox_is_told(sandbox: Sandbox, durable: Durable) -> None:
    mailbox = a_mailbox(expect_within=timedelta(seconds=0))
    box = sandbox.box(mailbox)
    poller: Poller = a_poller(box, durable, mailbox)
    poller.clock = wall_clock

    with capture_logs() as logs:
        await poller.turn()
    box.close()

    assert [line["event"] for line in logs] == ["source.silent"]
