"""One stage of the job on Kinbridge's engine: `python -m … STAGE PREFIX BROKER STORE`."""

from __future__ import annotations

import sys
from typing import ClassVar, Final

import structlog

from benchmarks.chain.job import FRESH, STAGES, counted, next_key, topics
from kinbridge.runtime.worker import run_stage
from kinbridge.stage import At, Decision, Message, Output, Stage
from kinbridge_schemas.base import Contract, Value, derive_id
from kinbridge_schemas.codec import Codec
from kinbridge_schemas.deadletters import DeadLetter
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.topics import Topics, parse_topics

DEFAULTS: Final = """
version: 1
defaults: {replication: 1, retention: 1d, max_bytes: 20000, audience: line, partitions: 6,
  classification: operational}
topics:
"""


class Tally(Contract):
    """What travels: which input it stems from, and what its key had before it."""

    contract: ClassVar[str] = "Tally/v1"

    key: str
    origin: str
    number: int
    before: int
    fingerprint: int


class Count(Value):
    """What a key has had."""

    count: int = FRESH["count"]
    fingerprint: int = FRESH["fingerprint"]


def counting(stage: str, reads: str, writes: str) -> Stage[Count]:
    """Declare one stage of the job."""

    def decide(state: Count, message: Message, _at: At, /) -> Decision[Count]:
        tally = message.body
        if not isinstance(tally, Tally):
            raise UnreadableError("not-a-tally", "contract")
        after = counted({"count": state.count, "fingerprint": state.fingerprint}, tally.origin)
        said = Tally(
            id=derive_id(stage, tally.origin),
            key=next_key(tally.number, stage),
            origin=tally.origin,
            number=tally.number,
            before=state.count,
            fingerprint=state.fingerprint,
        )
        return Decision("counted", Count(**after), (Output(writes, said.key, said),))

    return Stage(stage, (reads,), (writes,), Count, Count, decide)


def topics_of(prefix: str) -> Topics:
    """Give the topics of a run, as a topics.yaml would say them."""
    names = topics(prefix)
    readers = (*STAGES, "operations")
    lines = [
        f"  {name}: {{holds: tallies, schema: Tally/v1, key: key, from: [{source}], to: [{to}]}}"
        for name, source, to in zip(names, ("intake", *STAGES), readers, strict=True)
    ]
    lines.append(
        f"  {prefix}.dead-letters: {{holds: refused, schema: DeadLetter/v1, key: record, "
        f"from: [{', '.join(STAGES)}], to: [operations]}}"
    )
    return parse_topics(DEFAULTS + "\n".join(lines))


def main(stage: str, prefix: str, broker: str, store: str) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    names = topics(prefix)
    place = STAGES.index(stage)
    run_stage(
        counting(stage, names[place], names[place + 1]),
        topics=topics_of(prefix),
        codec=Codec((Tally, DeadLetter)),
        store_url=store,
        kafka={"bootstrap.servers": broker},
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
