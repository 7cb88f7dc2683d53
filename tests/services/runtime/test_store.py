"""The store, on SQLite and on PostgreSQL: the same suite for both."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from kinbridge.runtime import tables
from kinbridge.runtime.database import MovedError
from kinbridge.runtime.folded import Folded
from kinbridge.runtime.progress import Progress, World
from kinbridge.runtime.records import Outgoing
from kinbridge.runtime.rows import from_micros, to_micros
from kinbridge.runtime.seen import ALL, Kept, Seen, Waiting
from kinbridge.runtime.store import Store
from kinbridge.stage import Decision, Stage, Task
from kinbridge_schemas.base import Value
from tests.services.runtime.conftest import Open
from tests.services.runtime.counting import Count, minutes

pytestmark = pytest.mark.integration

FULL = Progress(
    partition=3,
    world=World("cluster", {"heads": "id-1"}),
    version=1,
    epoch=2,
    positions={"heads": 12, "ones": 5},
    truncated=frozenset({"ones"}),
    expected={("one/1.1/0", "ones"): 7, ("one/1.1/1", "ones"): 9, ("x/1.1/0", "heads"): 1},
    numbers={("twos", 0): 4, ("twos", 5): 2, ("threes", 5): 8},
    place=14,
    clocks={("ones", "one/0"): minutes(3), ("heads", "ticker"): minutes(4)},
    judged=minutes(2),
)


def stage(version: int) -> Stage[Count]:
    return Stage(
        name="kept",
        reads=("heads",),
        writes=("ones",),
        state=Count,
        fresh=Count,
        decide=lambda state, _message, _at, /: Decision("nothing", state),
        documents={"doc": Count},
        task=Count,
        version=version,
    )


def folded(before: Progress, **what: Any) -> Folded[Count]:
    after = replace(before, version=before.version + 1)
    nothing: dict[str, Any] = {
        "states": {},
        "tasks": {},
        "outbox": (),
        "taken": 0,
        "more": False,
        "stop": None,
        "reasons": {},
        "dead": {},
        "repeats": 0,
        "gaps": frozenset(),
        "tallies": {},
    }
    return Folded(before=before, after=after, **{**nothing, **what})


def write(store: Store[Count], each: Folded[Count]) -> None:
    with store.turn() as turn:
        turn.claim(each.before, each.after)
        turn.write([each])


def outgoing(place: int, partition: int = 3) -> Outgoing:
    headers = (("ce_id", b"x"), ("src", b"kept/1.1/3"))
    return Outgoing(partition, place, "ones", place % 6, b"key", b"\x00\xff", headers)


@pytest.fixture
def store(open_stage: Open, version: int) -> Store[Count]:
    kept = open_stage(stage(version))
    kept.start(FULL)
    return kept


def test_progress_comes_back_as_it_was(store: Store[Count]) -> None:
    assert store.progress([1, 2, 3]) == {3: FULL}


def test_a_partition_is_started_once(store: Store[Count]) -> None:
    with pytest.raises(MovedError):
        store.start(FULL)


def test_only_one_of_two_turns_from_the_same_progress_is_kept(store: Store[Count]) -> None:
    write(store, folded(FULL, states={"a": Kept(Count(count=1))}))

    with pytest.raises(MovedError):
        write(store, folded(FULL, states={"a": Kept(Count(count=2))}))

    assert states(store, ["a"]) == {"a": Kept(Count(count=1))}


def states(store: Store[Count], keys: list[str], partition: int = 3) -> dict[str, Kept[Count]]:
    seen: Seen[Count] = Seen()
    with store.reading() as rows:
        rows.add_states(seen, partition, keys)
    assert seen.keys == set(keys)
    return seen.states


def test_a_turn_that_fails_leaves_nothing(store: Store[Count]) -> None:
    def fails() -> None:
        with store.turn() as turn:
            each = folded(FULL, states={"a": Kept(Count(count=1))}, outbox=(outgoing(1),))
            turn.claim(each.before, each.after)
            turn.write([each])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()

    assert (states(store, ["a"]), store.unsent([3])) == ({}, [])
    assert store.progress([3]) == {3: FULL}


def test_states_are_replaced_and_kept_by_partition(store: Store[Count]) -> None:
    first = folded(FULL, states={"a": Kept(Count(count=1)), "é": Kept(Count(count=2), minutes(1))})
    write(store, first)
    write(store, folded(first.after, states={"a": Kept(Count(count=3), minutes(9))}))

    assert states(store, ["a", "é", "none"]) == {
        "a": Kept(Count(count=3), minutes(9)),
        "é": Kept(Count(count=2), minutes(1)),
    }
    assert states(store, ["a"], partition=2) == {}


def test_a_state_as_fresh_as_before_leaves_no_row(store: Store[Count]) -> None:
    first = folded(FULL, states={"a": Kept(Count(count=1)), "b": Kept(Count(count=1))})
    write(store, first)

    write(store, folded(first.after, states={"a": Kept(Count()), "b": Kept(Count(), minutes(1))}))

    assert states(store, ["a", "b"]) == {"b": Kept(Count(), minutes(1))}


def test_due_keys_come_in_their_order_up_to_a_horizon(store: Store[Count]) -> None:
    due = {"b": minutes(2), "Z": minutes(2), "a": minutes(3), "é": minutes(2), "c": minutes(9)}
    write(store, folded(FULL, states={k: Kept(Count(count=1), at) for k, at in due.items()}))
    some, every = Seen[Count](), Seen[Count]()

    with store.reading() as rows:
        rows.add_due(some, 3, minutes(5), 2)
        rows.add_due(every, 3, minutes(5), 10)

    assert (some.due, some.horizon) == ([(minutes(2), "Z"), (minutes(2), "b")], (minutes(2), "b"))
    assert [key for _, key in every.due] == ["Z", "b", "é", "a"]
    assert every.horizon == ALL


def test_documents_are_written_and_deleted(store: Store[Count]) -> None:
    with store.turn() as turn:
        turn.write_documents({"doc:a": Count(count=1), "doc:b": Count(count=2)})
    with store.turn() as turn:
        turn.write_documents({"doc:a": None, "doc:b": Count(count=3)})

    with store.reading() as rows:
        found = rows.documents(["doc:a", "doc:b", "doc:c"])

    assert found == {"doc:a": None, "doc:b": Count(count=3), "doc:c": None}


def test_the_outbox_keeps_order_and_bytes_until_told(store: Store[Count]) -> None:
    rows = tuple(outgoing(place) for place in (9, 10, 11))
    write(store, folded(FULL, outbox=rows))

    assert store.unsent([2, 3]) == list(rows)

    store.forget({3: 10})

    assert store.unsent([3]) == [rows[2]]


def test_tasks_wait_replace_each_other_and_go(store: Store[Count]) -> None:
    def task(name: str, minute: int) -> Waiting:
        body: Value = Count(count=minute)
        return Waiting(Task(name, minutes(minute), body), "correlation", "cause", "m1")

    first = folded(FULL, tasks={"a": task("a1", 5), "b": task("b1", 1), "c": task("c1", 2)})
    write(store, first)
    write(store, folded(first.after, tasks={"a": task("a2", 0), "c": None}))

    assert store.due_tasks([3], minutes(3), 10) == [
        (3, "a", task("a2", 0)),
        (3, "b", task("b1", 1)),
    ]
    assert store.due_tasks([3], minutes(0.5), 10) == [(3, "a", task("a2", 0))]
    assert store.due_tasks([2], minutes(3), 10) == []


def test_a_skip_needs_a_name_and_a_reason(store: Store[Count]) -> None:
    with pytest.raises(ValueError, match="somebody"):
        store.skip("heads", 3, 7, who=" ", reason="because")

    store.skip("heads", 3, 7, who="A. Tester", reason="cannot be mapped")

    assert store.skips([2, 3]) == {2: {}, 3: {("heads", 7): "A. Tester: cannot be mapped"}}


def test_a_raised_epoch_is_one_for_all_partitions_and_numbers_anew(store: Store[Count]) -> None:
    assert store.raise_epoch([2, 3], above=4) == 5

    found = store.progress([2, 3])

    assert {p: (at.epoch, at.numbers) for p, at in found.items()} == {2: (5, {}), 3: (5, {})}
    assert found[3].positions == FULL.positions


def test_two_workers_may_open_a_new_store_at_once(open_stage: Open, version: int) -> None:
    first, second = open_stage(stage(version)), open_stage(stage(version))

    first.start(FULL)

    assert second.progress([3]) == {3: FULL}


def test_the_migrations_make_the_tables_that_the_code_uses(store: Store[Count]) -> None:
    with store._engine.begin() as connection:
        options = {"compare_type": True}
        difference = compare_metadata(
            MigrationContext.configure(connection, opts=options), tables.metadata
        )

    assert difference == []


@pytest.mark.parametrize(
    "when",
    [
        datetime.min.replace(tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
        datetime(1970, 1, 1, tzinfo=UTC) - timedelta(microseconds=1),
    ],
)
def test_microseconds_are_exact(when: datetime) -> None:
    assert from_micros(to_micros(when)) == when
