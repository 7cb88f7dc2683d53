"""Linking a record against a registry of many persons: one worker's turns, in this process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from time import perf_counter
from typing import Any, Final

from benchmarks.capture import Asked, opened, play
from benchmarks.figures import Figure, Part, Table, latencies, short
from benchmarks.filling import copies, fill
from benchmarks.ground import PARTITIONS, ROOT, Ground
from benchmarks.mix import Families
from kinbridge.runtime.cluster import find_world
from kinbridge.runtime.engine import Engine
from kinbridge.runtime.hooks import Hooks
from kinbridge.runtime.partitioner import partition_of
from kinbridge.runtime.plan import make_plan
from kinbridge.runtime.records import Record
from kinbridge.runtime.sender import Sender
from kinbridge.runtime.store import open_store
from kinbridge.runtime.world import Bounds
from kinbridge.stage import Message
from kinbridge_schemas.contracts import codec
from kinbridge_schemas.envelope import to_headers
from kinbridge_schemas.topics import load_topics

FAMILIES: Final = 500
WARM: Final = 200
SIZES: Final = (1, 100)
"""Records in a turn: one, as when the line is quiet, and many, as under load."""

METHOD: Final = """\
Child events of the mix, about 500 families among many more, as turns of linking's worker: read, \
look up, decide, commit, send and await Kafka's acknowledgement. Milliseconds a record, with one \
record in a turn and with a hundred. The rest of the registry are copies, as large as real ones."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A registry to measure: how many persons, and in which database."""

    persons: int
    database: str


def bench(ground: Ground, when: datetime, *, quick: bool) -> Part:
    """Measure each registry; the quick run the small ones only."""
    sizes = [Filled(100_000, "sqlite"), Filled(100_000, "postgresql")]
    left_out: tuple[str, ...] = ("a million persons in SQLite, which is for one machine",)
    if quick:
        sizes = [Filled(10_000, "sqlite"), Filled(10_000, "postgresql")]
        left_out = ("a million persons: the quick run leaves it out",)
    else:
        sizes.append(Filled(1_000_000, "postgresql"))
    families = Families(FAMILIES, when)
    asked = opened(families, when, "mapping", "linking")
    linking = asked["linking"]
    documents = dict(linking.documents)
    play(asked, families.relevant(0, 1_000 if quick else 2_500), when)
    facts = [message for _, message, _ in linking.facts]
    names = ("child-events", "linked-events", "dispositions", "dead-letters")
    rows, figures = [], []
    for size in sizes:
        ground.make_topics(names)
        found = _measured(ground, size, linking, documents, facts, when)
        ground.drop_topics(names)
        rows.append(found)
        figures.append(Figure(f"linking/{size.database}/{size.persons}", float(found[-1]), "ms"))
    head = (
        "database", "persons", "documents", "filled in, s", "one in a turn, ms: p50", "p99",
        "a hundred in a turn, ms",
    )  # fmt: skip
    table = Table("Linking by size of the registry", head, tuple(rows))
    return Part("Linking and the size of the registry", METHOD, tuple(figures), (table,), left_out)


def _measured(
    ground: Ground,
    size: Filled,
    linking: Asked,
    documents: Mapping[str, Any],
    facts: Sequence[Message],
    when: datetime,
) -> tuple[str, ...]:
    stage = linking.stage
    name = f"linking-{size.database}-{size.persons}"
    url = ground.database(name)
    fills = url
    if size.database == "sqlite":
        folder = ground.new_folder(name)
        url, fills = f"sqlite:///{folder}", f"sqlite:///{folder}/linking-v{stage.version}.sqlite3"
    store = open_store(url, stage)
    began = perf_counter()
    count = fill(fills, f"linking_v{stage.version}", copies(size.persons, when), documents)
    filling = perf_counter() - began
    kafka = {"bootstrap.servers": ground.kafka.bootstrap}
    topics = load_topics(ROOT / "topics.yaml")
    plan = make_plan(stage, topics, codec())
    world = find_world(kafka, {"child-events": PARTITIONS}, frozenset(stage.reads), within=30)
    sender = Sender(kafka)
    engine: Engine[Any] = Engine(plan, store, sender, world, Hooks())
    engine.resume({p: {"child-events": Bounds(0, len(facts))} for p in range(PARTITIONS)})
    timed = [
        _turns(engine, records, size) for size, records in zip(SIZES, _halves(facts), strict=True)
    ]
    store.close()
    sender.close()
    one = latencies(int(seconds * 1e9) for seconds, _ in timed[0])
    many = sum(seconds for seconds, _ in timed[1]) / sum(taken for _, taken in timed[1]) * 1_000
    return (
        size.database, f"{size.persons:,}", f"{count:,}", short(filling), f"{one.p50:.2f}",
        f"{one.p99:.2f}", f"{many:.3f}",
    )  # fmt: skip


def _halves(facts: Sequence[Message]) -> tuple[list[Record], list[Record]]:
    """Give the records of child-events, in their order: some to go one by one, and the rest."""
    offsets = dict.fromkeys(range(PARTITIONS), 0)
    made = []
    for message in facts:
        key = message.key.encode()
        partition = partition_of(key, PARTITIONS)
        value, headers = codec().encode(message.body), dict(to_headers(message.envelope))
        offset = offsets[partition]
        made.append(Record("child-events", partition, offset, 0, key, value, headers))
        offsets[partition] = offset + 1
    singles = min(500, len(made) // 3)
    return made[: WARM + singles], made[WARM + singles :]


def _turns(engine: Engine[Any], records: Sequence[Record], size: int) -> list[tuple[float, int]]:
    """Take turns of that size, and give the seconds and records of each, the first left out."""
    spent = []
    waiting = iter(records)
    while turn := list(islice(waiting, size)):
        batch: dict[int, list[Record]] = {}
        for record in turn:
            batch.setdefault(record.partition, []).append(record)
        began = perf_counter()
        folded = engine.turn(batch)
        spent.append((perf_counter() - began, sum(each.taken for each in folded.values())))
    return spent[WARM if size == 1 else 1 :]
