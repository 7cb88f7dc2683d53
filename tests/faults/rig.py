"""Three chained counting stages as real processes, faults to have them suffer, and a judge.

The judge knows only what was put in: it reads the topics back to their ends and the tables as
they stand, and compares with a model that has no engine in it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final

from confluent_kafka import Consumer, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from sqlalchemy import select

from kinbridge.runtime import tables
from kinbridge.runtime.clock import TICKER, clock_headers, clock_value
from kinbridge.runtime.store import Store, open_store
from kinbridge_schemas.envelope import CLOCK_TYPE, to_headers
from tests.services.runtime.counting import (
    TOPIC_NAMES,
    Count,
    Thing,
    codec,
    envelope_of,
    stages,
    thing,
)
from tests.services.runtime.model import expected_states

ROOT: Final = Path(__file__).parents[2]
NAMES: Final = ("one", "two", "three")
_numbers: Final = count(1)


@dataclass(slots=True)
class Hand:
    """One worker process, and what it was asked to be."""

    stage: str
    asked: dict[str, Any]
    process: subprocess.Popen[bytes]
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

    def _process(self, wishes: dict[str, Any]) -> subprocess.Popen[bytes]:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{wishes['stage']}-{next(_numbers)}.log"
        program = wishes.get("program", "tests.faults.worker_main")
        command = [sys.executable, "-m", program, json.dumps(wishes)]
        with path.open("wb") as log:
            return subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)

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
        self, numbers: Iterable[int], *, meanwhile: Callable[[], None] | None = None, a_second: int = 0
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
                    headers=to_headers(envelope_of(body)),
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
                    if message.error() is None and not _is_clock(message):
                        said.add(dict(message.headers() or ())["ce_id"])
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
                raise NotDoneError(what.__name__)
            sleep(0.05)  # noqa: TID251 - it waits for another process, and goes on when it is seen

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

    def open(self, name: str) -> Store[Count]:
        return open_store(self.store, stages(self.tag, self.version)[NAMES.index(name)])

    def states(self, name: str) -> dict[str, Count]:
        """Give a stage's states as its tables have them."""
        store = self.open(name)
        try:
            with store._engine.begin() as connection:
                rows = connection.execute(select(tables.states.c.key, tables.states.c.body))
                return {key: Count.model_validate_json(body) for key, body in rows}
        finally:
            store.close()

    def keep_rows(self, name: str) -> dict[str, list[dict[str, Any]]]:
        """Copy a stage's database, as a backup would."""
        store = self.open(name)
        try:
            with store._engine.begin() as connection:
                return {
                    table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
                    for table in tables.metadata.sorted_tables
                }
        finally:
            store.close()

    def restore_rows(self, name: str, kept: dict[str, list[dict[str, Any]]]) -> None:
        """Put a copy back in the place of what stands."""
        store = self.open(name)
        try:
            with store._engine.begin() as connection:
                for table in tables.metadata.sorted_tables:
                    connection.execute(table.delete())
                    if kept[table.name]:
                        connection.execute(table.insert(), kept[table.name])
        finally:
            store.close()

    # -- the judge

    def judge(self, *, by_one_only: Sequence[int] = ()) -> dict[str, int]:
        """Raise AssertionError unless nothing was lost, counted twice or said otherwise twice.

        `by_one_only` was counted by the first stage and went no further. Gives how many
        identical repeats there were in each topic.
        """
        expected = expected_states(self.numbers, self.keys)
        expected["one"] = expected_states([*self.numbers, *by_one_only], self.keys)["one"]
        for name in NAMES:
            found = self.states(name)
            keys = expected[name].keys() | found
            wrong = {key for key in keys if expected[name].get(key) != found.get(key)}
            assert not wrong, f"{name}: {len(wrong)} of {len(expected[name])} states are wrong"
        distinct = len(self.numbers)
        return {name: self._judge_topic(name, distinct) for name in ("ones", "twos", "threes")}

    def _judge_topic(self, name: str, distinct: int) -> int:
        said: dict[bytes, set[tuple[Any, ...]]] = defaultdict(set)
        numbers: dict[tuple[bytes, int], set[bytes]] = defaultdict(set)
        facts = 0
        for message in self.records(name):
            headers = dict(message.headers() or ())
            numbers[headers["src"], message.partition()].add(headers["seq"])
            if _is_clock(message):
                continue
            facts += 1
            whole = (message.key(), message.value(), message.partition(), *sorted(headers.items()))
            said[headers["ce_id"]].add(whole)
        differing = [i for i, bodies in said.items() if len(bodies) > 1]
        assert not differing, f"{name}: {len(differing)} ids with more than one body"
        assert len(said) == distinct, f"{name}: {len(said)} said, not {distinct}"
        for at, given in numbers.items():
            assert given == {str(n).encode() for n in range(len(given))}, f"{name}: {at} not dense"
        return facts - len(said)


def _is_clock(message: Message) -> bool:
    return dict(message.headers() or ()).get("ce_type") == CLOCK_TYPE.encode()
