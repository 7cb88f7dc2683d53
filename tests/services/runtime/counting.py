"""Three chained stages that count, and one that waits: simple enough to be judged from outside.

Each stage has one output for each input. An output says how many its key had before, so that
an output decided twice from different states would be seen.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import ClassVar, Final

from kinbridge.stage import At, Decision, Message, Output, Stage
from kinbridge_schemas.base import Contract, Value, derive_id
from kinbridge_schemas.codec import Codec
from kinbridge_schemas.deadletters import DeadLetter
from kinbridge_schemas.envelope import Envelope
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.topics import Topics, parse_topics

GROUPS: Final = 23
START: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)

TOPICS_TEXT: Final = """
version: 1
defaults:
  {replication: 1, retention: 1d, max_bytes: 20000, audience: line, partitions: 6,
   classification: pseudonymous}
topics:
  heads: {holds: In, schema: Thing/v1, key: key, from: [intake], to: [one], clocked: true}
  ones: {holds: One, schema: Thing/v1, key: key, from: [one], to: [two], clocked: true}
  twos: {holds: Two, schema: Thing/v1, key: key, from: [two], to: [three], clocked: true}
  tries: {holds: Tried, schema: Thing/v1, key: key, from: [one], to: [one]}
  threes: {holds: Three, schema: Thing/v1, key: key, from: [three], to: [operations]}
  dead-letters:
    {holds: Dead, schema: DeadLetter/v1, key: record, from: [one, two, three], to: [operations],
     max_bytes: 900000}
"""
TOPIC_NAMES: Final = ("heads", "ones", "twos", "tries", "threes", "dead-letters")


class Thing(Contract):
    """What travels: which input it stems from, and how many its key had before it."""

    contract: ClassVar[str] = "Thing/v1"

    key: str
    origin: str
    number: int
    before: int = 0
    padding: str = ""


class Count(Value):
    """How many things a key had, and the sum of their fingerprints, whatever their order."""

    count: int = 0
    fingerprint: int = 0
    silent_since: datetime | None = None


def fingerprint(origin: str) -> int:
    return int.from_bytes(hashlib.blake2b(origin.encode(), digest_size=7).digest(), "big")


def next_key(number: int, stage: str) -> str:
    return f"{stage}-{number * 7919 % GROUPS}"


def counting(name: str, reads: str, writes: str, version: int = 1) -> Stage[Count]:
    """Make a stage that counts what it reads by key, and says each thing on under another."""

    def decide(state: Count, message: Message, _at: At, /) -> Decision[Count]:
        thing = message.body
        if not isinstance(thing, Thing):
            raise UnreadableError("not-a-thing", "contract")
        if thing.padding == "unreadable":
            raise UnreadableError("padding-unreadable", "padding")
        if thing.padding == "bug":
            raise ZeroDivisionError(thing.origin)
        counted = Count(
            count=state.count + 1,
            fingerprint=(state.fingerprint + fingerprint(thing.origin)) % 2**53,
        )
        said = thing.model_copy(
            update={
                "id": derive_id(name, thing.origin),
                "key": next_key(thing.number, name),
                "before": state.count,
                "padding": "x" * 30_000 if thing.padding == "swell" else "",
            }
        )
        return Decision("counted", counted, (Output(writes, said.key, said),))

    return Stage(
        name=name,
        reads=(reads,),
        writes=(writes,),
        state=Count,
        fresh=Count,
        decide=decide,
        version=version,
    )


def stages(tag: str = "", version: int = 1) -> tuple[Stage[Count], ...]:
    """Make the three stages. With a tag of their own, lines can stand beside each other."""
    return (
        counting("one", f"heads{tag}", f"ones{tag}", version),
        counting("two", f"ones{tag}", f"twos{tag}", version),
        counting("three", f"twos{tag}", f"threes{tag}", version),
    )


STAGES: Final = stages()


@cache
def topics(partitions: int = 6, tag: str = "") -> Topics:
    text = TOPICS_TEXT
    for name in TOPIC_NAMES:
        text = text.replace(f"  {name}:", f"  {name}{tag}:")
    return parse_topics(text).with_partitions(partitions)


def codec() -> Codec:
    return Codec((Thing, DeadLetter))


def thing(number: int, keys: int = 50, padding: str = "") -> Thing:
    origin = f"n{number}"
    return Thing(
        id=derive_id("thing", origin),
        key=f"key-{number % keys}",
        origin=origin,
        number=number,
        padding=padding,
    )


def envelope_of(body: Contract, recorded: datetime = START) -> Envelope:
    return Envelope(
        id=body.id, type=body.contract, source="test:feed", recorded=recorded, correlation=body.id
    )


def minutes(count: float) -> datetime:
    return START + timedelta(minutes=count)
