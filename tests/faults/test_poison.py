"""What cannot be read ends in the dead letters, exactly; a fault of ours stops one partition."""

from __future__ import annotations

import json
from functools import partial

import pytest
from confluent_kafka import Message

from kinbridge.runtime.partitioner import partition_of
from kinbridge_schemas.deadletters import DeadLetter
from kinbridge_schemas.envelope import to_headers
from tests.faults.conftest import Make
from tests.faults.judge import judge
from tests.faults.rig import Rig, headers_of
from tests.faults.stores import open_of
from tests.services.runtime.counting import codec, envelope_of, thing

pytestmark = [pytest.mark.faults, pytest.mark.integration]


def letters(rig: Rig) -> list[DeadLetter]:
    """Read the dead letters; one that was sent twice, after a rebalance, counts once."""
    read = [DeadLetter.model_validate_json(m.value() or b"") for m in rig.records("dead-letters")]
    by_id = {letter.id: letter for letter in read}
    assert all(by_id[letter.id] == letter for letter in read)
    return list(by_id.values())


def test_poison_is_buried_with_its_bytes_and_the_rest_goes_on(make: Make) -> None:  # T6
    rig, good = make(), thing(1)
    rig.start_all(2)
    rig.feed(range(500))
    producer, headers, value = rig.producer(), to_headers(envelope_of(good)), codec().encode(good)
    shapeless = json.dumps({"id": good.id}).encode()
    poison: dict[str, tuple[str | bytes | None, bytes | None, list[tuple[str, bytes]]]] = {
        "json-invalid": (good.key, b"{bad", headers),
        "contract-broken": (good.key, shapeless, headers),
        "value-missing": (good.key, None, headers),
        "key-missing": (None, value, headers),
        "key-invalid": (b"\xff\xfe", value, headers),
        "envelope-header-missing": (good.key, value, []),
    }
    for key, body, around in poison.values():
        producer.produce(rig.topic("heads"), key=key, value=body, headers=[*around])
    producer.produce(rig.topic("heads"), key=good.key, value=b"x" * 900_000, headers=[*headers])
    rig.put(producer, thing(1, padding="unreadable"))
    rig.put(producer, thing(501, padding="swell"))
    producer.flush()
    rig.feed(range(502, 1_000))
    rig.until_done()

    found = letters(rig)

    wanted = [*poison, "json-invalid", "padding-unreadable", "output-oversize"]
    assert sorted(letter.reason for letter in found) == sorted(wanted)
    kept = {letter.reason: letter.content for letter in found if letter.path != "content-left-out"}
    assert (kept["json-invalid"], kept["contract-broken"]) == (b"{bad", shapeless)
    judge(rig, by_one_only=[501])


def test_a_bug_stops_its_partition_before_the_record_until_somebody_skips_it(
    make: Make,
) -> None:
    rig = make(look_again=1.0)
    rig.start_all(1)
    bad = thing(7, padding="bug")
    partition = partition_of(bad.key.encode(), rig.partitions)
    producer = rig.producer()
    rig.put(producer, bad)
    producer.flush()

    others = [n for n in range(600) if partition_of(thing(n).key.encode(), 6) != partition]
    rig.feed(others)
    rig.until_done()
    stopped = [n for n in range(600) if n not in set(others)]
    rig.feed(stopped)

    assert "partition.stuck" in rig.log("one")
    assert bad.key not in rig.log("one")
    assert len({headers_of(m)["ce_id"] for m in rig.records("threes")}) == len(others)

    store = open_of(rig, "one")
    store.skip(rig.topic("heads"), partition, 0, who="A. Tester", reason="division by nought")
    store.close()
    rig.until_done()

    assert [(letter.reason, letter.content) for letter in letters(rig)] == [
        ("skipped", codec().encode(bad))
    ]
    judge(rig)


def placed_at(placed: dict[int, int], number: int, _error: object, message: Message) -> None:
    placed[number] = message.partition() or 0


def test_a_producer_with_another_partitioner_is_found_out_and_not_counted(
    make: Make,
) -> None:  # T10
    rig = make(share=1.0)
    rig.start_all(2)
    producer = rig.producer(partitioner="consistent_random")
    placed: dict[int, int] = {}

    for number in range(600):
        body = thing(number)
        producer.produce(
            rig.topic("heads"),
            key=body.key,
            value=codec().encode(body),
            headers=[*to_headers(envelope_of(body))],
            on_delivery=partial(placed_at, placed, number),
        )
    producer.flush()
    rig.numbers += [
        n for n, at in placed.items() if partition_of(thing(n).key.encode(), rig.partitions) == at
    ]
    rig.until_done()

    found = letters(rig)
    assert {letter.reason for letter in found} == {"misrouted"}
    assert len(found) == 600 - len(rig.numbers) > 300
    judge(rig)


def test_a_source_that_sends_mostly_rubbish_is_suspended(make: Make) -> None:
    rig = make()
    rig.start("one")
    producer = rig.producer()
    for number in range(400):
        rig.put(producer, thing(number, keys=1, padding="unreadable"))
    producer.flush()

    rig.wait(lambda: "source.suspended" in rig.log("one"))

    assert 50 <= len(letters(rig)) < 400
