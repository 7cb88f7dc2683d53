"""What is fixed about a stage while it runs, checked once before it starts. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from kinbridge.runtime.clock import Source, clock_sources, clocks_go_to
from kinbridge.runtime.limit import Limit
from kinbridge.stage import Stage
from kinbridge_schemas.base import Value
from kinbridge_schemas.codec import Codec
from kinbridge_schemas.deadletters import DeadLetter
from kinbridge_schemas.topics import Topic, Topics

S = TypeVar("S", bound=Value)


class PlanError(Exception):
    """A stage's declaration and topics.yaml do not agree. The text says where."""


@dataclass(frozen=True, slots=True)
class Plan(Generic[S]):
    """A stage with all that its turns need to know.

    `sources` are the clocks it waits for, `clock_topics` where it forwards its own, and
    `from_outside` the topics it reads whose records the line has not written. At most
    `due_chunk` due times are evaluated in one turn of one partition.
    """

    stage: Stage[S]
    topics: Topics
    codec: Codec
    limit: Limit
    due_chunk: int
    sources: frozenset[Source]
    clock_topics: tuple[Topic, ...]
    dead_letters: Topic
    from_outside: frozenset[str]

    def may_write(self, topic: str) -> bool:
        return topic in self.stage.writes


def make_plan(
    stage: Stage[S],
    topics: Topics,
    codec: Codec,
    *,
    limit: Limit | None = None,
    due_chunk: int = 200,
) -> Plan[S]:
    """Check a declaration against topics.yaml. Raises PlanError."""
    _check_names(stage, topics)
    _check_reads(stage, topics)
    forwarded = clocks_go_to(stage.name, stage.writes, topics)
    if templates := [t.name for t in forwarded if t.parameters]:
        raise PlanError(f"{templates}: a template of topics cannot carry clocks.")
    return Plan(
        stage=stage,
        topics=topics,
        codec=codec,
        limit=limit or Limit(),
        due_chunk=due_chunk,
        sources=clock_sources(stage.name, stage.reads, topics),
        clock_topics=forwarded,
        dead_letters=_dead_letters(topics),
        from_outside=frozenset(
            name
            for name in stage.reads
            if any(not topics.read_by(party) for party in topics[name].from_)
        ),
    )


def _check_names(stage: Stage[S], topics: Topics) -> None:
    reads = {t.name for t in topics.read_by(stage.name)}
    writes = {t.name for t in topics.written_by(stage.name)}
    for names, known, verb in ((stage.reads, reads, "reads"), (stage.writes, writes, "writes")):
        if unknown := set(names) - known:
            raise PlanError(f"{stage.name} {verb} {unknown}, and topics.yaml does not say so.")


def _check_reads(stage: Stage[S], topics: Topics) -> None:
    for name in stage.reads:
        topic = topics[name]
        if topic.parameters:
            raise PlanError(f"{stage.name} reads {name}: a stage cannot read a template.")
        if topic.partitions != topics.line_partitions:
            raise PlanError(
                f"{name} has {topic.partitions} partitions, the line {topics.line_partitions}."
            )


def _dead_letters(topics: Topics) -> Topic:
    found = [t for t in topics.topics if t.schema_ == DeadLetter.contract]
    if len(found) != 1:
        raise PlanError(f"topics.yaml needs one topic of {DeadLetter.contract}.")
    return found[0]
