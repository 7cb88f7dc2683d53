"""A batch is its records one at a time; a repeat is nothing; a fault leaves nothing behind."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinbridge.runtime.clock import BEFORE_TIME
from kinbridge.runtime.folded import Hole, Stuck, Suspended
from kinbridge.runtime.limit import Limit
from kinbridge.runtime.progress import Progress
from kinbridge.runtime.records import Record
from tests.services.runtime.counting import STAGES, counting, minutes, thing
from tests.services.runtime.folding import WORLD, Partition, fact, plan_of, tick
from tests.services.runtime.waiting import ATTENDED, BOOKED, Booking, booking, waiting

COUNTING = STAGES[0]
WAITING = waiting("one", "heads", "ones")


def waiting_records(chance: Random, count: int) -> list[Record]:
    """Make bookings, attendances and clocks, in any order, with clocks that only go on."""
    records, minute = list[Record](), 0
    for offset in range(count):
        key = f"key-{chance.randrange(8)}"
        match chance.randrange(4):
            case 0:
                minute += chance.randrange(5)
                records.append(tick(offset, minute))
            case 1:
                records.append(fact(offset, booking(key, ATTENDED)))
            case _:
                records.append(fact(offset, booking(key, BOOKED, chance.randrange(60))))
    return records


def in_batches(chance: Random, records: list[Record]) -> list[list[Record]]:
    batches, at = list[list[Record]](), 0
    while at < len(records):
        size = chance.randint(1, 9)
        batches.append(records[at : at + size])
        at += size
    return batches or [[]]


@settings(deadline=None)
@given(seed=st.integers(0, 100_000), count=st.integers(0, 60), chunk=st.integers(1, 4))
def test_a_batch_gives_the_same_as_its_records_one_at_a_time(
    seed: int, count: int, chunk: int
) -> None:
    chance = Random(seed)
    records = waiting_records(chance, count)
    single, split, whole = (
        Partition(plan_of(WAITING, due_chunk=n)) for n in (1_000, chunk, 1_000)
    )

    single.fold_all([[record] for record in records] or [[]])
    split.fold_all(in_batches(chance, records))
    whole.fold_all([records])

    assert single.whole == split.whole == whole.whole


@settings(deadline=None)
@given(seed=st.integers(0, 100_000), count=st.integers(1, 40))
def test_records_that_come_again_change_nothing(seed: int, count: int) -> None:
    chance = Random(seed)
    records = waiting_records(chance, count)
    once, often = (Partition(plan_of(WAITING)) for _ in range(2))

    once.fold_all([records])
    for batch in in_batches(chance, records):
        again = records[: records.index(batch[-1]) + 1][-chance.randint(1, count) :]
        often.fold(batch)
        often.fold(again)

    assert once.whole == often.whole


@settings(deadline=None)
@given(seed=st.integers(0, 100_000), count=st.integers(1, 40))
def test_a_log_with_repeats_and_records_out_of_order_counts_each_once(
    seed: int, count: int
) -> None:
    chance, log = Random(seed), list[int]()
    rest = list(range(count))
    while rest:
        lost = next((n for n in rest if chance.random() < 0.2), None)
        log += [n for n in rest[: rest.index(lost) + 4] if n != lost] if lost is not None else rest
        rest = [] if lost is None else rest[rest.index(lost) :]
    stage = counting("two", "ones", "twos")
    partition = Partition(plan_of(stage))
    records = [
        Record(
            "ones",
            0,
            at,
            0,
            r.key,
            r.value,
            {**r.headers, "src": b"one/1.1/0", "seq": str(number).encode()},
        )
        for at, number in enumerate(log)
        for r in [fact(at, thing(number), topic="ones")]
    ]

    partition.fold_all(in_batches(chance, records))

    assert sum(kept.state.count for kept in partition.states.values()) == count
    assert len([said for said in partition.said if said[3] is not None]) == count
    assert not partition.folds[-1].gaps


def test_a_deadline_is_judged_when_the_clock_has_passed_it_and_not_before() -> None:
    partition = Partition(plan_of(WAITING))
    partition.fold([fact(0, booking("a", BOOKED, 10)), tick(1, 9.9)])

    assert partition.states["a"].state.absences == 0

    partition.fold([tick(2, 10)])

    assert partition.states["a"].state.absences == 1
    assert partition.progress.judged == minutes(10)


def test_a_deadline_waits_for_every_source() -> None:
    stage = waiting("two", "ones", "twos")
    partition = Partition(plan_of(stage), Progress(0, WORLD))
    partition.plan = plan_of(stage)

    partition.fold([fact(0, booking("a", BOOKED, 1), topic="ones", source="one/1.1/0")])
    partition.fold([tick(1, 50, topic="ones")])

    assert partition.progress.judged == BEFORE_TIME
    assert partition.states["a"].state == Booking(until=minutes(1))


def test_due_times_are_judged_in_their_order_and_in_chunks() -> None:
    partition = Partition(plan_of(WAITING, due_chunk=2))
    partition.fold([fact(n, booking(f"k{n}", BOOKED, 9 - n)) for n in range(7)])

    folded = partition.fold([tick(7, 20), fact(8, booking("late", BOOKED, 30))])

    assert (folded.taken, folded.more) == (1, True)

    partition.fold_all([[fact(8, booking("late", BOOKED, 30))]])

    keys = [said[3] for said in partition.said if said[3] is not None]
    assert keys == [f"k{n}".encode() for n in (6, 5, 4, 3, 2, 1, 0)]
    assert partition.said[-1][3] is None, "the clock goes on after all that was due by it"


def test_a_hole_is_not_passed_over() -> None:
    partition = Partition(plan_of(COUNTING))

    folded = partition.fold([fact(0, thing(1)), fact(2, thing(2))])

    assert (folded.taken, folded.stop) == (1, Hole("heads", 2, 1))


def test_a_bug_stops_before_its_record_and_keeps_what_came_before() -> None:
    partition = Partition(plan_of(COUNTING))

    folded = partition.fold(
        [fact(0, thing(1)), fact(1, thing(2, padding="bug")), fact(2, thing(3))]
    )

    assert folded.taken == 1
    assert isinstance(folded.stop, Stuck)
    assert folded.stop.code.startswith("ZeroDivisionError at counting.py:")
    assert folded.after.positions == {"heads": 1}


def test_a_source_of_rubbish_is_suspended_after_its_last_letter() -> None:
    limit = Limit(window=10, share=0.5, least=4)
    partition = Partition(plan_of(COUNTING, limit=limit))
    rubbish = [fact(n, thing(n, padding="unreadable")) for n in range(8)]

    folded = partition.fold(rubbish)

    assert (folded.taken, folded.stop) == (4, Suspended("heads", "test:feed"))
    assert folded.dead == {"padding-unreadable": 4}


@pytest.mark.parametrize(("bad", "suspended"), [(5, False), (6, True)])
def test_half_of_a_source_may_be_rubbish(bad: int, suspended: bool) -> None:
    limit = Limit(window=10, share=0.5, least=10)
    partition = Partition(plan_of(COUNTING, limit=limit))
    mixed = [fact(n, thing(n, padding="unreadable" if n < bad else "")) for n in range(10)]

    folded = partition.fold(mixed)

    assert isinstance(folded.stop, Suspended) is suspended
