"""A topic's name stands in topics.yaml and in the declaration of a stage, and nowhere else."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

from kinbridge_schemas.topics import load_topics
from tests.architecture.sources import ROOT, Source, product

if TYPE_CHECKING:
    from collections.abc import Iterator

# Names that are also plain words of the language are looked for only where a topic is meant.
PLAIN_WORDS: Final = frozenset({"alerts", "responses", "attempts", "deliveries", "dispatches"})
TOPIC_ARGUMENTS: Final = frozenset({"topic", "topics", "reads", "writes"})


def declares(source: Source) -> bool:
    return source.path.endswith("/stage.py")


def topic_literals(source: Source, names: frozenset[str]) -> Iterator[str]:
    """Give the places where a literal is a topic's name."""
    for node in source.nodes:
        match node:
            case ast.Constant(value=str() as text) if text in names - PLAIN_WORDS:
                yield f"{source.at(node)} {text}"
            case ast.keyword(arg=str() as argument, value=ast.Constant(value=str() as text)) if (
                argument in TOPIC_ARGUMENTS and text in PLAIN_WORDS & names
            ):
                yield f"{source.at(node.value)} {text}"


def test_no_topic_is_named_outside_a_declaration() -> None:
    names = frozenset(topic.name for topic in load_topics(ROOT / "topics.yaml").topics)

    found = [
        place
        for source in product()
        if source.path.startswith("services/") and not declares(source)
        for place in topic_literals(source, names)
    ]

    assert found == []


def test_a_name_in_the_wrong_place_is_found() -> None:
    names = frozenset({"child-events", "alerts"})
    spoilt = Source("services/kinbridge/x.py", "send('child-events')\nsend(topic='alerts')\n")
    fine = Source("services/kinbridge/x.py", "count(alerts='alerts')\nprint('alerts')\n")

    assert [p.partition(" ")[2] for p in topic_literals(spoilt, names)] == [
        "child-events",
        "alerts",
    ]
    assert list(topic_literals(fine, names)) == []
