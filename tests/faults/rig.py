"""Three chained counting stages as real processes, and the faults to have them suffer."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final

from confluent_kafka import Consumer, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from kinbridge.runtime.clock import TICKER, clock_headers, clock_value
from kinbridge_schemas.envelope import CLOCK_TYPE, to_headers
from tests.faults.nursery import Process
from tests.services.runtime.counting import (
    TOPIC_NAMES,
    Thing,
    codec,
    envelope_of,
    thing,
)

NAMES: Final = ("one", "two", "three")
_numbers: Final = count(1)


@dataclass(slots=True)
class Hand:
    """One worker process, and what it was asked to be."""

    stage: str
    asked: dict[str, Any]
    process: Process
    frozen: bool = False


class NotDoneError(AssertionError):
    """The line did not come to its end in time."""


@dataclass(slots=True)
class Rig:
    """One line: its topics, its stores and its workers."""

    bootstrap: str
    store: str
    folder: Path
    partitions: int = 6
    keys: int = 50
    asked: dict[str, Any] = field(default_factory=dict)
    hands: list[Hand] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    exits: list[tuple[str, int]] = field(default_factory=list)
    version: int = field(default_factory=lambda: os.getpid() % 30_000 * 1_000 + next(_numbers))

    @property
    def tag(self) -> str:
        return f"-{self.version}"

    def topic(self, name: str) -> str:
        return f"{name}{self.tag}"

    # -- setting up and taking down

    def make_topics(self) -> None:
        self.make_topic(*TOPIC_NAMES)

    def make_topic(self, *names: str) -> None:
        wanted = [NewTopic(self.topic(name), self.partitions, 1) for name in names]
        admin = self.admin()
        for made in admin.create_topics(wanted).values():
            made.result(30)

    def delete_topic(self, name: str) -> None:
        admin = self.admin()
        for gone in admin.delete_topics([self.topic(name)]).values():
            gone.result(30)

    def admin(self) -> AdminClient:
        return AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})

    def start(self, stage: str, **asked: Any) -> Hand:
        """Start one more worker of a stage."""
        wishes = {
            "stage": stage,
            "kafka": self.bootstrap,
            "store": self.store,
            "partitions": self.partitions,
            "tag": self.tag,
            "version": self.version,
            **self.asked,
            **asked,
        }
        hand = Hand(stage, asked, self._process(wishes))
        self.hands.append(hand)
        return hand

    def start_all(self, workers: int = 2) -> None:
        for stage in NAMES * workers:
            self.start(stage)

    def restart(self, hand: Hand) -> Hand:
        """Start a worker in the place of one that has ended."""
        code = hand.process.wait(60)
        self.exits.append((hand.stage, code))
        self.hands.remove(hand)
        return self.start(hand.stage, **hand.asked)

    def kill(self, hand: Hand) -> None:
        hand.process.kill()
        hand.process.wait(30)

    def stop(self, hand: Hand) -> int:
        hand.process.send_signal(signal.SIGTERM)
        return hand.process.wait(30)

    def freeze(self, hand: Hand) -> None:
        hand.process.send_signal(signal.SIGSTOP)
        hand.frozen = True

    def thaw(self, hand: Hand) -> None:
        hand.process.send_signal(signal.SIGCONT)
        hand.frozen = False

    def tend(self) -> None:
        """Do what a supervisor does: start again whatever has ended."""
        for hand in list(self.hands):
            if hand.process.poll() is not None:
                self.restart(hand)

    def close(self) -> None:
        for hand in self.hands:
            hand.process.kill()
            hand.process.wait(30)
        self.hands.clear()

    def log(self, stage: str) -> str:
        found = self.folder.glob(f"{stage}-*.log")
        return "\n".join(path.read_text(errors="replace") for path in sorted(found))

    def _process(self, wishes: dict[str, Any]) -> Process:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{wishes['stage']}-{next(_numbers)}.log"
        program = wishes.get("program", "tests.faults.worker_main")
        return Process(program, json.dumps(wishes), path)

    # -- what goes in

    def producer(self, **settings: Any) -> Producer:
        return Producer(
            {
                "bootstrap.servers": self.bootstrap,
                "partitioner": "murmur2_random",
                "enable.idempotence": True,
                "message.timeout.ms": 180_000,
                "linger.ms": 10,
                "log_level": 0,
                **settings,
            }
        )

    def feed(
        self,
        numbers: Iterable[int],
        *,
        meanwhile: Callable[[], None] | None = None,
        a_second: int = 0,
    ) -> None:
        """Put things in, in order, and return when Kafka has them all."""
        producer, started = self.producer(), monotonic()
        for index, number in enumerate(numbers):
            self.put(producer, thing(number, keys=self.keys))
            self.numbers.append(number)
            if index % 50 == 0:
                producer.poll(0)
                if meanwhile is not None:
                    meanwhile()
                while a_second and index > (monotonic() - started) * a_second:
                    producer.poll(0.02)
        while producer.flush(0.2):
            if meanwhile is not None:
                meanwhile()

    def tick(self, now: datetime) -> None:
        """Write one clock record to each partition of the head topic."""
        producer = self.producer()
        for partition in range(self.partitions):
            producer.produce(
                self.topic("heads"),
                value=clock_value(now),
                partition=partition,
                headers=list(clock_headers(now, TICKER)),
            )
        producer.flush()

    def put(self, producer: Producer, body: Thing) -> None:
        while True:
            try:
                producer.produce(
                    self.topic("heads"),
                    key=body.key,
                    value=codec().encode(body),
                    headers=[*to_headers(envelope_of(body))],
                )
            except BufferError:
                producer.poll(0.2)
            else:
                return

    # -- what came of it

    def until_done(
        self, *, within: float = 180, meanwhile: Callable[[], None] | None = None
    ) -> None:
        """Wait until the last stage has said something for each thing put in."""
        until, said = monotonic() + within, set[bytes]()
        consumer = self._consumer("threes")
        try:
            while len(said) < len(self.numbers):
                for message in consumer.consume(1_000, 0.3):
                    if message.error() is None and not is_clock(message):
                        said.add(headers_of(message)["ce_id"])
                if meanwhile is not None:
                    meanwhile()
                if monotonic() > until:
                    self.ask_where()
                    raise NotDoneError(f"{len(said)} of {len(self.numbers)}; {self.exits}")
        finally:
            consumer.close()

    def ask_where(self) -> None:
        """Have every worker write into its log where each of its threads stands."""
        for hand in self.hands:
            hand.process.send_signal(signal.SIGUSR1)
        sleep(0.5)

    def wait(self, what: Callable[[], bool], *, within: float = 90) -> None:
        """Wait until something can be seen from outside."""
        until = monotonic() + within
        while not what():
            if monotonic() > until:
                raise NotDoneError(repr(what))
            sleep(0.05)  # another process is waited for, and there is nothing to be told by

    def records(self, name: str) -> list[Message]:
        """Read a topic from its beginning to its end."""
        consumer = self._consumer(name)
        try:
            ends = {
                p: consumer.get_watermark_offsets(TopicPartition(self.topic(name), p), 10)
                for p in range(self.partitions)
            }
            left = sum(end - start for start, end in ends.values())
            found: list[Message] = []
            while left > len(found):
                found += [m for m in consumer.consume(1_000, 1) if m.error() is None]
            return found
        finally:
            consumer.close()

    def _consumer(self, name: str) -> Consumer:
        consumer = Consumer(
            {
                "bootstrap.servers": self.bootstrap,
                "group.id": "judge",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "log_level": 0,
            }
        )
        topic = self.topic(name)
        consumer.assign([TopicPartition(topic, p, 0) for p in range(self.partitions)])
        return consumer


def headers_of(message: Message) -> dict[str, bytes]:
    """Give a message's headers; ours are always bytes."""
    found = message.headers() or []
    return {name: value for name, value in dict(found).items() if isinstance(value, bytes)}


def is_clock(message: Message) -> bool:
    return headers_of(message).get("ce_type") == CLOCK_TYPE.encode()
