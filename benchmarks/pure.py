"""Each stage's pure part: what deciding costs, and what reading and writing cost around it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from time import process_time
from typing import Any, Final

from benchmarks.capture import Asked, capture, wanted
from benchmarks.figures import Figure, Part, Table, median, short
from benchmarks.profiles import profiled
from kinbridge.runtime.emit import cause_of, draft
from kinbridge.runtime.partitioner import partition_of
from kinbridge.runtime.plan import Plan, make_plan
from kinbridge.runtime.prepare import prepare
from kinbridge.runtime.records import Record
from kinbridge_schemas.contracts import codec
from kinbridge_schemas.envelope import to_headers
from kinbridge_schemas.topics import Topics

PASSES: Final = 5

METHOD: Final = """\
The mix of relevant events went through the whole line in memory, with 200 families; each stage's \
calls were noted and are here made again, in one thread, with nothing else around them: seconds \
of processor time. \
"Decides" is the stage's own function, with what it asks to be looked up. "Reads" is the record's \
envelope, number and body; "writes" the envelope, key, partition and bytes of all that was \
decided; "keeps" the state to JSON and back. The middle one of five passes."""


def bench(when: datetime, *, quick: bool) -> Part:
    """Measure every stage on the same events."""
    captured = capture(500 if quick else 2_000, when)
    figures: list[Figure] = []
    rows = []
    profiles = []
    for name, asked in captured.stages.items():
        if not asked.facts:
            continue
        found = Measured(asked, captured.topics)
        figures.append(Figure(f"pure/{name}", 1 / found.decides, "events/s"))
        figures.append(Figure(f"pure/{name}/all", 1 / found.all, "events/s"))
        rows.append(found.row())
        if 1 / found.decides < 5_000:
            profiles.append(profiled(f"{name} decides", found.decide))
    head = (
        "stage", "events", "decides, events/s", "reads, µs", "decides, µs", "writes, µs",
        "keeps, µs", "all, events/s", "due times/s",
    )  # fmt: skip
    table = Table("Pure parts", head, tuple(rows))
    return Part("The stages' pure parts", METHOD, tuple(figures), (table, *profiles))


class Measured:
    """One stage's calls, timed. Seconds for each event."""

    def __init__(self, asked: Asked, topics: Topics) -> None:
        self._asked = asked
        self._plan: Plan[Any] = make_plan(asked.stage, topics, codec())
        self._records = [self._record(each) for each in asked.facts]
        self._decided = [
            (asked.stage.decide(*each), cause_of(each[1].envelope)) for each in asked.facts
        ]
        count = len(asked.facts)
        self.count = count
        self.reads = _seconds(self._read) / count
        self.decides = _seconds(self.decide) / count
        self.writes = _seconds(self._write) / count
        self.keeps = _seconds(self._keep) / count
        self.due = _seconds(self._look_again) / max(1, len(asked.due))

    @property
    def all(self) -> float:
        return self.reads + self.decides + self.writes + self.keeps

    def row(self) -> tuple[str, ...]:
        parts = (self.reads, self.decides, self.writes, self.keeps)
        return (
            self._asked.stage.name,
            f"{self.count:,}",
            short(1 / self.decides),
            *(f"{part * 1e6:.0f}" for part in parts),
            short(1 / self.all),
            short(1 / self.due) if self._asked.due else "",
        )

    def decide(self) -> None:
        stage = self._asked.stage
        for state, message, at in self._asked.facts:
            if stage.documents:
                wanted(stage, message, at.found)
            stage.decide(state, message, at)

    def _read(self) -> None:
        for record in self._records:
            prepare(self._plan, record)

    def _write(self) -> None:
        for decision, cause in self._decided:
            for output in decision.outputs:
                draft(self._plan, output, cause)

    def _keep(self) -> None:
        kind = self._asked.stage.state
        for decision, _ in self._decided:
            kind.model_validate_json(decision.state.model_dump_json())

    def _look_again(self) -> None:
        on_due = self._asked.stage.on_due
        for state, key, at in self._asked.due:
            if on_due is not None:
                on_due(state, key, at)

    def _record(self, call: tuple[Any, Any, Any]) -> Record:
        _, message, _ = call
        topic = self._plan.topics[message.topic]
        key = message.key.encode()
        value = self._plan.codec.encode(message.body)
        headers = dict(to_headers(message.envelope))
        return Record(topic.name, partition_of(key, topic.partitions), 0, 0, key, value, headers)


def _seconds(work: Callable[[], None]) -> float:
    return median([_once(work) for _ in range(PASSES)])


def _once(work: Callable[[], None]) -> float:
    began = process_time()
    work()
    return process_time() - began
