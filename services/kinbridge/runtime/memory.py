"""The line in memory: the same folds as the engine's, with no broker, database or clock.

For tests of stories and of stages together. `Line` keeps topics as lists and stores as
dictionaries; given a `disorder` it splits batches, repeats what was sent and takes the stages
in any order, which must change nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any, Final

from kinbridge.runtime.clock import BEFORE_TIME, clock_headers, clock_value
from kinbridge.runtime.emit import Cause, draft
from kinbridge.runtime.fold import Fold
from kinbridge.runtime.folded import Folded, Suspended
from kinbridge.runtime.partitioner import partition_of
from kinbridge.runtime.plan import Plan, make_plan
from kinbridge.runtime.prepare import prepare
from kinbridge.runtime.progress import Progress, World
from kinbridge.runtime.records import Headers, Record
from kinbridge.runtime.seen import ALL, Kept, MissingError, Seen, Shelf, Waiting
from kinbridge.stage import Message, Output, Stage, Task
from kinbridge_schemas.base import Contract, Value
from kinbridge_schemas.codec import Codec
from kinbridge_schemas.envelope import CLOCK_TYPE, Envelope, from_headers, to_headers
from kinbridge_schemas.topics import Topics

Performed = Callable[[str, Task], Output]
"""What stands for a stage's agent: it is given a key and its due task."""

REPEATED: Final = 0.2
"""How often, in disorder, what was sent last is sent again."""


class StoppedError(AssertionError):
    """A stage stopped before a record. The text has the stage and the reason's code."""


@dataclass(slots=True)
class _Half:
    """One partition of one stage: its progress, and its rows as a store would keep them."""

    progress: Progress
    states: dict[str, Kept[Any]] = field(default_factory=dict)
    tasks: dict[str, Waiting] = field(default_factory=dict)
    performed: set[tuple[str, str]] = field(default_factory=set)


@dataclass(slots=True)
class _Running:
    plan: Plan[Any]
    partitions: dict[int, _Half]
    documents: dict[str, Value] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=lambda: defaultdict(int))


class Line:
    """Stages chained through topics in memory.

    `performs` gives an agent by the name of its stage. A fault in a stage raises
    StoppedError from `run`.
    """

    def __init__(
        self,
        stages: Sequence[Stage[Any]],
        topics: Topics,
        codec: Codec,
        *,
        performs: Mapping[str, Performed] | None = None,
        disorder: Random | None = None,
        due_chunk: int = 200,
    ) -> None:
        self._topics: Final = topics
        self._codec: Final = codec
        self._performs: Final = performs or {}
        self._disorder: Final = disorder
        self._logs: Final[dict[tuple[str, int], list[Record]]] = defaultdict(list)
        self._now = BEFORE_TIME
        everything = range(topics.line_partitions)
        self._stages: Final = {
            stage.name: _Running(
                make_plan(stage, topics, codec, due_chunk=due_chunk),
                {p: _Half(Progress(p, World("memory"))) for p in everything},
            )
            for stage in stages
        }

    # -- what goes in

    def send(
        self,
        topic: str,
        key: str,
        body: Contract,
        envelope: Envelope,
        parameters: Mapping[str, str] | None = None,
    ) -> None:
        """Write a record as intake would: without a number."""
        headers = tuple(to_headers(envelope))
        self.send_bytes(topic, key.encode(), self._codec.encode(body), headers, parameters)

    def send_bytes(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: Headers,
        parameters: Mapping[str, str] | None = None,
    ) -> None:
        """Write any record, however broken."""
        entry = self._topics[topic]
        partition = partition_of(key or b"", entry.partitions)
        self._append(entry.named(parameters or {}), partition, key, value, headers)

    def tick(self, now: datetime) -> None:
        """Let the clock say `now` on every topic that is written from outside the line."""
        self._now = max(self._now, now)
        head = {name for s in self._stages.values() for name in s.plan.from_outside}
        for name in sorted(head):
            if self._topics[name].clocked:
                for partition in range(self._topics[name].partitions):
                    headers = clock_headers(now, "ticker")
                    self._append(name, partition, None, clock_value(now), headers)

    # -- what comes out

    def run(self) -> None:
        """Go on until nothing is left to do. Agents perform what is due at the last tick."""
        while True:
            worked = [self._turn(stage) for stage in self._in_some_order()]
            if not any(worked) and not self._perform():
                return

    def outputs(self, topic: str, **parameters: str) -> list[Message]:
        """Give the facts of a topic, in order within each partition, repeats left out."""
        entry = self._topics[topic]
        found: dict[tuple[str, bytes], Message] = {}
        for partition in range(entry.partitions):
            for record in self._logs.get((entry.named(parameters), partition), ()):
                if record.headers.get("ce_type") == CLOCK_TYPE.encode():
                    continue
                envelope = from_headers(record.headers)
                number = record.headers.get("src", b"") + b"#" + record.headers.get("seq", b"")
                at = (f"{partition}" if number != b"#" else f"{record.offset}", number)
                body = self._codec.decode(entry.schema_, envelope, record.value or b"")
                found[at] = Message(topic, (record.key or b"").decode(), envelope, body)
        return list(found.values())

    def records(self) -> list[Record]:
        """Give every record of every topic as it lies there, clocks and repeats with it."""
        return [record for log in self._logs.values() for record in log]

    def state(self, stage: str, key: str) -> Any:
        """Give a key's state, fresh if nothing was ever decided about it."""
        running = self._stages[stage]
        half = running.partitions[partition_of(key.encode(), self._topics.line_partitions)]
        kept = half.states.get(key)
        return kept.state if kept else running.plan.stage.fresh()

    def states(self, stage: str) -> dict[str, Any]:
        """Give every state of a stage by its key."""
        halves = self._stages[stage].partitions.values()
        return {key: kept.state for half in halves for key, kept in half.states.items()}

    def documents(self, stage: str) -> dict[str, Value]:
        return dict(self._stages[stage].documents)

    def reasons(self, stage: str) -> dict[str, int]:
        """Give how often the stage decided for each reason."""
        return dict(self._stages[stage].reasons)

    def time(self, stage: str) -> datetime:
        """Give the least time that any partition of the stage has judged."""
        return min(half.progress.judged for half in self._stages[stage].partitions.values())

    def tasks(self, stage: str) -> dict[str, Task]:
        """Give what each key of the stage waits for from outside."""
        halves = self._stages[stage].partitions.values()
        return {key: waiting.task for half in halves for key, waiting in half.tasks.items()}

    # -- the engine's part

    def _in_some_order(self) -> list[_Running]:
        stages = list(self._stages.values())
        if self._disorder:
            self._disorder.shuffle(stages)
        return stages

    def _turn(self, running: _Running) -> bool:
        worked = False
        for half in running.partitions.values():
            records = self._batch(running, half)
            time_waits = half.progress.judged < self._time_of(running, half)
            if records or time_waits:
                self._fold(running, half, records)
                worked = True
        return worked

    def _time_of(self, running: _Running, half: _Half) -> datetime:
        clocks = half.progress.clocks
        return min((clocks.get(s, BEFORE_TIME) for s in running.plan.sources), default=BEFORE_TIME)

    def _batch(self, running: _Running, half: _Half) -> list[Record]:
        partition, found = half.progress.partition, []
        for topic in running.plan.stage.reads:
            position = half.progress.positions.get(topic, 0)
            rest = self._logs.get((topic, partition), [])[position:]
            if self._disorder and rest:
                rest = rest[: self._disorder.randint(0, min(len(rest), 7))] or rest[:1]
            found += rest
        return found

    def _fold(self, running: _Running, half: _Half, records: list[Record]) -> None:
        prepared = [prepare(running.plan, record) for record in records]
        seen: Seen[Any] = Seen(half.states, set(half.states), self._due(half), ALL)
        documents: dict[str, Value | None] = dict(running.documents)
        shelf = Shelf(documents)
        fold = Fold(running.plan, half.progress, seen, shelf, {}, {})
        while True:
            try:
                folded = fold.run(prepared)
            except MissingError as missing:
                seen.keys |= missing.keys
                documents |= dict.fromkeys(missing.documents)
                continue
            break
        self._keep(running, half, folded, shelf)

    def _due(self, half: _Half) -> list[tuple[datetime, str]]:
        return [(kept.due, key) for key, kept in half.states.items() if kept.due is not None]

    def _keep(self, running: _Running, half: _Half, folded: Folded[Any], shelf: Shelf) -> None:
        if folded.stop is not None and not isinstance(folded.stop, Suspended):
            raise StoppedError(f"{running.plan.stage.name}: {folded.stop}")
        half.progress = folded.after
        half.states = {**half.states, **folded.states}
        for key, waiting in folded.tasks.items():
            half.tasks.pop(key, None)
            if waiting is not None:
                half.tasks[key] = waiting
        for name, document in shelf.written.items():
            running.documents.pop(name, None)
            if document is not None:
                running.documents[name] = document
        for reason, count in folded.reasons.items():
            running.reasons[reason] += count
        repeated = self._disorder is not None and self._disorder.random() < REPEATED
        for outgoing in folded.outbox * (2 if repeated else 1):
            to = (outgoing.topic, outgoing.destination)
            self._append(*to, outgoing.key, outgoing.value, outgoing.headers)

    def _perform(self) -> bool:
        worked = False
        for name, perform in self._performs.items():
            running = self._stages[name]
            for half in running.partitions.values():
                for key, waiting in list(half.tasks.items()):
                    task = waiting.task
                    if task.due > self._now or (key, task.id) in half.performed:
                        continue
                    half.performed.add((key, task.id))
                    self._answer(running, waiting, perform(key, task))
                    worked = True
        return worked

    def _answer(self, running: _Running, waiting: Waiting, output: Output) -> None:
        cause = Cause(self._now, waiting.correlation, waiting.causation, waiting.mapping)
        record, _refused = draft(running.plan, output, cause)
        to = (record.topic, record.destination)
        self._append(*to, record.key, record.value, record.headers)

    def _append(
        self,
        topic: str,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        headers: Headers,
    ) -> None:
        log = self._logs[topic, partition]
        log.append(Record(topic, partition, len(log), 0, key, value, dict(headers)))
