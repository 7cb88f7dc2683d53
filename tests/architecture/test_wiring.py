"""topics.yaml and the stages agree about who reads and who writes, in both directions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from kinbridge.stage import At, Decision, Message, Stage
from kinbridge_schemas.base import Value
from kinbridge_schemas.topics import Topics, parse_topics
from tests.architecture.wiring import differences

if TYPE_CHECKING:
    from collections.abc import Callable

TOPICS = """
version: 1
defaults: {partitions: 2, replication: 1, retention: 7d, max_bytes: 1000, audience: line,
           classification: pseudonymous, key: id}
topics:
  facts: {holds: Facts, schema: Fact/v1, from: [intake], to: [counting]}
  counts: {holds: Counts, schema: Count/v1, from: [counting], to: [operations]}
  unread: {holds: Unread, schema: DeadLetter/v1, from: [counting], to: [operations]}
"""


class Nothing(Value):
    """A state that holds nothing."""


def decide(state: Nothing, _message: Message, _at: At, /) -> Decision[Nothing]:
    return Decision("counted", state)


@pytest.fixture
def topics() -> Topics:
    return parse_topics(TOPICS)


def counting() -> Stage[Nothing]:
    return Stage(
        name="counting",
        reads=("facts",),
        writes=("counts",),
        state=Nothing,
        fresh=Nothing,
        decide=decide,
    )


def test_a_line_as_topics_yaml_says_has_no_differences(topics: Topics) -> None:
    assert differences(topics, [counting()]) == []


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        pytest.param(
            lambda stage: replace(stage, reads=()),
            "topics.yaml says that counting reads facts, and it does not",
            id="reads too little",
        ),
        pytest.param(
            lambda stage: replace(stage, reads=("facts", "counts")),
            "counting reads counts, and topics.yaml does not say so",
            id="reads too much",
        ),
        pytest.param(
            lambda stage: replace(stage, writes=()),
            "topics.yaml says that counting writes counts, and it does not",
            id="writes too little",
        ),
        pytest.param(
            lambda stage: replace(stage, writes=("counts", "facts")),
            "counting writes facts, and topics.yaml does not say so",
            id="writes too much",
        ),
    ],
)
def test_a_stage_that_differs_is_named(
    topics: Topics, spoil: Callable[[Stage[Nothing]], Stage[Nothing]], said: str
) -> None:
    assert differences(topics, [spoil(counting())]) == [said]


def test_a_stage_that_is_not_there_or_not_known_is_named(topics: Topics) -> None:
    found = differences(topics, [replace(counting(), name="adding", reads=(), writes=())])

    assert "counting is in topics.yaml and no stage" in found
    assert "adding is a stage and not in topics.yaml" in found
