"""Compare topics.yaml with the stages of the line, in both directions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from kinbridge.stage import Stage
    from kinbridge_schemas.topics import Topics

OUTSIDE: Final = frozenset({"intake", "subscriptions", "partners", "case-systems", "operations"})
"""Parties of topics.yaml that are no stages: intake with its part, and who is not ours."""

DEAD_LETTERS: Final = "DeadLetter/v1"
"""The contract of the topic that the engine writes to for every stage, undeclared."""


def differences(topics: Topics, stages: Iterable[Stage[Any]]) -> list[str]:
    """Say where a stage and topics.yaml disagree about who reads and who writes."""
    stages = list(stages)
    return [
        *_parties(topics, {stage.name for stage in stages}),
        *(text for stage in stages for text in _ends(topics, stage)),
    ]


def _parties(topics: Topics, names: set[str]) -> Iterator[str]:
    parties = {party for topic in topics.topics for party in (*topic.from_, *topic.to)}
    yield from (f"{party} is in topics.yaml and no stage" for party in parties - names - OUTSIDE)
    yield from (f"{name} is a stage and not in topics.yaml" for name in names - parties)


def _ends(topics: Topics, stage: Stage[Any]) -> Iterator[str]:
    undeclared = {topic.name for topic in topics.topics if topic.schema_ == DEAD_LETTERS}
    told_to_read = {topic.name for topic in topics.read_by(stage.name)}
    told_to_write = {topic.name for topic in topics.written_by(stage.name)}
    reads, writes = set(stage.reads), set(stage.writes) | undeclared
    for verb, declared, told in (
        ("reads", reads, told_to_read),
        ("writes", writes, told_to_write),
    ):
        for name in sorted(declared - told):
            yield f"{stage.name} {verb} {name}, and topics.yaml does not say so"
        for name in sorted(told - declared):
            yield f"topics.yaml says that {stage.name} {verb} {name}, and it does not"
