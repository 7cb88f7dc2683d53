"""Nothing is lost, counted twice or said otherwise twice, whatever is killed, frozen or refused.

Each test has three chained stages on a real Kafka, two workers each, and the judge of `rig`.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from tests.faults.conftest import Make
from tests.faults.judge import judge
from tests.faults.rig import NAMES, Rig, headers_of
from tests.faults.stores import open_of
from tests.faults.storm import run
from tests.integration.kafka import Broker
from tests.integration.postgres import Postgres

pytestmark = [pytest.mark.faults, pytest.mark.integration]

STORES = [pytest.param(False, id="PostgreSQL"), pytest.param(True, id="SQLite")]


def at_each_share(rig: Rig, count: int, strikes: list[Callable[[], object]]) -> None:
    """Feed `count` things, and strike once at each equal share of them."""
    share = count // (len(strikes) + 1)
    for index, strike in enumerate(strikes):
        rig.feed(range(index * share, (index + 1) * share), meanwhile=rig.tend, a_second=800)
        strike()
    rig.feed(range(len(strikes) * share, count), meanwhile=rig.tend, a_second=800)


def test_workers_join_leave_and_join_again(make: Make) -> None:  # T1
    rig = make()
    rig.start_all(1)

    def join() -> None:
        for name in NAMES:
            rig.start(name)

    def leave() -> None:
        for hand in rig.hands[:3]:
            rig.stop(hand)
            rig.hands.remove(hand)

    at_each_share(rig, 8_000, [join, leave, join, leave, join])
    rig.until_done(meanwhile=rig.tend)

    judge(rig)


@pytest.mark.parametrize("sqlite", STORES)
def test_workers_are_killed(make: Make, sqlite: bool) -> None:  # T2
    rig, chance = make(sqlite=sqlite, commit=5.0), Random(2)
    rig.start_all(2)

    def kill() -> None:
        rig.kill(chance.choice(rig.hands))

    at_each_share(rig, 6_000, [kill] * 5)
    rig.until_done(meanwhile=rig.tend)

    judge(rig)


def test_the_broker_is_killed_twice(make: Make, kafka: Broker) -> None:  # T3
    rig = make()
    rig.start_all(2)

    def bounce() -> None:
        kafka.kill()
        kafka.start()

    at_each_share(rig, 6_000, [bounce, bounce])
    rig.until_done(meanwhile=rig.tend)

    judge(rig)


def test_a_frozen_worker_comes_back_as_a_zombie(make: Make) -> None:  # T4
    rig = make()
    rig.start_all(2)
    rig.feed(range(1_000), meanwhile=rig.tend, a_second=800)
    frozen = [next(hand for hand in rig.hands if hand.stage == name) for name in NAMES]

    for hand in frozen:
        rig.freeze(hand)
    # Longer than the session time-out: the others have taken over when they come back.
    rig.feed(range(1_000, 7_000), a_second=600)
    for hand in frozen:
        rig.thaw(hand)
    rig.feed(range(7_000, 8_000), meanwhile=rig.tend, a_second=800)
    rig.until_done(meanwhile=rig.tend)

    judge(rig)


def test_a_lost_send_leaves_no_gap(make: Make) -> None:  # T15
    rig = make(lost_sends=0.5)
    rig.start_all(2)

    rig.feed(range(4_000), meanwhile=rig.tend, a_second=800)
    rig.until_done(meanwhile=rig.tend)

    repeats = judge(rig)
    assert all(repeats.values()), "the fault did not happen"


def test_a_lost_commit_says_nothing(make: Make) -> None:
    rig = make(lost_commits=0.3)
    rig.start_all(2)

    rig.feed(range(4_000), meanwhile=rig.tend, a_second=800)
    rig.until_done(meanwhile=rig.tend)

    judge(rig)
    assert "turn.lost" in rig.log("one")


def test_what_was_committed_and_not_sent_is_sent_as_it_was_decided(make: Make) -> None:
    rig = make()
    rig.start("one", kill_after_commit=1)
    rig.feed(range(600), a_second=600)
    [hand] = rig.hands
    hand.process.wait(60)
    store = open_of(rig, "one")
    unsent = store.unsent(range(rig.partitions))
    store.close()
    hand.asked.clear()

    rig.restart(hand)
    for name in ("two", "three"):
        rig.start(name)
    rig.until_done()

    sent = [(m.partition(), m.key(), m.value(), headers_of(m)) for m in rig.records("ones")]
    assert unsent
    assert all((o.destination, o.key, o.value, dict(o.headers)) in sent for o in unsent)
    judge(rig)


@pytest.mark.parametrize("sqlite", STORES)
@pytest.mark.parametrize("seed", [14])
def test_a_storm(make: Make, kafka: Broker, sqlite: bool, seed: int) -> None:  # T14
    rig = make(sqlite=sqlite, lost_sends=0.02, seed=seed)

    storm = run(rig, kafka, seed=seed, duration=30, a_second=300)

    judge(rig)
    assert storm.seen


def test_the_database_is_restarted(make: Make, postgres: Postgres) -> None:
    rig = make()
    rig.start_all(2)

    at_each_share(rig, 4_000, [postgres.restart, postgres.restart])
    rig.until_done(meanwhile=rig.tend)

    judge(rig)
