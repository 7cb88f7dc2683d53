"""A turn: nothing is said before it is recorded, and what is recorded is said as it stands."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from kinbridge.runtime.database import MovedError, UnavailableError
from kinbridge.runtime.engine import Engine
from kinbridge.runtime.hooks import Hooks
from kinbridge.runtime.partitioner import partition_of
from kinbridge.runtime.plan import make_plan
from kinbridge.runtime.records import Outgoing
from kinbridge.runtime.seen import Seen
from kinbridge.runtime.store import Store
from kinbridge.runtime.world import Bounds
from kinbridge.stage import At, Decision, Message, Stage
from kinbridge_schemas.base import Value
from tests.services.runtime.conftest import Open
from tests.services.runtime.counting import Count, codec, counting, thing, topics
from tests.services.runtime.folding import WORLD, fact, tick
from tests.services.runtime.waiting import BOOKED, booking, waiting

pytestmark = pytest.mark.integration

BOUNDS = {0: {"heads": Bounds(0, 100)}}


class Said:
    """A sender that keeps what it is given, and fails when told to."""

    def __init__(self) -> None:
        self.rows: list[Outgoing] = []
        self.away = False

    def send(self, rows: Sequence[Outgoing]) -> None:
        if self.away:
            raise ConnectionError
        self.rows += rows


class Refusing(Hooks):
    """Fails a commit when told to."""

    refuses = False

    def before_commit(self) -> None:
        if self.refuses:
            raise UnavailableError("refused by the test")


class Parts:
    """A worker's engine and what it is made of."""

    def __init__(self, stage: Stage[Any], store: Store[Any], due_chunk: int = 200) -> None:
        self.store, self.said, self.hooks = store, Said(), Refusing()
        plan = make_plan(stage, topics(1), codec(), due_chunk=due_chunk)
        self.engine: Engine[Any] = Engine(plan, store, self.said, WORLD, self.hooks)
        self.engine.resume(BOUNDS)

    def state(self, key: str) -> Any:
        seen: Seen[Any] = Seen()
        with self.store.reading() as rows:
            rows.add_states(seen, 0, [key])
        return seen.states[key].state


@pytest.fixture
def parts(open_stage: Open, version: int) -> Parts:
    stage = counting("one", "heads", "ones", version)
    return Parts(stage, open_stage(stage))


def test_a_commit_that_fails_says_nothing(parts: Parts) -> None:
    parts.hooks.refuses = True

    with pytest.raises(UnavailableError):
        parts.engine.turn({0: [fact(0, thing(1))]})

    assert (parts.said.rows, parts.store.unsent([0])) == ([], [])
    assert parts.engine.stored("heads", 0) == (0, 1)


def test_what_was_committed_and_not_sent_is_sent_the_same_at_the_next_start(
    parts: Parts, open_stage: Open, version: int
) -> None:
    parts.said.away = True
    with pytest.raises(ConnectionError):
        parts.engine.turn({0: [fact(n, thing(n)) for n in range(3)]})
    decided = parts.store.unsent([0])

    stage = counting("one", "heads", "ones", version)
    after = Parts(stage, open_stage(stage))

    assert len(decided) == 3
    assert after.said.rows == decided
    assert after.engine.stored("heads", 0) == (3, 1)


def test_a_zombie_changes_nothing_and_says_nothing(
    parts: Parts, open_stage: Open, version: int
) -> None:
    stage = counting("one", "heads", "ones", version)
    heir = Parts(stage, open_stage(stage))
    heir.engine.turn({0: [fact(0, thing(1))]})

    with pytest.raises(MovedError):
        parts.engine.turn({0: [fact(0, thing(1)), fact(1, thing(51))]})

    assert parts.said.rows == []
    assert parts.state("key-1").count == 1


def test_acknowledged_rows_go_with_the_next_turn_or_when_idle(parts: Parts) -> None:
    parts.engine.turn({0: [fact(0, thing(1))]})
    assert len(parts.store.unsent([0])) == 1

    parts.engine.turn({0: [fact(1, thing(2))]})
    assert [row.place for row in parts.store.unsent([0])] == [1]

    parts.engine.tidy()
    assert parts.store.unsent([0]) == []


def test_due_times_beyond_a_chunk_are_read_for_the_next_turn(
    open_stage: Open, version: int
) -> None:
    stage = waiting("one", "heads", "ones", version)
    parts = Parts(stage, open_stage(stage), due_chunk=3)
    parts.engine.turn({0: [fact(n, booking(f"k{n}", BOOKED, n)) for n in range(8)]})

    turns = [parts.engine.turn({0: [tick(8, 60)]})[0]]
    while turns[-1].more:
        turns.append(parts.engine.turn({0: []})[0])

    keys = [row.key for row in parts.said.rows]
    assert keys == [f"k{n}".encode() for n in range(8)] + [None]
    assert [len(turn.outbox) for turn in turns] == [3, 3, 3]


class Name(Value):
    """Who a document says a number belongs to."""

    key: str


def linking(version: int) -> Stage[Count]:
    """A stage whose partitions share documents: who came first with a number keeps it."""

    def wants(message: Message, _found: object, /) -> frozenset[str]:
        return frozenset({f"number:{message.body.number % 3}"})  # type: ignore[attr-defined]

    def decide(state: Count, message: Message, at: At, /) -> Decision[Count]:
        number = f"number:{message.body.number % 3}"  # type: ignore[attr-defined]
        if number in at.found:
            return Decision("known", state)
        taken = Count(count=state.count + 1)
        return Decision("new", taken, documents={number: Name(key=message.key)})

    return Stage(
        name="one",
        reads=("heads",),
        writes=("ones",),
        state=Count,
        fresh=Count,
        decide=decide,
        wants=wants,
        documents={"number": Name},
        version=version,
    )


def test_a_record_sees_the_documents_of_those_before_it(open_stage: Open, version: int) -> None:
    parts = Parts(linking(version), open_stage(linking(version)))

    folded = parts.engine.turn({0: [fact(n, thing(n)) for n in range(5)]})[0]

    assert folded.reasons == {"new": 3, "known": 2}


def test_what_a_record_finds_missing_lets_nobody_before_it_be_decided_again(
    open_stage: Open, version: int
) -> None:
    decided: list[int] = []

    def wants(message: Message, found: object, /) -> frozenset[str]:
        n = message.body.number  # type: ignore[attr-defined]
        # Nobody could know of the second before the record before this one was decided.
        before, beyond = f"number:{n - 1}", f"number:beyond-{n}"
        return frozenset({before, beyond} if before in found else {before})  # type: ignore[operator]

    def decide(state: Count, message: Message, _at: At, /) -> Decision[Count]:
        n = message.body.number  # type: ignore[attr-defined]
        decided.append(n)
        return Decision("new", state, documents={f"number:{n}": Name(key=message.key)})

    stage = replace(linking(version), wants=wants, decide=decide)
    parts = Parts(stage, open_stage(stage))

    parts.engine.turn({0: [fact(n, thing(n)) for n in range(6)]})

    assert decided == [0, 1, 2, 3, 4, 5]


def test_partitions_that_share_documents_never_both_come_first(
    open_stage: Open, version: int
) -> None:
    stage = linking(version)
    plan = make_plan(stage, topics(2), codec())
    workers = []
    for partition in (0, 1):
        engine = Engine(plan, open_stage(stage), Said(), WORLD, Hooks())
        engine.resume({partition: {"heads": Bounds(0, 100)}})
        workers.append(engine)
    mine = {0: [n for n in range(60) if at(n) == 0], 1: [n for n in range(60) if at(n) == 1]}
    new = 0

    with ThreadPoolExecutor(2) as threads:
        for step in range(8):
            turns = [
                threads.submit(
                    workers[p].turn,
                    {p: [replace(fact(step, thing(mine[p][step])), partition=p)]},
                )
                for p in (0, 1)
            ]
            new += sum(
                each.reasons.get("new", 0) for turn in turns for each in turn.result().values()
            )

    assert new == 3


def at(number: int) -> int:
    return partition_of(thing(number).key.encode(), 2)
